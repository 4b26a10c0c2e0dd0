// SPDX-License-Identifier: Apache-2.0
//
// A peer and its scripted viewer on the fake clock: delivers datagrams, carries out actions and
// counts them. For cmocka programs: include it in one source, after <cmocka.h>.
#pragma once

#include <string.h>

#include "tests/support/fake_clock.h"
#include "tests/support/viewer.h"
#include "webrtc/peer.h"

static const int64_t second = 1000000000;
static const struct dtls_client_config ordinary = {0};

static struct wrtc_dtls_context *ctx;
static struct viewer viewer;
static struct wrtc_action action; // the last one that was not SEND

// What came out since the last look.
static struct {
    unsigned sends, connects, moves, closes;
    uint16_t last_port; // of a SEND
    unsigned last_worker;
    int last_stun; // code of the last STUN reply
} seen;

static inline int bench_group_setup(void **state)
{
    (void)state;
    return wrtc_dtls_context_create(&wrtc_srtp_profiles_all, &ctx);
}

static inline int bench_group_teardown(void **state)
{
    (void)state;
    wrtc_dtls_context_destroy(ctx);
    return 0;
}

static inline int bench_setup(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    return viewer_init(&viewer, ctx, &ordinary, NULL, fake_now_ns);
}

static inline int bench_teardown(void **state)
{
    (void)state;
    viewer_fini(&viewer);
    return 0;
}

static inline void take_send(const struct wrtc_action *send)
{
    seen.sends++;
    seen.last_port = eng_addr_port(&send->tuple.remote);
    seen.last_worker = send->worker;
    if (wrtc_datagram_classify(send->data, send->len) == WRTC_STUN)
        seen.last_stun = stun_error_code(send->data, send->len);
    else
        dtls_client_receive(&viewer.dtls, send->data, send->len);
}

static inline void take_actions(void)
{
    struct wrtc_action next;
    while (wrtc_peer_next(viewer.peer, &next)) {
        assert_int_equal(seen.closes, 0); // nothing follows CLOSED
        if (next.type == WRTC_ACTION_SEND) {
            take_send(&next);
            continue;
        }
        seen.connects += next.type == WRTC_ACTION_CONNECTED;
        seen.moves += next.type == WRTC_ACTION_MOVED;
        seen.closes += next.type == WRTC_ACTION_CLOSED;
        action = next;
    }
}

static inline void deliver(const void *data, size_t len, uint16_t port)
{
    struct eng_tuple tuple = test_tuple(port);
    wrtc_peer_receive(viewer.peer, &tuple, port % 4u, data, len, fake_now_ns);
    take_actions();
}

static inline void check(uint16_t port, bool nominate)
{
    struct stun_text text;
    seen.last_stun = -1;
    viewer_check(&text, nominate);
    deliver(text.data, text.len, port);
    assert_int_equal(seen.last_stun, 0);
    assert_int_equal(seen.last_port, port);
}

static inline void carry(uint16_t port)
{
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    while (wrtc_dgram_next(&viewer.dtls.link, data, &len))
        deliver(data, len, port);
}

static inline void shake(uint16_t port)
{
    dtls_client_receive(&viewer.dtls, NULL, 0);
    carry(port);
}

static inline struct wrtc_peer_stats stats(void)
{
    struct wrtc_peer_stats out;
    wrtc_peer_read_stats(viewer.peer, &out);
    return out;
}

static inline void expect_connected(uint16_t port)
{
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CONNECTED);
    assert_true(viewer.dtls.connected);
    assert_int_equal(seen.connects, 1);
    assert_int_equal(action.type, WRTC_ACTION_CONNECTED);
    assert_int_equal(eng_addr_port(&action.tuple.remote), port);
    assert_int_equal(action.worker, port % 4);
    struct eng_srtp_keying want = dtls_client_keying(&viewer.dtls);
    assert_memory_equal(&action.keying, &want, sizeof(want));
    assert_int_equal(want.profile, ENG_SRTP_AEAD_AES_128_GCM);
}

static inline void connect_at(uint16_t port)
{
    check(port, true);
    shake(port);
    expect_connected(port);
}
