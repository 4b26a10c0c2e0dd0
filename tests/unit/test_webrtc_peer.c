// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/peer_bench.h"

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

static void test_consent_is_of_where_media_goes(void **state)
{
    (void)state;
    connect_at(1001);
    assert_int_equal(wrtc_peer_last_check_ns(viewer.peer), fake_now_ns);
    int64_t moved_ns = fake_now_ns += second;
    check(1002, true);
    assert_int_equal(seen.moves, 1);
    fake_now_ns += second;
    check(1001, false);
    assert_int_equal(seen.moves, 1);
    assert_int_equal(wrtc_peer_last_check_ns(viewer.peer), moved_ns);
    check(1002, false);
    assert_int_equal(wrtc_peer_last_check_ns(viewer.peer), fake_now_ns);
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

    bench_teardown(state);
    bench_setup(state);
    check(1001, true);
    shake(1001);
    expect_connected(1001);
    expect_certificate(&told_later);
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
        cmocka_unit_test_setup_teardown(test_connects, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_media_goes_where_dtls_ran_until_nominated, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_media_goes_where_nominated_not_where_dtls_ran,
                                        bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_renomination_moves, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_consent_is_of_where_media_goes, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_dtls_may_change_tuple_midway, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_lost_flight_is_repeated, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_certificate_is_renewed, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_close_connected, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_close_before_connected, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_close_before_connected_is_taken, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_viewer_closes, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_viewer_closes_long_after, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_handshake_times_out, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_replies_are_bounded, bench_setup, bench_teardown),
        cmocka_unit_test(test_bad_config),
        cmocka_unit_test(test_state_names),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
