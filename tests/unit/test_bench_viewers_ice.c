// SPDX-License-Identifier: Apache-2.0
//
// The ICE agent of bench/viewers: against our own ICE-lite agent, and against checks of a full one.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "bench/viewers_ice.h"
#include "bench/viewers_stun.h"
#include "tests/support/oracle.h"
#include "webrtc/ice.h"

#define MS INT64_C(1000000)

enum {
    SENT_MAX = 64
};

static struct {
    struct eng_addr to;
    uint8_t data[VIEWERS_STUN_MAX];
    size_t len;
} sent[SENT_MAX];
static size_t sent_count;

static struct viewers_ice ice;
static struct wrtc_ice server;
static struct viewers_answer answer;
static const char pwd[] = "0123456789abcdefghijkl";

static void keep(void *ctx, const struct eng_addr *to, const uint8_t *data, size_t len)
{
    (void)ctx;
    assert_true(sent_count < SENT_MAX && len <= sizeof(sent[0].data));
    sent[sent_count].to = *to;
    memcpy(sent[sent_count].data, data, len);
    sent[sent_count++].len = len;
}

// Two candidates; the viewer's first checks have been sent.
static int begin(void **state)
{
    (void)state;
    sent_count = 0;
    memset(&answer, 0, sizeof(answer));
    strcpy(answer.transport.ufrag, "abcd");
    strcpy(answer.transport.pwd, pwd);
    answer.candidate_count = 2;
    answer.candidate[0] = loopback_addr(1001);
    answer.candidate[1] = loopback_addr(1002);
    viewers_ice_init(&ice, keep, NULL);
    viewers_ice_start(&ice, &answer, 0);
    return wrtc_ice_init(&server, "abcd", pwd, ice.ufrag, 0);
}

// The server, at the second candidate, answers datagram i.
static void let_answer(size_t i, int64_t now_ns)
{
    struct eng_tuple tuple = {.remote = loopback_addr(5000), .local = sent[i].to};
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    size_t len = wrtc_ice_receive(&server, &tuple, 0, sent[i].data, sent[i].len, now_ns, reply);

    assert_true(len > 0);
    viewers_ice_receive(&ice, &sent[i].to, reply, len, now_ns);
}

static void test_nominates_the_one_that_answers(void **state)
{
    (void)state;
    assert_int_equal(sent_count, 2);
    let_answer(1, 3 * MS);
    assert_int_equal(ice.state, VIEWERS_ICE_NOMINATING);
    assert_null(wrtc_ice_nominated(&server));
    assert_int_equal(sent_count, 3);
    let_answer(2, 5 * MS);
    assert_int_equal(ice.state, VIEWERS_ICE_CONNECTED);
    assert_non_null(wrtc_ice_nominated(&server));
    assert_int_equal(eng_addr_port(viewers_ice_remote(&ice)), 1002);
    assert_int_equal(ice.rtt_ns, 2 * MS);
    assert_int_equal(ice.answered_ns, 5 * MS);
}

static void test_repeats_until_answered(void **state)
{
    (void)state;
    assert_int_equal(viewers_ice_next_ns(&ice), 50 * MS);
    viewers_ice_tick(&ice, 50 * MS);
    assert_int_equal(sent_count, 4);
    assert_int_equal(viewers_ice_next_ns(&ice), 150 * MS);
    viewers_ice_tick(&ice, 150 * MS);
    let_answer(4, 160 * MS);
    // The nomination is lost; the other candidate is not bothered again.
    size_t before = sent_count;
    viewers_ice_tick(&ice, 210 * MS);
    assert_int_equal(sent_count, before + 1);
    let_answer(before, 211 * MS);
    assert_int_equal(ice.state, VIEWERS_ICE_CONNECTED);
}

static void connect_ice(void)
{
    let_answer(1, 0);
    let_answer(2, 0);
    assert_int_equal(ice.state, VIEWERS_ICE_CONNECTED);
}

static void test_consent(void **state)
{
    int64_t now_ns = 0;

    (void)state;
    connect_ice();
    for (int i = 0; i < 20; i++) {
        int64_t next_ns = viewers_ice_next_ns(&ice);

        assert_in_range(next_ns - now_ns, 2000 * MS, 3000 * MS);
        now_ns = next_ns;
        size_t before = sent_count;
        viewers_ice_tick(&ice, now_ns);
        assert_int_equal(sent_count, before + 1);
        let_answer(before, now_ns);
        assert_int_equal(ice.answered_ns, now_ns);
    }
}

static void test_forged_answers(void **state)
{
    struct wrtc_stun request;
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    struct eng_addr mapped = loopback_addr(5000);
    size_t len;

    (void)state;
    assert_int_equal(wrtc_stun_parse(sent[1].data, sent[1].len, &request), 0);
    len = wrtc_stun_write_success(&request, &mapped, "another password, 24 ch", reply);
    viewers_ice_receive(&ice, &sent[1].to, reply, len, 0);
    request.transaction[0] ^= 1;
    len = wrtc_stun_write_success(&request, &mapped, pwd, reply);
    viewers_ice_receive(&ice, &sent[1].to, reply, len, 0);
    assert_int_equal(ice.state, VIEWERS_ICE_CHECKING);
}

static void test_error_is_kept_for_the_report(void **state)
{
    struct wrtc_stun request;
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    size_t len;

    (void)state;
    assert_int_equal(wrtc_stun_parse(sent[0].data, sent[0].len, &request), 0);
    len = wrtc_stun_write_error(&request, WRTC_STUN_UNAUTHENTICATED, NULL, reply);
    viewers_ice_receive(&ice, &sent[0].to, reply, len, 0);
    assert_int_equal(ice.error, 401);
    assert_int_equal(ice.state, VIEWERS_ICE_CHECKING);
}

// A full agent's check, from an address that the answer did not name.
static void send_check(const char *username, const char *password)
{
    static const uint8_t transaction[WRTC_STUN_TRANSACTION_LEN] = "transaction";
    uint8_t data[VIEWERS_STUN_MAX];
    struct viewers_stun check = {
        .transaction = transaction, .username = username, .password = password};
    struct eng_addr from = loopback_addr(1003);

    viewers_ice_receive(&ice, &from, data, viewers_stun_request(&check, data), 0);
}

static void test_answers_a_full_agent(void **state)
{
    struct wrtc_stun reply, check;
    char username[32];

    (void)state;
    snprintf(username, sizeof(username), "%s:abcd", ice.ufrag);
    send_check(username, ice.pwd);
    assert_int_equal(sent_count, 4); // the answer, and a check of our own in return
    assert_int_equal(wrtc_stun_parse(sent[2].data, sent[2].len, &reply), 0);
    assert_int_equal(reply.type, WRTC_STUN_BINDING_SUCCESS);
    assert_true(wrtc_stun_fingerprint_ok(&reply) && wrtc_stun_integrity_ok(&reply, ice.pwd));
    assert_int_equal(wrtc_stun_parse(sent[3].data, sent[3].len, &check), 0);
    assert_int_equal(check.type, WRTC_STUN_BINDING_REQUEST);
    assert_int_equal(eng_addr_port(&sent[3].to), 1003);
    let_answer(3, 0);
    let_answer(4, 0);
    assert_int_equal(eng_addr_port(viewers_ice_remote(&ice)), 1003);
}

static void test_ignores_strangers(void **state)
{
    char username[32];

    (void)state;
    snprintf(username, sizeof(username), "%s:abcd", ice.ufrag);
    send_check(username, "not the password, 24 chr");
    send_check("wrong:abcd", ice.pwd);
    assert_int_equal(sent_count, 2);
    assert_int_equal(ice.pair_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nominates_the_one_that_answers, begin),
        cmocka_unit_test_setup(test_repeats_until_answered, begin),
        cmocka_unit_test_setup(test_consent, begin),
        cmocka_unit_test_setup(test_forged_answers, begin),
        cmocka_unit_test_setup(test_error_is_kept_for_the_report, begin),
        cmocka_unit_test_setup(test_answers_a_full_agent, begin),
        cmocka_unit_test_setup(test_ignores_strangers, begin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
