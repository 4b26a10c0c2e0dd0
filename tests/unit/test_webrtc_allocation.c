// SPDX-License-Identifier: Apache-2.0
//
// Nothing is allocated for who has not proved to know a session's password.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <string.h>
#include <cmocka.h>

#include "tests/support/heap.h"
#include "tests/support/peer_bench.h"
#include "webrtc/stun.h"

static void deliver_check(const char *username, const char *password)
{
    const struct stun_check check = {
        .username = username,
        .password = password,
        .no_integrity = !password,
        .nominate = true,
    };
    struct stun_text text;
    stun_write_check(&text, &check);
    deliver(text.data, text.len, 6666);
}

static void refuse_check(const char *username)
{
    const struct stun_check check = {.username = username, .no_integrity = true};
    uint8_t reply[WRTC_STUN_MAX];
    char ufrag[WRTC_UFRAG_MAX];
    struct stun_text text;
    stun_write_check(&text, &check);
    assert_true(wrtc_stun_local_ufrag(text.data, text.len, ufrag));
    assert_true(wrtc_stun_refuse(text.data, text.len, reply, sizeof(reply)) > 0);
}

// What is turned away unread.
static void deliver_noise(const uint8_t *hello, size_t hello_len)
{
    static const uint8_t rtcp[] = {0x80, 201, 0, 1, 0, 0, 0, 1}, junk[] = {0x7f, 1, 2};
    deliver(hello, hello_len, 6666);
    deliver(rtcp, sizeof(rtcp), 6666);
    deliver(junk, sizeof(junk), 6666);
    deliver_check(viewer_username, NULL);
    deliver_check("localufr:another", NULL);
    refuse_check("stranger:stranger");
}

static void test_nothing_before_a_check_has_passed(void **state)
{
    (void)state;
    uint8_t hello[WRTC_DGRAM_MTU];
    size_t len = 0;
    int64_t before;
    heap_skip_if_sanitized();
    dtls_client_receive(&viewer.dtls, NULL, 0);
    assert_true(wrtc_dgram_next(&viewer.dtls.link, hello, &len));
    deliver_check(viewer_username, "guess"); // what OpenSSL allocates once

    heap_armed = true;
    for (int i = 0; i < 100; i++)
        deliver_noise(hello, len);
    heap_armed = false;
    assert_int_equal(heap_caught, 0);

    // To look at MESSAGE-INTEGRITY OpenSSL needs memory, but keeps none.
    before = heap_taken;
    for (int i = 0; i < 100; i++)
        deliver_check(viewer_username, "guess");
    assert_int_equal(heap_taken, before);
    assert_int_equal(stats().early_dtls, 100);
    assert_int_equal(stats().checks_passed, 0);

    check(6666, true);
    assert_int_equal(heap_taken, before);
    deliver(hello, len, 6666);
    assert_int_equal(wrtc_peer_state(viewer.peer), WRTC_PEER_HANDSHAKE);
    assert_true(heap_taken > before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_before_a_check_has_passed, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
