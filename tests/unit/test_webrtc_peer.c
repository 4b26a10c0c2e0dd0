// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

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

static int group_setup(void **state)
{
    (void)state;
    return wrtc_dtls_context_create(&ctx);
}

static int group_teardown(void **state)
{
    (void)state;
    wrtc_dtls_context_destroy(ctx);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    return viewer_init(&viewer, ctx, &ordinary, NULL, fake_now_ns);
}

static int teardown(void **state)
{
    (void)state;
    viewer_fini(&viewer);
    return 0;
}

static void take_send(const struct wrtc_action *send)
{
    seen.sends++;
    seen.last_port = eng_addr_port(&send->tuple.remote);
    seen.last_worker = send->worker;
    if (wrtc_datagram_classify(send->data, send->len) == WRTC_STUN)
        seen.last_stun = stun_error_code(send->data, send->len);
    else
        dtls_client_receive(&viewer.dtls, send->data, send->len);
}

static void take_actions(void)
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

static void deliver(const void *data, size_t len, uint16_t port)
{
    struct eng_tuple tuple = test_tuple(port);
    wrtc_peer_receive(viewer.peer, &tuple, port % 4u, data, len, fake_now_ns);
    take_actions();
}

static void check(uint16_t port, bool nominate)
{
    struct stun_text text;
    seen.last_stun = -1;
    viewer_check(&text, nominate);
    deliver(text.data, text.len, port);
    assert_int_equal(seen.last_stun, 0);
    assert_int_equal(seen.last_port, port);
}

static void carry(uint16_t port)
{
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    while (wrtc_dgram_next(&viewer.dtls.link, data, &len))
        deliver(data, len, port);
}

static void shake(uint16_t port)
{
    dtls_client_receive(&viewer.dtls, NULL, 0);
    carry(port);
}

static struct wrtc_peer_stats stats(void)
{
    struct wrtc_peer_stats out;
    wrtc_peer_read_stats(viewer.peer, &out);
    return out;
}

static void expect_connected(uint16_t port)
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

static void connect_at(uint16_t port)
{
    check(port, true);
    shake(port);
    expect_connected(port);
}

// ---- the way up ----

static void test_connects(void **state)
{
    (void)state;
    struct eng_tuple tuple = test_tuple(1001);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_NEW);
    assert_int_equal(wrtc_peer_last_check_ns(viewer.peer), 0);
    assert_false(wrtc_peer_knows(viewer.peer, &tuple));
    assert_int_equal(wrtc_peer_deadline_ns(viewer.peer), INT64_MAX);
    check(1001, false);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CHECKED);
    assert_int_equal(wrtc_peer_last_check_ns(viewer.peer), fake_now_ns);
    assert_true(wrtc_peer_knows(viewer.peer, &tuple));
    check(1001, true);

    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    dtls_client_receive(&viewer.dtls, NULL, 0);
    wrtc_dgram_next(&viewer.dtls.link, data, &len);
    deliver(data, len, 1001);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_HANDSHAKE);
    assert_true(wrtc_peer_deadline_ns(viewer.peer) < INT64_MAX);
    carry(1001);
    expect_connected(1001);
}

static void test_media_goes_where_dtls_ran_until_nominated(void **state)
{
    (void)state;
    check(1001, false);
    check(1002, false);
    shake(1002);
    expect_connected(1002);
    check(1001, true);
    assert_int_equal(seen.moves, 1);
    assert_int_equal(action.type, WRTC_ACTION_MOVED);
    assert_int_equal(eng_addr_port(&action.tuple.remote), 1001);
    assert_int_equal(action.worker, 1);
}

static void test_media_goes_where_nominated_not_where_dtls_ran(void **state)
{
    (void)state;
    check(1001, true);
    check(1002, false);
    shake(1002);
    assert_int_equal(seen.last_port, 1002); // DTLS is answered where it came from
    expect_connected(1001);
    assert_int_equal(seen.moves, 0);
}

static void test_renomination_moves(void **state)
{
    (void)state;
    connect_at(1001);
    check(1001, true);
    check(1002, false);
    assert_int_equal(seen.moves, 0);
    check(1002, true);
    assert_int_equal(seen.moves, 1);
    assert_int_equal(eng_addr_port(&action.tuple.remote), 1002);
    check(1001, true);
    assert_int_equal(seen.moves, 2);
    assert_int_equal(eng_addr_port(&action.tuple.remote), 1001);
}

static void test_dtls_may_change_tuple_midway(void **state)
{
    (void)state;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    check(1001, false);
    check(1002, false);
    dtls_client_receive(&viewer.dtls, NULL, 0);
    wrtc_dgram_next(&viewer.dtls.link, data, &len);
    deliver(data, len, 1001);
    carry(1002);
    expect_connected(1002);
}

static void test_lost_flight_is_repeated(void **state)
{
    (void)state;
    struct wrtc_action lost;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    struct eng_tuple tuple = test_tuple(1001);
    check(1001, true);
    dtls_client_receive(&viewer.dtls, NULL, 0);
    wrtc_dgram_next(&viewer.dtls.link, data, &len);
    wrtc_peer_receive(viewer.peer, &tuple, 1, data, len, fake_now_ns);
    while (wrtc_peer_next(viewer.peer, &lost))
        assert_int_equal(lost.type, WRTC_ACTION_SEND);
    fake_now_ns = wrtc_peer_deadline_ns(viewer.peer);
    wrtc_peer_tick(viewer.peer, fake_now_ns);
    take_actions();
    carry(1001);
    expect_connected(1001);
}

// ---- strangers ----

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

static void expect_certificate(const struct wrtc_fingerprint *told)
{
    const X509 *shown = SSL_get0_peer_certificate(viewer.dtls.ssl);
    struct wrtc_fingerprint seen_by_viewer = test_fingerprint(shown, "sha-256", EVP_sha256());
    assert_memory_equal(seen_by_viewer.bytes, told->bytes, told->len);
}

// A viewer gets the certificate that its answer told of, whatever comes between.
static void test_certificate_is_renewed(void **state)
{
    struct wrtc_fingerprint told = *wrtc_dtls_context_fingerprint(ctx);
    struct wrtc_fingerprint told_later;
    assert_int_equal(wrtc_dtls_context_renew(ctx), 0);
    assert_int_equal(wrtc_dtls_context_renew(ctx), 0);
    told_later = *wrtc_dtls_context_fingerprint(ctx);
    assert_memory_not_equal(told.bytes, told_later.bytes, told.len);
    check(1001, true);
    shake(1001);
    expect_connected(1001);
    expect_certificate(&told);

    teardown(state);
    setup(state);
    check(1001, true);
    shake(1001);
    expect_connected(1001);
    expect_certificate(&told_later);
}

// The published race: a stranger's ClientHello arrives before the viewer's own.
static void test_client_hello_race(void **state)
{
    (void)state;
    struct dtls_client stranger;
    uint8_t hello[WRTC_DGRAM_MTU];
    size_t len = 0;
    dtls_client_init(&stranger, &ordinary);
    dtls_client_receive(&stranger, NULL, 0);
    assert_true(wrtc_dgram_next(&stranger.link, hello, &len));

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

// ---- the way down ----

static void test_close_connected(void **state)
{
    (void)state;
    connect_at(1001);
    seen.sends = 0;
    wrtc_peer_close(viewer.peer);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CLOSED);
    take_actions();
    assert_int_equal(seen.sends, 1);
    assert_true(dtls_client_saw_close(&viewer.dtls));
    assert_int_equal(seen.closes, 1);
    wrtc_peer_close(viewer.peer);
    take_actions();
    assert_int_equal(seen.closes, 1);

    struct stun_text text;
    viewer_check(&text, true);
    deliver(text.data, text.len, 1002);
    wrtc_peer_tick(viewer.peer, fake_now_ns + 100 * second);
    take_actions();
    assert_int_equal(wrtc_peer_deadline_ns(viewer.peer), INT64_MAX);
    assert_int_equal(stats().strays, 1);
}

static void test_close_before_connected(void **state)
{
    (void)state;
    check(1001, true);
    seen.sends = 0;
    wrtc_peer_close(viewer.peer);
    take_actions();
    assert_int_equal(seen.sends, 0);
    assert_int_equal(seen.closes, 1);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CLOSED);
}

// Keys that nobody has taken do not outlive the peer's end.
static void test_close_before_connected_is_taken(void **state)
{
    (void)state;
    struct wrtc_action next;
    struct eng_tuple tuple = test_tuple(1001);
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    check(1001, true);
    dtls_client_receive(&viewer.dtls, NULL, 0);
    wrtc_dgram_next(&viewer.dtls.link, data, &len);
    deliver(data, len, 1001);
    while (wrtc_dgram_next(&viewer.dtls.link, data, &len))
        wrtc_peer_receive(viewer.peer, &tuple, 1, data, len, fake_now_ns);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CONNECTED);
    wrtc_peer_close(viewer.peer);
    while (wrtc_peer_next(viewer.peer, &next)) {
        assert_int_not_equal(next.type, WRTC_ACTION_CONNECTED);
        assert_int_equal(next.keying.profile, ENG_SRTP_NONE);
    }
}

static void test_viewer_closes(void **state)
{
    (void)state;
    connect_at(1001);
    SSL_shutdown(viewer.dtls.ssl);
    carry(1001);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CLOSED);
    assert_int_equal(seen.closes, 1);
    assert_string_equal(action.reason, "closed by the viewer");
}

static void test_viewer_closes_long_after(void **state)
{
    (void)state;
    connect_at(1001);
    assert_int_equal(wrtc_peer_deadline_ns(viewer.peer), INT64_MAX);
    fake_now_ns += 3600 * second;
    SSL_shutdown(viewer.dtls.ssl);
    carry(1001);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_CLOSED);
    assert_true(dtls_client_saw_close(&viewer.dtls));
}

static void test_handshake_times_out(void **state)
{
    (void)state;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    int64_t began_ns = fake_now_ns;
    check(1001, true);
    dtls_client_receive(&viewer.dtls, NULL, 0);
    wrtc_dgram_next(&viewer.dtls.link, data, &len);
    deliver(data, len, 1001);
    while (wrtc_peer_state(viewer.peer) == WRTC_PEER_HANDSHAKE) {
        fake_now_ns = wrtc_peer_deadline_ns(viewer.peer);
        wrtc_peer_tick(viewer.peer, fake_now_ns);
        take_actions();
    }
    assert_int_equal(fake_now_ns - began_ns, 10 * second);
    assert_int_equal(seen.closes, 1);
    assert_string_equal(action.reason, "DTLS handshake timed out");
}

// ---- bounds ----

static void test_replies_are_bounded(void **state)
{
    (void)state;
    struct eng_tuple tuple = test_tuple(1001);
    struct wrtc_action next;
    unsigned sends = 0;
    for (int i = 0; i < 10; i++) {
        struct stun_text text;
        viewer_check(&text, true);
        wrtc_peer_receive(viewer.peer, &tuple, 1, text.data, text.len, fake_now_ns);
    }
    while (wrtc_peer_next(viewer.peer, &next))
        sends++;
    assert_int_equal(sends, WRTC_PEER_REPLIES_MAX);
    assert_int_equal(stats().dropped_replies, 10 - WRTC_PEER_REPLIES_MAX);
}

static void test_bad_config(void **state)
{
    (void)state;
    struct wrtc_peer *peer = NULL;
    struct wrtc_peer_config config = {
        .dtls = ctx, .local_ufrag = "localufr", .local_pwd = viewer_password, .remote_ufrag = ""};
    assert_int_equal(wrtc_peer_create(&config, &peer), -EINVAL);
    assert_null(peer);
    wrtc_peer_destroy(NULL);
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(wrtc_peer_state_name(WRTC_PEER_NEW), "new");
    assert_string_equal(wrtc_peer_state_name(WRTC_PEER_CLOSED), "closed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_connects, setup, teardown),
        cmocka_unit_test_setup_teardown(test_media_goes_where_dtls_ran_until_nominated, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_media_goes_where_nominated_not_where_dtls_ran, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_renomination_moves, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dtls_may_change_tuple_midway, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lost_flight_is_repeated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_early_dtls_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(test_certificate_is_renewed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_client_hello_race, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forged_checks_bind_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failed_checks_end_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_random_bytes_end_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_broken_hellos_do_not_end_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_wrong_fingerprint_gives_no_keys, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_connected, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_before_connected, setup, teardown),
        cmocka_unit_test_setup_teardown(test_close_before_connected_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(test_viewer_closes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_viewer_closes_long_after, setup, teardown),
        cmocka_unit_test_setup_teardown(test_handshake_times_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replies_are_bounded, setup, teardown),
        cmocka_unit_test(test_bad_config),
        cmocka_unit_test(test_state_names),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
