// SPDX-License-Identifier: Apache-2.0
//
// How much the control thread takes of a made-up engine's events in one turn.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/clock.h"
#include "control/session.h"

enum {
    FIRST_OF_DTLS = 22,
    RECORD_LEN = 13,
};

// ---- what stands below ----

static struct eng_event waiting;
static unsigned left, received;

bool eng_engine_poll(struct eng_engine *engine, struct eng_event *out)
{
    (void)engine;
    if (left == 0)
        return false;
    left--;
    *out = waiting;
    return true;
}

int eng_engine_send(struct eng_engine *engine, unsigned worker, const struct eng_tuple *tuple,
                    const void *data, size_t len)
{
    (void)engine;
    (void)worker;
    (void)tuple;
    (void)data;
    (void)len;
    return 0;
}

int eng_viewer_deliver(struct eng_viewer *viewer, const struct eng_tuple *tuple,
                       const uint8_t *data, size_t len)
{
    (void)viewer;
    (void)tuple;
    (void)data;
    (void)len;
    return 0;
}

int eng_viewer_hold(struct eng_viewer *viewer, bool held)
{
    (void)viewer;
    (void)held;
    return 0;
}

void ctl_session_receive(struct ctl_session *session, const struct eng_event *event,
                         enum wrtc_datagram kind, int64_t now_ns)
{
    (void)session;
    (void)event;
    (void)now_ns;
    assert_int_equal(kind, WRTC_DTLS);
    received++;
}

void ctl_session_end(struct ctl_session *session, enum ctl_session_end how, const char *reason)
{
    (void)session;
    (void)how;
    (void)reason;
}

void ctl_session_free(struct ctl_session *session)
{
    (void)session;
}

// ---- turns ----

// A session at a 5-tuple from which so many DTLS datagrams have come; returns how many it was given
// in one turn.
static unsigned turn(enum ctl_session_state state, unsigned datagrams)
{
    static struct ctl_sessions all;
    struct ctl_session session = {.all = &all, .state = state};
    unsigned got;

    memset(&all, 0, sizeof(all));
    memset(&waiting, 0, sizeof(waiting));
    assert_int_equal(ctl_table_init(&all.by_tuple, 16, 1), 0);
    assert_int_equal(ctl_table_init(&all.by_ufrag, 16, 1), 0);
    waiting.type = ENG_EVENT_DATAGRAM;
    waiting.tuple.remote.in4.sin_family = AF_INET;
    waiting.tuple.local.in4.sin_family = AF_INET;
    waiting.data[0] = FIRST_OF_DTLS;
    waiting.len = RECORD_LEN;
    ctl_demux_learn(&session, &waiting.tuple);
    left = datagrams;
    received = 0;
    ctl_demux_poll(&all, ctl_now_ns());
    got = received;
    assert_int_equal(left, datagrams - got);
    ctl_demux_forget(&session);
    ctl_table_fini(&all.by_ufrag);
    ctl_table_fini(&all.by_tuple);
    return got;
}

static void a_rush_of_handshakes_ends_the_turn(void **state)
{
    (void)state;
    assert_int_equal(turn(CTL_SESSION_JOINING, 1), 1);
    assert_int_equal(turn(CTL_SESSION_JOINING, CTL_HANDSHAKES_PER_TURN), CTL_HANDSHAKES_PER_TURN);
    assert_int_equal(turn(CTL_SESSION_JOINING, 100), CTL_HANDSHAKES_PER_TURN);
}

// What comes for a session that has its keys is read by looking at it.
static void cheap_events_are_taken_together(void **state)
{
    (void)state;
    assert_int_equal(turn(CTL_SESSION_LIVE, 100), 100);
    assert_int_equal(turn(CTL_SESSION_LIVE, 1000), CTL_EVENTS_PER_TURN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rush_of_handshakes_ends_the_turn),
        cmocka_unit_test(cheap_events_are_taken_together),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
