// SPDX-License-Identifier: Apache-2.0
//
// io_uring with queues that are too short for what a turn brings: completions overflow, and the
// kernel keeps them until there is room. And calls that the kernel refuses. No send is lost, no
// datagram, none is handed to a wrong viewer, and all goes on afterwards.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <sys/eventfd.h>

#include "engine/worker.h"
#include "tests/support/fault_io.h"
#include "tests/support/media_viewer.h"

enum {
    FLOOD = 40, // datagrams of a stranger
    BUSY_ROUNDS = 30,
    ROUNDS = 200,         // frames, each in a turn of its own
    NEVER_SENT = 1 << 14, // packets beyond the newest: more than a viewer gets in a test
    TOO_SHORT = 1,        // the shortest queues that the kernel grants: every turn overflows
    // Enough for a turn, too short for a busy one: the kernel ends its look at a socket after 32
    // datagrams, and begins the next one when those are taken.
    SHORT = 16,
    BUSY_FRAMES = ENG_SENDS_MAX * 3 / 4, // of each viewer: more than there are buffers
};

static const uint8_t junk[3] = {0x7f};

// ---- in place of liburing ----

struct io_uring;
struct io_uring_cqe;
struct __kernel_timespec;

int io_uring_submit(struct io_uring *ring);
int io_uring_submit_and_get_events(struct io_uring *ring);
int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                     unsigned wait_nr, struct __kernel_timespec *ts,
                                     sigset_t *mask);

static struct {
    _Atomic int error;      // -errno that calls get; 0: none
    _Atomic unsigned every; // every so-manieth of them
    _Atomic bool late;      // after the kernel has done what it was asked
    _Atomic unsigned count, refused;
} refusal;

static bool refuses(bool late)
{
    if (atomic_load(&refusal.error) == 0 || atomic_load(&refusal.late) != late ||
        atomic_fetch_add(&refusal.count, 1) % atomic_load(&refusal.every) != 0)
        return false;
    atomic_fetch_add(&refusal.refused, 1);
    return true;
}

static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);

    assert_non_null(found);
    return found;
}

int io_uring_submit(struct io_uring *ring)
{
    static int (*next)(struct io_uring *);
    int result;

    if (refuses(false))
        return refusal.error;
    if (!next)
        *(void **)&next = real("io_uring_submit");
    result = next(ring);
    return refuses(true) ? refusal.error : result;
}

int io_uring_submit_and_get_events(struct io_uring *ring)
{
    static int (*next)(struct io_uring *);
    int result;

    if (refuses(false))
        return refusal.error;
    if (!next)
        *(void **)&next = real("io_uring_submit_and_get_events");
    result = next(ring);
    return refuses(true) ? refusal.error : result;
}

int io_uring_submit_and_wait_timeout(struct io_uring *ring, struct io_uring_cqe **cqe,
                                     unsigned wait_nr, struct __kernel_timespec *ts, sigset_t *mask)
{
    static int (*next)(struct io_uring *, struct io_uring_cqe **, unsigned,
                       struct __kernel_timespec *, sigset_t *);
    int result;

    if (refuses(false))
        return refusal.error;
    if (!next)
        *(void **)&next = real("io_uring_submit_and_wait_timeout");
    result = next(ring, cqe, wait_nr, ts, mask);
    return refuses(true) ? refusal.error : result;
}

// ---- the world ----

static struct {
    struct media_world media;
    struct media_viewer viewers[2];
    unsigned nacks[2]; // said by each
    uint64_t junk;     // sent
    int stranger;
} world;

static void start(unsigned ring_entries)
{
    struct eng_addr addr;

    memset(&world, 0, sizeof(world));
    fault_reset(&eng_io_uring);
    fault_script.ring_entries = ring_entries;
    media_start(&world.media, &fault_io);
    world.stranger = loopback_socket(&addr);
    for (unsigned i = 0; i < 2; i++)
        media_viewer_join(&world.media, &world.viewers[i], 0x1000 * (i + 1));
}

static void catch_up(void)
{
    for (int i = 0; i < 2; i++)
        assert_true(media_viewer_catch_up(&world.media, &world.viewers[i]));
}

static void play(unsigned frames)
{
    for (unsigned i = 0; i < frames; i++) {
        media_publish(&world.media);
        catch_up();
    }
}

// Of a packet that nobody has, nor will have however late this is read: it is not sent again, but
// counted.
static void nack(unsigned i)
{
    struct media_viewer *viewer = &world.viewers[i];
    uint8_t rtcp[16] = {0x81, 205, 0, 3, 0, 0, 0, 1};

    eng_put32(rtcp + 8, viewer->ssrc);
    eng_put16(rtcp + 12, (uint16_t)(viewer->seq + NEVER_SENT));
    media_viewer_say(viewer, rtcp, sizeof(rtcp));
    world.nacks[i]++;
}

// A turn with more to send, and more that has arrived, than SHORT queues have room for.
static void be_busy(void)
{
    const struct eng_addr *server = &world.viewers[0].tuple.local;

    fault_script.stop = true;
    media_publish(&world.media); // wakes it
    while (!fault_script.stopped)
        media_pause(1);
    for (int i = 0; i < FLOOD; i++)
        assert_int_equal(
            sendto(world.stranger, junk, sizeof(junk), 0, &server->sa, sizeof(server->in4)),
            sizeof(junk));
    world.junk += FLOOD;
    nack(0);
    nack(1);
    nack(1);
    for (int i = 0; i < BUSY_FRAMES; i++)
        media_publish(&world.media);
    fault_script.stop = false;
    catch_up();
}

static uint64_t counter(enum eng_counter id)
{
    return media_counter(&world.media, id);
}

// without_buffers: there may have been a time in which sends found no buffer.
static void finish(bool without_buffers)
{
    struct eng_worker *worker = eng_engine_worker(world.media.engine, 0);
    struct eng_viewer_stats stats;
    struct eng_event event;
    int gone = 0, buffers = 0;

    // All goes on as ever.
    fault_script.stop = false;
    play(2 * MEDIA_GOP);
    media_wait_counter(&world.media, ENG_COUNTER_DROP_JUNK, world.junk);
    assert_int_equal(counter(ENG_COUNTER_DROP_JUNK), world.junk);
    media_wait_counter(&world.media, ENG_COUNTER_NACKED, world.nacks[0] + world.nacks[1]);
    for (int i = 0; i < 2; i++) {
        eng_viewer_read_stats(world.viewers[i].viewer, &stats);
        assert_int_equal(stats.nacked, world.nacks[i]);
        assert_int_equal(stats.dropped, 0);
        assert_int_equal(world.viewers[i].jumps, 0);
        assert_int_equal(eng_viewer_remove(world.viewers[i].viewer), 0);
    }
    assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_AUTH), 0);
    assert_int_equal(counter(ENG_COUNTER_DROP_RTCP_FLOOD), 0);
    assert_true(without_buffers || counter(ENG_COUNTER_DROP_NO_BUFFER) == 0);
    eng_engine_stop(world.media.engine);
    // Whoever has no send under way is gone, and all sends are back.
    while (eng_engine_poll(world.media.engine, &event))
        gone += event.type == ENG_EVENT_VIEWER_GONE;
    assert_int_equal(gone, 2);
    for (const struct eng_send *send = worker->sends.free; send; send = send->next_free)
        buffers++;
    assert_int_equal(buffers, ENG_SENDS_MAX);
    eng_engine_destroy(world.media.engine);
    for (int i = 0; i < 2; i++) {
        media_viewer_drain(&world.viewers[i]);
        media_viewer_close(&world.viewers[i]);
    }
    close(world.stranger);
}

// ---- tests ----

static void overflows_in_every_turn(void **state)
{
    uint64_t overflows, turns;

    (void)state;
    start(TOO_SHORT);
    play(1);
    overflows = counter(ENG_COUNTER_CQ_OVERFLOWS);
    turns = counter(ENG_COUNTER_WAKEUPS);
    for (int i = 0; i < BUSY_ROUNDS; i++)
        be_busy();
    overflows = counter(ENG_COUNTER_CQ_OVERFLOWS) - overflows;
    turns = counter(ENG_COUNTER_WAKEUPS) - turns;
    print_message("%lu overflows, %lu turns\n", overflows, turns);
    assert_true(overflows >= turns);
    finish(false);
}

static void overflows_now_and_then(void **state)
{
    uint64_t before, turns;

    (void)state;
    start(SHORT);
    turns = counter(ENG_COUNTER_WAKEUPS);
    for (int i = 0; i < 5; i++) {
        // What is left of a busy turn, and counts that are written after the datagram has left.
        media_wait_counter(&world.media, ENG_COUNTER_DROP_JUNK, world.junk);
        play(1);
        wait_for_turn(world.media.engine, 0);
        before = counter(ENG_COUNTER_CQ_OVERFLOWS);
        play(ROUNDS);
        assert_int_equal(counter(ENG_COUNTER_CQ_OVERFLOWS), before);
        be_busy();
        media_wait_counter(&world.media, ENG_COUNTER_CQ_OVERFLOWS, before + 1);
    }
    turns = counter(ENG_COUNTER_WAKEUPS) - turns;
    print_message("%lu overflows, %lu turns\n", counter(ENG_COUNTER_CQ_OVERFLOWS), turns);
    finish(false);
}

static void has_room_for_all_there_can_be(void **state)
{
    (void)state;
    start(0);
    play(1);
    for (int i = 0; i < BUSY_ROUNDS; i++)
        be_busy();
    assert_int_equal(counter(ENG_COUNTER_CQ_OVERFLOWS), 0);
    finish(false);
}

static void check_refused(int error, bool late, unsigned every)
{
    start(0);
    play(1);
    refusal.count = refusal.refused = 0;
    refusal.late = late;
    refusal.every = every;
    refusal.error = error;
    play(ROUNDS / 2);
    be_busy();
    refusal.error = 0;
    assert_true(refusal.refused > 0);
    finish(true);
}

static void submits_later_what_the_kernel_refuses(void **state)
{
    static const int errors[] = {-EAGAIN, -EBUSY, -EINTR};

    (void)state;
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        for (unsigned every = 2; every <= 100; every += 49) {
            check_refused(errors[i], false, every);
            check_refused(errors[i], true, every);
        }
    }
}

// Nothing at all goes for a while: what was pushed waits, and so does what found no buffer.
static void outlives_a_time_in_which_all_is_refused(void **state)
{
    (void)state;
    start(0);
    play(1);
    refusal.count = refusal.refused = 0;
    refusal.late = false;
    refusal.every = 1;
    refusal.error = -EAGAIN;
    for (int i = 0; i < 2 * ENG_SENDS_MAX; i++)
        media_publish(&world.media);
    media_pause(20);
    refusal.error = 0;
    catch_up();
    finish(true);
}

// ---- the backend alone ----

struct calls {
    unsigned received, sent;
    struct eng_tuple from;
};

static void on_received(void *ctx, const struct eng_tuple *tuple, const uint8_t *data, size_t len)
{
    struct calls *calls = ctx;

    (void)data;
    assert_int_equal(len, sizeof(junk));
    calls->from = *tuple;
    calls->received++;
}

static void on_sent(void *ctx, struct eng_send *send, int result)
{
    (void)send;
    assert_int_equal(result, 0);
    ((struct calls *)ctx)->sent++;
}

// A flush that fetches what overflowed fetches what has arrived too; the wait that follows must not
// wait for more. Were it to, this test would never end.
static void hands_out_what_came_with_a_flush(void **state)
{
    static struct eng_send_pool pool;
    struct eng_counters counters = {0};
    struct calls calls = {0};
    struct eng_tuple tuple = {0};
    struct eng_addr server;
    int on = 1, stranger = loopback_socket(&tuple.remote);
    struct eng_io_config config = {.socket = loopback_socket(&server),
                                   .bell = eventfd(0, EFD_NONBLOCK),
                                   .ring_entries = TOO_SHORT,
                                   .counters = &counters,
                                   .ctx = &calls,
                                   .received = on_received,
                                   .sent = on_sent};
    struct eng_io *io;

    (void)state;
    alarm(20);
    assert_int_equal(setsockopt(config.socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)), 0);
    assert_int_equal(eng_send_pool_init(&pool, ENG_DATAGRAM_MAX, AF_INET), 0);
    assert_int_equal(eng_io_uring.create(&config, &io), 0);
    eng_io_uring.wait(io, 0);
    assert_int_equal(sendto(stranger, junk, sizeof(junk), 0, &server.sa, sizeof(server.in4)),
                     sizeof(junk));
    for (unsigned i = 0; i < 4; i++) {
        struct eng_send *send = eng_send_get(&pool);

        send->len = 1;
        eng_send_address(&pool, send, &tuple, 1);
        eng_io_uring.push(io, send);
    }
    eng_io_uring.flush(io);
    assert_int_equal(calls.sent, 4);
    assert_int_equal(calls.received, 0);
    assert_true(counters.value[ENG_COUNTER_CQ_OVERFLOWS] > 0);
    eng_io_uring.wait(io, -1);
    assert_int_equal(calls.received, 1);
    assert_true(eng_addr_equal(&calls.from.remote, &tuple.remote));
    alarm(0);
    eng_io_uring.destroy(io);
    eng_send_pool_fini(&pool);
    close(config.bell);
    close(config.socket);
    close(stranger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflows_in_every_turn),
        cmocka_unit_test(overflows_now_and_then),
        cmocka_unit_test(has_room_for_all_there_can_be),
        cmocka_unit_test(submits_later_what_the_kernel_refuses),
        cmocka_unit_test(outlives_a_time_in_which_all_is_refused),
        cmocka_unit_test(hands_out_what_came_with_a_flush),
    };

    if (oracle_init())
        return 1;
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
