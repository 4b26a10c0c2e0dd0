// SPDX-License-Identifier: Apache-2.0
//
// Strangers beside a viewer that joins: who has no word in its session, and what an attacker can do
// who forges the viewer's own address.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/peer_bench.h"

static void test_early_dtls_is_dropped(void **state)
{
    (void)state;
    shake(1001);
    assert_int_equal(stats().early_dtls, 1);
    assert_int_equal(seen.sends, 0);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_NEW);
    assert_int_equal(wrtc_peer_deadline_ns(viewer.peer), INT64_MAX);
    check(1001, true);
    fake_now_ns += 2 * second;
    dtls_client_tick(&viewer.dtls);
    carry(1001);
    expect_connected(1001);
}

// ---- the published race: a stranger's ClientHello arrives before the viewer's own ----

static struct dtls_client stranger;

// The first datagram of another client.
static size_t stranger_hello(const struct dtls_client_config *config, uint8_t hello[WRTC_DGRAM_MTU])
{
    size_t len = 0;
    dtls_client_init(&stranger, config);
    dtls_client_receive(&stranger, NULL, 0);
    assert_true(wrtc_dgram_next(&stranger.link, hello, &len));
    return len;
}

static void test_hello_from_elsewhere(void **state)
{
    (void)state;
    uint8_t hello[WRTC_DGRAM_MTU];
    size_t len = stranger_hello(&ordinary, hello);

    deliver(hello, len, 6666); // before the first check
    check(1001, true);
    deliver(hello, len, 6666); // between check and handshake
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CHECKED);

    struct eng_tuple other_local = test_tuple(1001);
    other_local.local = test_addr("198.51.100.9", 8189);
    wrtc_peer_receive(viewer.peer, &other_local, 0, hello, len, fake_now_ns);
    assert_int_equal(stats().early_dtls, 3);
    assert_int_equal(seen.sends, 1); // the check's reply
    shake(1001);
    deliver(hello, len, 6666);
    expect_connected(1001);
    assert_int_equal(stats().early_dtls, 4);
    assert_int_equal(stats().handshake_failures, 0);
    dtls_client_fini(&stranger);
}

// From here on with the viewer's own address as the source.
static void test_forged_hello_before_the_first_check(void **state)
{
    (void)state;
    uint8_t hello[WRTC_DGRAM_MTU];
    size_t len = stranger_hello(&ordinary, hello);

    deliver(hello, len, 1001);
    assert_int_equal(stats().early_dtls, 1);
    assert_int_equal(seen.sends, 0);
    connect_at(1001);
    assert_int_equal(stats().handshake_failures, 0);
    dtls_client_fini(&stranger);
}

// The server waits for the rest of it, until the viewer's hello shows that it will not come.
static void test_beginning_of_a_forged_hello(void **state)
{
    (void)state;
    const struct dtls_client_config fragmented = {.long_hello = true};
    uint8_t hello[WRTC_DGRAM_MTU];
    size_t len = stranger_hello(&fragmented, hello);

    check(1001, true);
    deliver(hello, len, 1001);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_HANDSHAKE);
    shake(1001);
    fake_now_ns += 2 * second;
    dtls_client_tick(&viewer.dtls);
    carry(1001);
    expect_connected(1001);
    dtls_client_fini(&stranger);
}

static void test_forged_hello_behind_the_viewers(void **state)
{
    (void)state;
    uint8_t hello[WRTC_DGRAM_MTU], own[WRTC_DGRAM_MTU];
    size_t len = stranger_hello(&ordinary, hello);
    size_t own_len = 0;

    check(1001, true);
    dtls_client_receive(&viewer.dtls, NULL, 0);
    assert_true(wrtc_dgram_next(&viewer.dtls.link, own, &own_len));
    deliver(own, own_len, 1001);
    deliver(hello, len, 1001);
    carry(1001);
    deliver(hello, len, 1001);
    expect_connected(1001);
    assert_int_equal(stats().handshake_failures, 0);
    dtls_client_fini(&stranger);
}

// Nobody can tell this from the viewer. It notices at once, and its next session is another race;
// the stranger, who hears nothing, gets nothing.
static void test_forged_hello_between_check_and_handshake(void **state)
{
    (void)state;
    uint8_t hello[WRTC_DGRAM_MTU];
    size_t len = stranger_hello(&ordinary, hello);

    check(1001, true);
    dtls_client_receive(&viewer.dtls, NULL, 0); // its hello is on the way
    deliver(hello, len, 1001);
    assert_true(viewer.dtls.failed);
    carry(1001);
    while (wrtc_peer_state(viewer.peer) == WRTC_PEER_HANDSHAKE) {
        fake_now_ns = wrtc_peer_deadline_ns(viewer.peer);
        wrtc_peer_tick(viewer.peer, fake_now_ns);
        take_actions();
    }
    assert_int_equal(seen.connects, 0);
    assert_int_equal(seen.closes, 1);
    dtls_client_fini(&stranger);

    bench_teardown(state);
    bench_setup(state);
    connect_at(1001);
}

// ---- theft and noise ----

// The whole theft: forged checks, then DTLS and media from the thief's address.
static void test_forged_checks_bind_nothing(void **state)
{
    (void)state;
    struct stun_text text;
    const struct stun_check forged[] = {
        {.username = viewer_username, .password = "guess", .nominate = true},
        {.username = "localufr:other", .password = viewer_password, .nominate = true},
        {.username = viewer_username, .no_integrity = true, .nominate = true},
    };
    connect_at(1001);
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        struct eng_tuple thief = test_tuple(6666);
        stun_write_check(&text, &forged[i]);
        deliver(text.data, text.len, 6666);
        assert_false(wrtc_peer_knows(viewer.peer, &thief));
    }
    assert_int_equal(seen.moves, 0);
    assert_int_equal(stats().checks_failed, 3);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CONNECTED);
}

static void test_failed_checks_end_nothing(void **state)
{
    (void)state;
    struct stun_text text;
    const struct stun_check forged = {.username = viewer_username, .password = "guess"};
    connect_at(1001);
    for (int i = 0; i < 10000; i++) {
        stun_write_check(&text, &forged);
        deliver(text.data, text.len, 1001);
    }
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CONNECTED);
    assert_int_equal(seen.closes, 0);
    assert_true(seen.sends < 100);
    check(1001, true);
}

static void test_random_bytes_end_nothing(void **state)
{
    (void)state;
    srandom(2);
    check(1001, true);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20000; i++) {
            uint8_t noise[1600];
            size_t len = (size_t)random() % (i % 4 ? 64 : sizeof(noise));
            for (size_t k = 0; k < len; k++)
                noise[k] = (uint8_t)random();
            // From a checked address only what cannot use up the handshake's cap.
            deliver(noise, len,
                    round == 0 && len > 0 && noise[0] >= 20 && noise[0] < 64 ? 6666 : 1001);
        }
        if (round == 0)
            shake(1001);
        assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CONNECTED);
    }
    assert_true(stats().strays > 0);
}

static void test_broken_hellos_do_not_end_it(void **state)
{
    (void)state;
    const uint8_t broken[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 16, 1, 0,
                              0,  4,    0,    0, 0, 0, 0, 0, 0, 4, 9, 9, 9,  9};
    check(1001, true);
    for (int i = 0; i < 3; i++)
        deliver(broken, sizeof(broken), 1001);
    assert_int_equal(stats().handshake_failures, 3);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_HANDSHAKE);
    shake(1001);
    expect_connected(1001);
}

static void test_wrong_fingerprint_gives_no_keys(void **state)
{
    (void)state;
    struct wrtc_fingerprint wrong = dtls_client_fingerprint(&viewer.dtls);
    viewer_fini(&viewer);
    assert_int_equal(viewer_init(&viewer, ctx, &ordinary, &wrong, fake_now_ns), 0);
    check(1001, true);
    shake(1001);
    assert_int_equal(seen.connects, 0);
    assert_int_equal(seen.closes, 1);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CLOSED);
    assert_string_equal(action.reason, "DTLS certificate does not match the offer's fingerprint");
    assert_false(viewer.dtls.connected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_early_dtls_is_dropped, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_hello_from_elsewhere, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_forged_hello_before_the_first_check, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_beginning_of_a_forged_hello, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_forged_hello_behind_the_viewers, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_forged_hello_between_check_and_handshake, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_forged_checks_bind_nothing, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_failed_checks_end_nothing, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_random_bytes_end_nothing, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_broken_hellos_do_not_end_it, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_wrong_fingerprint_gives_no_keys, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
