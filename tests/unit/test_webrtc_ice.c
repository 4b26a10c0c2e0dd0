// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/stun_text.h"
#include "webrtc/ice.h"

static const char pwd[] = "abcdefghijklmnopqrstuvwx";
static const struct stun_check good = {.username = "localufr:peer", .password = pwd};
static const int64_t second = 1000000000;

static struct wrtc_ice ice;
static uint8_t reply[WRTC_STUN_REPLY_MAX];
static size_t reply_len;

static int setup(void **state)
{
    (void)state;
    return wrtc_ice_init(&ice, "localufr", pwd, "peer", 5 * second);
}

// The code of the answer to a check: 0 for success, -1 for none.
static int answer_to(const struct stun_check *check, uint16_t port, int64_t now_ns)
{
    struct stun_text text;
    struct eng_tuple tuple = test_tuple(port);
    stun_write_check(&text, check);
    reply_len = wrtc_ice_receive(&ice, &tuple, port % 4u, text.data, text.len, now_ns, reply);
    return reply_len ? stun_error_code(reply, reply_len) : -1;
}

static bool reply_has_integrity(void)
{
    struct wrtc_stun message;
    return wrtc_stun_parse(reply, reply_len, &message) == 0 && wrtc_stun_fingerprint_ok(&message) &&
           wrtc_stun_integrity_ok(&message, pwd);
}

static bool knows(uint16_t port)
{
    struct eng_tuple tuple = test_tuple(port);
    return wrtc_ice_find(&ice, &tuple) != NULL;
}

static void test_check_passes(void **state)
{
    (void)state;
    assert_int_equal(answer_to(&good, 1001, 6 * second), 0);
    assert_true(reply_has_integrity());
    assert_true(knows(1001));
    assert_false(knows(1002));
    assert_int_equal(ice.path[0].worker, 1);
    assert_null(wrtc_ice_nominated(&ice));
    assert_int_equal(ice.path[0].last_check_ns, 6 * second);
    assert_int_equal(ice.passed, 1);
}

static void test_same_remote_at_another_local_address(void **state)
{
    (void)state;
    struct eng_tuple tuple = test_tuple(1001);
    assert_int_equal(answer_to(&good, 1001, 6 * second), 0);
    tuple.local = test_addr("198.51.100.2", 8189);
    assert_null(wrtc_ice_find(&ice, &tuple));
}

static void test_nomination_is_followed(void **state)
{
    (void)state;
    struct stun_check nominate = good;
    nominate.nominate = true;
    answer_to(&good, 1001, 6 * second);
    answer_to(&nominate, 1002, 6 * second);
    assert_int_equal(eng_addr_port(&wrtc_ice_nominated(&ice)->tuple.remote), 1002);
    answer_to(&nominate, 1001, 7 * second);
    assert_int_equal(eng_addr_port(&wrtc_ice_nominated(&ice)->tuple.remote), 1001);
    answer_to(&good, 1002, 7 * second);
    assert_int_equal(eng_addr_port(&wrtc_ice_nominated(&ice)->tuple.remote), 1001);
}

static uint16_t nominated_port(void)
{
    return eng_addr_port(&wrtc_ice_nominated(&ice)->tuple.remote);
}

// The viewer's NAT has forgotten it: what comes now comes from another port, without a nomination.
static void test_silent_path_is_left(void **state)
{
    (void)state;
    struct stun_check nominate = good;
    nominate.nominate = true;
    answer_to(&nominate, 1001, 10 * second);
    answer_to(&good, 1002, 12 * second);
    answer_to(&good, 1002, 18 * second);
    assert_int_equal(nominated_port(), 1001); // checked 8 s ago: not silent yet
    answer_to(&good, 1001, 18 * second);
    answer_to(&good, 1002, 26 * second);
    assert_int_equal(nominated_port(), 1001);
    answer_to(&good, 1002, 26 * second + 1);
    assert_int_equal(nominated_port(), 1002);
    answer_to(&good, 1001, 30 * second);
    assert_int_equal(nominated_port(), 1002);
    // Nothing that does not pass is followed.
    struct stun_check stranger = {.username = "localufr:peer", .password = "wrong"};
    answer_to(&stranger, 1003, 60 * second);
    assert_int_equal(nominated_port(), 1002);
}

// Whatever does not pass leaves no trace but a count.
static void expect_nothing(const struct stun_check *check, int code)
{
    uint64_t failed = ice.failed;
    struct stun_check nominate = *check;
    nominate.nominate = true;
    assert_int_equal(answer_to(&nominate, 1001, 6 * second), code);
    assert_int_equal(ice.failed, failed + 1);
    assert_int_equal(ice.passed, 0);
    assert_int_equal(ice.path_count, 0);
    assert_null(wrtc_ice_nominated(&ice));
}

static void test_stranger(void **state)
{
    (void)state;
    const char *usernames[] = {"localufr:peex",
                               "localufx:peer",
                               "localufr:pee",
                               "localufr:peer2",
                               "localufr",
                               "peer:localufr",
                               ""};
    for (size_t i = 0; i < sizeof(usernames) / sizeof(usernames[0]); i++) {
        struct stun_check check = good;
        check.username = usernames[i];
        expect_nothing(&check, 401);
        assert_false(reply_has_integrity());
    }
    struct stun_check check = good;
    check.password = "abcdefghijklmnopqrstuvwy";
    expect_nothing(&check, 401);
}

static void test_broken_requests(void **state)
{
    (void)state;
    struct stun_check check = good;
    check.no_integrity = true;
    expect_nothing(&check, 400);
    check = good;
    check.no_fingerprint = true;
    expect_nothing(&check, -1);
    check = good;
    check.no_priority = true;
    expect_nothing(&check, 400);
    assert_true(reply_has_integrity());
}

static void test_unknown_attributes(void **state)
{
    (void)state;
    struct stun_check check = good;
    check.extra = 0x7abc;
    expect_nothing(&check, 420);
    assert_true(reply_has_integrity());
    size_t n = 0;
    const uint8_t *list = stun_find(reply, reply_len, 0x000a, &n);
    assert_non_null(list);
    assert_int_equal(n, 2);
    assert_int_equal(list[0] << 8 | list[1], 0x7abc);
    check.extra = 0xcabc;
    assert_int_equal(answer_to(&check, 1001, 6 * second), 0);
}

static void test_role_conflict(void **state)
{
    (void)state;
    struct stun_check check = good;
    check.controlled = true;
    expect_nothing(&check, 487);
    assert_true(reply_has_integrity());
}

static void test_refusals_are_rationed(void **state)
{
    (void)state;
    struct stun_check check = good;
    check.password = "wrong";
    unsigned answered = 0;
    for (int i = 0; i < 1000; i++)
        answered += answer_to(&check, 1001, 6 * second) == 401;
    assert_int_equal(answered, WRTC_ICE_REFUSALS_PER_S);
    // The viewer itself is not hindered.
    assert_int_equal(answer_to(&good, 1002, 6 * second), 0);
    answered = 0;
    for (int i = 0; i < 1000; i++)
        answered += answer_to(&check, 1001, 7 * second + i * second / 1000) == 401;
    assert_in_range(answered, WRTC_ICE_REFUSALS_PER_S, 2 * WRTC_ICE_REFUSALS_PER_S);
}

// A request of these attributes; extra: so many empty ones that nobody knows.
static void write_request(struct stun_text *text, const char *username, unsigned extra,
                          const char *password)
{
    stun_begin(text, 0x0001, 1);
    if (username)
        stun_add(text, 0x0006, username, strlen(username));
    for (unsigned i = 0; i < extra; i++)
        stun_add(text, (uint16_t)(0x7f00 + i), NULL, 0);
    if (password)
        stun_add_integrity(text, password);
    stun_add_fingerprint(text);
}

// The shortest requests of each kind, from an IPv6 address, whose replies are longest.
static void test_no_reply_is_longer_than_its_request(void **state)
{
    (void)state;
    const char *const usernames[] = {NULL, "", "localufr", "localufr:", "localufr:peer"};
    const char *const passwords[] = {NULL, "guess", pwd};
    struct eng_tuple tuple = test_tuple(1001);
    struct stun_text text;
    unsigned replies = 0;
    tuple.remote = test_addr("2001:db8::1", 1001);
    for (unsigned i = 0; i < 5 * 3 * 12; i++) {
        int64_t now_ns = (6 + i) * second; // refusals are rationed
        write_request(&text, usernames[i % 5], i / 15, passwords[i / 5 % 3]);
        reply_len = wrtc_ice_receive(&ice, &tuple, 0, text.data, text.len, now_ns, reply);
        assert_true(reply_len <= text.len);
        replies += reply_len > 0;
    }
    assert_true(replies > 100);
}

static void indicate(const char *username, const char *password, uint16_t port, int64_t now_ns)
{
    struct stun_text text;
    struct eng_tuple tuple = test_tuple(port);
    stun_begin(&text, 0x0011, 9);
    if (username) {
        stun_add(&text, 0x0006, username, strlen(username));
        stun_add_integrity(&text, password);
    }
    stun_add_fingerprint(&text);
    assert_int_equal(wrtc_ice_receive(&ice, &tuple, 0, text.data, text.len, now_ns, reply), 0);
}

static void test_indications(void **state)
{
    (void)state;
    indicate(good.username, pwd, 1001, 6 * second);
    assert_false(knows(1001));

    answer_to(&good, 1001, 7 * second);
    indicate(NULL, NULL, 1001, 8 * second);
    indicate(good.username, "wrong", 1001, 8 * second);
    assert_int_equal(ice.path[0].last_check_ns, 7 * second);
    indicate(good.username, pwd, 1001, 9 * second);
    assert_int_equal(ice.path[0].last_check_ns, 9 * second);
}

static void test_responses_are_ignored(void **state)
{
    (void)state;
    struct stun_text text;
    struct eng_tuple tuple = test_tuple(1001);
    stun_begin(&text, 0x0101, 9);
    stun_add(&text, 0x0006, good.username, strlen(good.username));
    stun_add_integrity(&text, pwd);
    stun_add_fingerprint(&text);
    assert_int_equal(wrtc_ice_receive(&ice, &tuple, 0, text.data, text.len, 6 * second, reply), 0);
    assert_int_equal(ice.path_count, 0);
}

// The ninth 5-tuple takes the place of the oldest that is neither nominated nor runs DTLS.
static void test_paths_are_bounded(void **state)
{
    (void)state;
    struct stun_check nominate = good;
    nominate.nominate = true;
    answer_to(&nominate, 1000, 6 * second);
    for (uint16_t port = 1001; port < 1000 + WRTC_PEER_TUPLES_MAX; port++)
        answer_to(&good, port, 6 * second + port);
    struct eng_tuple dtls = test_tuple(1001);
    wrtc_ice_hold(&ice, &dtls);
    for (uint16_t port = 2000; port < 2100; port++) {
        answer_to(&good, port, 6 * second + port);
        assert_true(knows(port));
        assert_true(knows(1000));
        assert_true(knows(1001));
        assert_int_equal(ice.path_count, WRTC_PEER_TUPLES_MAX);
    }
    assert_false(knows(1002));
    assert_int_equal(eng_addr_port(&wrtc_ice_nominated(&ice)->tuple.remote), 1000);

    struct eng_tuple other = test_tuple(2099);
    wrtc_ice_hold(&ice, &other);
    answer_to(&good, 3000, 3000 * second);
    assert_false(knows(1001));
}

static void test_bad_credentials(void **state)
{
    (void)state;
    struct wrtc_ice other;
    char ufrag[300];
    memset(ufrag, 'u', sizeof(ufrag));
    ufrag[256] = '\0';
    assert_int_equal(wrtc_ice_init(&other, "localufr", pwd, ufrag, 0), 0);
    assert_int_equal(other.now.username_len, 8 + 1 + 256);
    ufrag[256] = 'u';
    ufrag[257] = '\0';
    assert_int_equal(wrtc_ice_init(&other, "localufr", pwd, ufrag, 0), -EINVAL);
    assert_int_equal(wrtc_ice_init(&other, "localufr", pwd, "", 0), -EINVAL);
    assert_int_equal(wrtc_ice_init(&other, "", pwd, "peer", 0), -EINVAL);
    assert_int_equal(wrtc_ice_init(&other, "localufra", pwd, "peer", 0), -EINVAL);
    assert_int_equal(wrtc_ice_init(&other, "localufr", "", "peer", 0), -EINVAL);
    assert_int_equal(wrtc_ice_init(&other, "localufr", "abcdefghijklmnopqrstuvwxy", "peer", 0),
                     -EINVAL);
}

static bool empty(const struct wrtc_ice_credentials *credentials)
{
    static const struct wrtc_ice_credentials none;
    return memcmp(credentials, &none, sizeof(none)) == 0;
}

static void test_passwords_are_wiped(void **state)
{
    (void)state;
    wrtc_ice_restart(&ice, "newlocal", "zyxwvutsrqponmlkjihgfedc", "newpeer");
    assert_false(empty(&ice.now) || empty(&ice.next));
    wrtc_ice_fini(&ice);
    assert_true(empty(&ice.now) && empty(&ice.next));
}

// ---- restart ----

static const struct stun_check renewed = {.username = "newlocal:newpeer",
                                          .password = "zyxwvutsrqponmlkjihgfedc"};

static void restart(void)
{
    assert_int_equal(wrtc_ice_restart(&ice, "newlocal", renewed.password, "newpeer"), 0);
}

static void test_restart(void **state)
{
    (void)state;
    struct stun_check nominate = good;
    nominate.nominate = true;
    assert_int_equal(answer_to(&renewed, 1001, 6 * second), 401);
    answer_to(&nominate, 1001, 6 * second);
    restart();
    assert_true(wrtc_ice_has_local(&ice, "localufr") && wrtc_ice_has_local(&ice, "newlocal"));
    assert_true(wrtc_ice_has_remote(&ice, "peer") && wrtc_ice_has_remote(&ice, "newpeer"));
    assert_int_equal(answer_to(&good, 1002, 7 * second), 0);
    assert_int_equal(answer_to(&renewed, 1003, 8 * second), 0);
    assert_true(knows(1001) && knows(1002) && knows(1003));
    // Media stays where it is until the viewer nominates.
    assert_int_equal(eng_addr_port(&wrtc_ice_nominated(&ice)->tuple.remote), 1001);
    assert_int_equal(answer_to(&good, 1001, 9 * second), 401);
    assert_int_equal(answer_to(&renewed, 1003, 9 * second), 0);
    assert_false(wrtc_ice_has_local(&ice, "localufr") || wrtc_ice_has_remote(&ice, "peer"));
    assert_true(wrtc_ice_has_local(&ice, "newlocal") && wrtc_ice_has_remote(&ice, "newpeer"));
    assert_false(wrtc_ice_has_local(&ice, "") || wrtc_ice_has_remote(&ice, ""));
}

// The answer to it may have been lost.
static void test_restart_that_nobody_uses(void **state)
{
    (void)state;
    struct stun_check mixed = renewed;
    restart();
    assert_int_equal(wrtc_ice_restart(&ice, "latelocal", pwd, "peer"), -EINVAL);
    mixed.username = "newlocal:peer";
    assert_int_equal(answer_to(&mixed, 1001, 6 * second), 401);
    mixed.username = "localufr:peer";
    assert_int_equal(answer_to(&mixed, 1001, 6 * second), 401); // under the new password
    assert_int_equal(wrtc_ice_restart(&ice, "third", pwd, "thirdpee"), 0);
    assert_int_equal(answer_to(&renewed, 1001, 6 * second), 401);
    assert_int_equal(answer_to(&good, 1001, 6 * second), 0);
    struct stun_check third = {.username = "third:thirdpee", .password = pwd};
    assert_int_equal(answer_to(&third, 1001, 6 * second), 0);
    assert_int_equal(answer_to(&good, 1001, 6 * second), 401);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_check_passes, setup),
        cmocka_unit_test_setup(test_same_remote_at_another_local_address, setup),
        cmocka_unit_test_setup(test_nomination_is_followed, setup),
        cmocka_unit_test_setup(test_silent_path_is_left, setup),
        cmocka_unit_test_setup(test_stranger, setup),
        cmocka_unit_test_setup(test_broken_requests, setup),
        cmocka_unit_test_setup(test_unknown_attributes, setup),
        cmocka_unit_test_setup(test_role_conflict, setup),
        cmocka_unit_test_setup(test_refusals_are_rationed, setup),
        cmocka_unit_test_setup(test_no_reply_is_longer_than_its_request, setup),
        cmocka_unit_test_setup(test_indications, setup),
        cmocka_unit_test_setup(test_responses_are_ignored, setup),
        cmocka_unit_test_setup(test_paths_are_bounded, setup),
        cmocka_unit_test_setup(test_bad_credentials, setup),
        cmocka_unit_test_setup(test_passwords_are_wiped, setup),
        cmocka_unit_test_setup(test_restart, setup),
        cmocka_unit_test_setup(test_restart_that_nobody_uses, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
