// SPDX-License-Identifier: Apache-2.0
//
// The relay between a TCP client and a UDP socket that stands for the media port.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include <event2/event.h>

#include "control/addr.h"
#include "control/clock.h"
#include "control/relay.h"

enum {
    TURNS_MAX = 200, // of 10 ms
    PORTS_MAX = 100, // that may be in use
};

static struct event_base *base;
static struct ctl_relay *relay;
static struct eng_addr listen_addr;
static int media;  // the engine's socket
static int client; // of TCP

static void turn(void)
{
    const struct timeval wait = {.tv_usec = 10000};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

static void turn_now(void)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
}

static struct ctl_relay_stats stats(void)
{
    struct ctl_relay_stats out;

    ctl_relay_read_stats(relay, &out);
    return out;
}

// What has come, -1 with errno EAGAIN: nothing in time.
static ssize_t take(int fd, void *out, size_t size, struct eng_addr *from)
{
    socklen_t len = sizeof(*from);
    ssize_t n = -1;

    for (int i = 0; i < TURNS_MAX && n < 0; i++) {
        turn();
        n = recvfrom(fd, out, size, MSG_DONTWAIT, from ? &from->sa : NULL, from ? &len : NULL);
        if (n < 0 && errno != EAGAIN)
            break;
    }
    return n;
}

static struct {
    struct eng_tuple tuple; // the last one asked for or told of
    bool strangers;         // nobody is known
    unsigned refusals;      // to come
    unsigned told, crowded;
} viewers;

static bool know(void *ctx, const struct eng_tuple *tuple)
{
    assert_ptr_equal(ctx, &viewers);
    viewers.tuple = *tuple;
    return !viewers.strangers;
}

static bool hold(void *ctx, const struct eng_tuple *tuple, bool crowded)
{
    assert_ptr_equal(ctx, &viewers);
    viewers.tuple = *tuple;
    viewers.told++;
    if (viewers.refusals > 0 && viewers.refusals-- > 0)
        return false;
    viewers.crowded += crowded;
    return true;
}

// At a port that is free for UDP; it may be taken for TCP.
static int listen_anywhere(void)
{
    const struct ctl_relay_viewers calls = {know, hold, &viewers};
    socklen_t len = sizeof(listen_addr);

    ctl_addr_parse("127.0.0.1:1", &listen_addr);
    eng_addr_set_port(&listen_addr, 0);
    media = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(media, &listen_addr.sa, eng_addr_len(&listen_addr)), 0);
    assert_int_equal(getsockname(media, &listen_addr.sa, &len), 0);
    return ctl_relay_create(base, &listen_addr, &calls, &relay);
}

static int setup(void **state)
{
    (void)state;
    memset(&viewers, 0, sizeof(viewers));
    base = event_base_new();
    for (int i = 0; i < PORTS_MAX && listen_anywhere() == -EADDRINUSE; i++)
        close(media);
    assert_non_null(relay);
    client = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client, &listen_addr.sa, eng_addr_len(&listen_addr)), 0);
    for (int i = 0; i < TURNS_MAX && stats().connections == 0; i++)
        turn();
    assert_int_equal(stats().connections, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ctl_relay_destroy(relay);
    relay = NULL;
    event_base_free(base);
    close(media);
    close(client);
    return 0;
}

static void say(const void *data, size_t len)
{
    assert_int_equal(send(client, data, len, 0), len);
}

static void both_ways(void **state)
{
    struct eng_addr from = {0};
    uint8_t data[64];

    (void)state;
    say("\0\5hello\0\3you\0", 13); // and the first byte of a third
    assert_int_equal(take(media, data, sizeof(data), &from), 5);
    assert_memory_equal(data, "hello", 5);
    assert_int_equal(take(media, data, sizeof(data), &from), 3);
    say("\2a", 2);
    turn();
    assert_int_equal(recv(media, data, sizeof(data), MSG_DONTWAIT), -1);
    say("b", 1);
    assert_int_equal(take(media, data, sizeof(data), &from), 2);
    assert_memory_equal(data, "ab", 2);

    assert_int_equal(sendto(media, "reply", 5, 0, &from.sa, eng_addr_len(&from)), 5);
    assert_int_equal(take(client, data, sizeof(data), NULL), 7);
    assert_memory_equal(data, "\0\5reply", 7);
}

static void knows_whose_datagrams_they_are(void **state)
{
    struct eng_addr from = {0}, own = {0}, found;
    socklen_t len = sizeof(own);
    uint8_t data[16];

    (void)state;
    say("\0\1x", 3);
    assert_int_equal(take(media, data, sizeof(data), &from), 1);
    assert_int_equal(getsockname(client, &own.sa, &len), 0);
    assert_true(ctl_relay_find(relay, &from, &found));
    assert_true(eng_addr_equal(&found, &own));
    assert_false(ctl_relay_find(relay, &own, &found));
    assert_false(ctl_relay_find(NULL, &from, &found));
}

static void a_length_beyond_a_datagram_ends_it(void **state)
{
    uint8_t data[16];

    (void)state;
    say("\5\335", 2); // 1,501
    assert_int_equal(take(client, data, sizeof(data), NULL), 0);
    assert_int_equal(stats().connections, 0);
}

// Each two bytes are a datagram.
static void a_flood_ends_it(void **state)
{
    static const uint8_t empty[2 * (CTL_RELAY_BURST + CTL_RELAY_RATE)];
    unsigned came = 0;
    uint8_t data[16];

    (void)state;
    say(empty, 2 * 64);
    while (came < 64 && take(media, data, sizeof(data), NULL) == 0)
        came++;
    assert_int_equal(came, 64);
    assert_int_equal(stats().connections, 1);
    say(empty, sizeof(empty));
    for (int i = 0; i < TURNS_MAX && stats().connections > 0; i++)
        turn();
    assert_int_equal(stats().connections, 0);
    assert_int_equal(stats().floods, 1);
}

static void a_client_that_leaves_is_forgotten(void **state)
{
    (void)state;
    shutdown(client, SHUT_RDWR);
    for (int i = 0; i < TURNS_MAX && stats().connections > 0; i++)
        turn();
    assert_int_equal(stats().connections, 0);
}

// Of the client, which reads nothing.
static void crowd(const struct eng_addr *udp)
{
    static const uint8_t packet[1200];

    for (unsigned sent = 0; viewers.crowded == 0; sent++) {
        (void)sendto(media, packet, sizeof(packet), 0, &udp->sa, eng_addr_len(udp));
        turn_now();
        assert_true(sent < 100000);
    }
}

static void tells_who_is_crowded_until_it_is_heard(void **state)
{
    static uint8_t sink[1 << 16];
    struct eng_addr from = {0};
    uint8_t data[16];

    (void)state;
    say("\0\1x", 3);
    assert_int_equal(take(media, data, sizeof(data), &from), 1);
    viewers.refusals = 2;
    crowd(&from);
    assert_int_equal(viewers.told, 3);
    assert_true(eng_addr_equal(&viewers.tuple.remote, &from));
    // Sound has its room.
    for (int i = 0; i < 50; i++)
        assert_int_equal(sendto(media, sink, 200, 0, &from.sa, eng_addr_len(&from)), 200);
    turn();
    assert_int_equal(stats().dropped, 0);
    assert_int_equal(viewers.told, 3);
    for (int i = 0; i < TURNS_MAX && viewers.told == 3; i++) {
        while (recv(client, sink, sizeof(sink), MSG_DONTWAIT) > 0)
            ;
        turn();
    }
    assert_int_equal(viewers.told, 4);
    assert_int_equal(viewers.crowded, 1);
}

// It reads nothing: what waits is bounded, and what comes through at last is whole.
static void a_slow_client_loses_datagrams(void **state)
{
    static const uint8_t packet[1200];
    static uint8_t frame[2 + sizeof(packet)];
    struct eng_addr from = {0};
    uint8_t data[16];
    unsigned sent = 0, got = 0;

    (void)state;
    say("\0\1x", 3);
    assert_int_equal(take(media, data, sizeof(data), &from), 1);
    while (stats().dropped == 0) {
        for (int i = 0; i < 64; i++, sent++)
            (void)sendto(media, packet, sizeof(packet), 0, &from.sa, eng_addr_len(&from));
        turn();
        assert_true(sent < 100000);
    }
    for (int i = 0; i < TURNS_MAX; i++) {
        turn();
        while (recv(client, frame, sizeof(frame), MSG_DONTWAIT | MSG_PEEK) == sizeof(frame)) {
            assert_int_equal(recv(client, frame, sizeof(frame), 0), sizeof(frame));
            assert_int_equal(frame[0] << 8 | frame[1], sizeof(packet));
            got++;
            i = 0;
        }
        if (got + stats().dropped >= sent)
            break;
    }
    assert_int_equal(stats().connections, 1);
    assert_true(got > CTL_RELAY_BACKLOG_MAX / sizeof(frame));
    assert_true(got < sent);
}

static void connections_are_bounded(void **state)
{
    int more[CTL_RELAY_CONNECTIONS_MAX + 1];
    size_t n = 0;

    (void)state;
    for (; n <= CTL_RELAY_CONNECTIONS_MAX && stats().refused == 0; n++) {
        more[n] = socket(AF_INET, SOCK_STREAM, 0);
        if (more[n] < 0)
            break;
        if (connect(more[n], &listen_addr.sa, eng_addr_len(&listen_addr)) != 0) {
            close(more[n]);
            break;
        }
        turn_now();
    }
    assert_true(stats().connections <= CTL_RELAY_CONNECTIONS_MAX);
    while (n > 0)
        close(more[--n]);
    if (stats().refused == 0) {
        print_message("skipped: not enough file descriptors\n");
        skip();
    }
}

static void closes_what_is_no_viewers(void **state)
{
    const int64_t proof_ns = CTL_RELAY_PROOF_S * CTL_NS_PER_SECOND;
    struct eng_addr from = {0};
    uint8_t data[16];

    (void)state;
    say("\0\1x", 3);
    assert_int_equal(take(media, data, sizeof(data), &from), 1);
    ctl_relay_sweep(relay, ctl_now_ns() + proof_ns);
    assert_true(eng_addr_equal(&viewers.tuple.remote, &from));
    assert_true(eng_addr_equal(&viewers.tuple.local, &listen_addr));
    assert_int_equal(stats().connections, 1);
    viewers.strangers = true;
    ctl_relay_sweep(relay, ctl_now_ns() + proof_ns / 2);
    assert_int_equal(stats().connections, 1);
    ctl_relay_sweep(relay, ctl_now_ns() + proof_ns);
    assert_int_equal(stats().connections, 0);
    assert_int_equal(stats().strangers, 1);
    assert_int_equal(take(client, data, sizeof(data), NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(both_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_whose_datagrams_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(a_length_beyond_a_datagram_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_ends_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(tells_who_is_crowded_until_it_is_heard, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_client_loses_datagrams, setup, teardown),
        cmocka_unit_test_setup_teardown(closes_what_is_no_viewers, setup, teardown),
        cmocka_unit_test_setup_teardown(connections_are_bounded, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
