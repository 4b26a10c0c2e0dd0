// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/stun_text.h"
#include "webrtc/peer.h"
#include "webrtc/stun.h"

// RFC 5769 2.1 to 2.3.
static const char password[] = "VOkJxbRl1RmTxUk/WvJxBt";

static const uint8_t request_vector[] = {
    0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73,
    0x74, 0x20, 0x63, 0x6c, 0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff,
    0x80, 0x29, 0x00, 0x08, 0x93, 0x2f, 0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09,
    0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76, 0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14,
    0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e, 0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49,
    0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
};

static const uint8_t ipv4_vector[] = {
    0x01, 0x01, 0x00, 0x3c, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x08, 0x00, 0x01, 0xa1, 0x47, 0xe1, 0x12, 0xa6, 0x43,
    0x00, 0x08, 0x00, 0x14, 0x2b, 0x91, 0xf5, 0x99, 0xfd, 0x9e, 0x90, 0xc3, 0x8c, 0x74, 0x89, 0xf9,
    0x2a, 0xf9, 0xba, 0x53, 0xf0, 0x6b, 0xe7, 0xd7, 0x80, 0x28, 0x00, 0x04, 0xc0, 0x7d, 0x4c, 0x96,
};

static const uint8_t ipv6_vector[] = {
    0x01, 0x01, 0x00, 0x48, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86,
    0xfa, 0x87, 0xdf, 0xae, 0x80, 0x22, 0x00, 0x0b, 0x74, 0x65, 0x73, 0x74, 0x20, 0x76, 0x65, 0x63,
    0x74, 0x6f, 0x72, 0x20, 0x00, 0x20, 0x00, 0x14, 0x00, 0x02, 0xa1, 0x47, 0x01, 0x13, 0xa9, 0xfa,
    0xa5, 0xd3, 0xf1, 0x79, 0xbc, 0x25, 0xf4, 0xb5, 0xbe, 0xd2, 0xb9, 0xd9, 0x00, 0x08, 0x00, 0x14,
    0xa3, 0x82, 0x95, 0x4e, 0x4b, 0xe6, 0x7b, 0xf1, 0x17, 0x84, 0xc9, 0x7c, 0x82, 0x92, 0xc2, 0x75,
    0xbf, 0xe3, 0xed, 0x41, 0x80, 0x28, 0x00, 0x04, 0xc8, 0xfb, 0x0b, 0x4c,
};

static bool authentic(const uint8_t *data, size_t len, const char *key)
{
    struct wrtc_stun message;
    return wrtc_stun_parse(data, len, &message) == 0 && wrtc_stun_fingerprint_ok(&message) &&
           wrtc_stun_integrity_ok(&message, key);
}

static void test_request_vector(void **state)
{
    (void)state;
    struct wrtc_stun message;
    assert_int_equal(wrtc_stun_parse(request_vector, sizeof(request_vector), &message), 0);
    assert_int_equal(message.type, WRTC_STUN_BINDING_REQUEST);
    assert_int_equal(message.username_len, 9);
    assert_memory_equal(message.username, "evtj:h6vY", 9);
    assert_true(message.has_priority);
    assert_true(message.controlled);
    assert_false(message.use_candidate);
    assert_int_equal(message.unknown_count, 0);
    assert_true(wrtc_stun_fingerprint_ok(&message));
    assert_true(wrtc_stun_integrity_ok(&message, password));
    assert_false(wrtc_stun_integrity_ok(&message, "VOkJxbRl1RmTxUk/WvJxBu"));
    assert_false(wrtc_stun_integrity_ok(&message, ""));
}

static void test_response_vectors(void **state)
{
    (void)state;
    assert_true(authentic(ipv4_vector, sizeof(ipv4_vector), password));
    assert_true(authentic(ipv6_vector, sizeof(ipv6_vector), password));
}

// What is written has the vectors' address, for the same transaction, and can be verified.
static void test_success_carries_the_mapped_address(void **state)
{
    (void)state;
    const struct {
        const char *host;
        const uint8_t *vector;
        size_t vector_len;
    } cases[] = {
        {"192.0.2.1", ipv4_vector, sizeof(ipv4_vector)},
        {"2001:db8:1234:5678:11:2233:4455:6677", ipv6_vector, sizeof(ipv6_vector)},
    };
    struct wrtc_stun request;
    assert_int_equal(wrtc_stun_parse(request_vector, sizeof(request_vector), &request), 0);
    for (size_t i = 0; i < 2; i++) {
        struct eng_addr addr = test_addr(cases[i].host, 32853);
        uint8_t out[WRTC_STUN_REPLY_MAX];
        size_t want_len = 0;
        size_t got_len = 0;
        memset(out, 0xaa, sizeof(out));
        size_t len = wrtc_stun_write_success(&request, &addr, password, out);
        const uint8_t *want = stun_find(cases[i].vector, cases[i].vector_len, 0x0020, &want_len);
        const uint8_t *got = stun_find(out, len, 0x0020, &got_len);
        assert_non_null(got);
        assert_int_equal(got_len, want_len);
        assert_memory_equal(got, want, want_len);
        assert_int_equal(stun_error_code(out, len), 0);
        assert_memory_equal(out + 8, request_vector + 8, 12);
        assert_true(authentic(out, len, password));
        assert_null(stun_find(out, len, 0x8022, &got_len));
    }
}

static void test_errors(void **state)
{
    (void)state;
    const enum wrtc_stun_error codes[] = {WRTC_STUN_BAD_REQUEST, WRTC_STUN_UNAUTHENTICATED,
                                          WRTC_STUN_UNKNOWN_ATTRIBUTE, WRTC_STUN_ROLE_CONFLICT};
    struct wrtc_stun request;
    assert_int_equal(wrtc_stun_parse(request_vector, sizeof(request_vector), &request), 0);
    for (size_t i = 0; i < 4; i++) {
        uint8_t out[WRTC_STUN_REPLY_MAX];
        memset(out, 0xaa, sizeof(out));
        size_t len = wrtc_stun_write_error(&request, codes[i], password, out);
        assert_int_equal(stun_error_code(out, len), codes[i]);
        assert_true(authentic(out, len, password));
        for (size_t k = len; k < sizeof(out); k++)
            assert_int_equal(out[k], 0);

        struct wrtc_stun reply;
        len = wrtc_stun_write_error(&request, codes[i], NULL, out);
        assert_int_equal(wrtc_stun_parse(out, len, &reply), 0);
        assert_int_equal(reply.integrity_at, 0);
        assert_true(wrtc_stun_fingerprint_ok(&reply));
    }
}

static void test_unknown_attributes_are_listed(void **state)
{
    (void)state;
    struct stun_text text;
    struct wrtc_stun request;
    uint8_t out[WRTC_STUN_REPLY_MAX];
    size_t n = 0;
    stun_begin(&text, 0x0001, 7);
    stun_add(&text, 0x8056, "opt", 3); // comprehension-optional: no complaint
    for (uint16_t type = 0x7f00; type < 0x7f14; type++)
        stun_add(&text, type, "x", 1);
    assert_int_equal(wrtc_stun_parse(text.data, text.len, &request), 0);
    assert_int_equal(request.unknown_count, WRTC_STUN_UNKNOWN_MAX);
    size_t len = wrtc_stun_write_error(&request, WRTC_STUN_UNKNOWN_ATTRIBUTE, password, out);
    const uint8_t *list = stun_find(out, len, 0x000a, &n);
    assert_non_null(list);
    assert_int_equal(n, 2 * WRTC_STUN_UNKNOWN_MAX);
    for (size_t i = 0; i < WRTC_STUN_UNKNOWN_MAX; i++)
        assert_int_equal(list[2 * i] << 8 | list[2 * i + 1], 0x7f00 + (int)i);
}

// Behind MESSAGE-INTEGRITY only FINGERPRINT is read, and nothing may stand behind that.
static void test_what_follows_integrity(void **state)
{
    (void)state;
    struct stun_text text;
    struct wrtc_stun message;
    stun_begin(&text, 0x0001, 7);
    stun_add(&text, 0x0006, "a:b", 3);
    stun_add_integrity(&text, password);
    stun_add(&text, 0x0025, NULL, 0);
    stun_add(&text, 0x7fff, NULL, 0);
    stun_add_fingerprint(&text);
    assert_int_equal(wrtc_stun_parse(text.data, text.len, &message), 0);
    assert_false(message.use_candidate);
    assert_int_equal(message.unknown_count, 0);
    assert_true(wrtc_stun_fingerprint_ok(&message));
    assert_true(wrtc_stun_integrity_ok(&message, password));

    stun_add(&text, 0x8022, "late", 4);
    assert_int_equal(wrtc_stun_parse(text.data, text.len, &message), -EBADMSG);
}

static void test_first_of_repeated_counts(void **state)
{
    (void)state;
    struct stun_text text;
    struct wrtc_stun message;
    stun_begin(&text, 0x0001, 7);
    stun_add(&text, 0x0006, "one:1", 5);
    stun_add(&text, 0x0006, "two:2", 5);
    assert_int_equal(wrtc_stun_parse(text.data, text.len, &message), 0);
    assert_memory_equal(message.username, "one:1", 5);
}

static void test_wrong_lengths(void **state)
{
    (void)state;
    const struct {
        uint16_t type;
        size_t len;
    } wrong[] = {{0x0008, 16}, {0x0024, 3}, {0x0024, 8}, {0x0025, 4},
                 {0x8028, 8},  {0x8029, 4}, {0x0008, 24}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct stun_text text;
        struct wrtc_stun message;
        uint8_t value[32] = {0};
        stun_begin(&text, 0x0001, 7);
        stun_add(&text, wrong[i].type, value, wrong[i].len);
        assert_int_equal(wrtc_stun_parse(text.data, text.len, &message), -EBADMSG);
    }
}

// A heap copy of the exact size, so that ASan sees a byte too far.
static int parse_copy(const uint8_t *data, size_t len, struct wrtc_stun *out)
{
    uint8_t *copy = malloc(len ? len : 1);
    assert_non_null(copy);
    memcpy(copy, data, len);
    char ufrag[WRTC_UFRAG_MAX];
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    int rc = wrtc_stun_parse(copy, len, out);
    if (rc == 0) {
        wrtc_stun_integrity_ok(out, password);
        wrtc_stun_fingerprint_ok(out);
    }
    wrtc_stun_local_ufrag(copy, len, ufrag);
    assert_true(wrtc_stun_refuse(copy, len, reply, sizeof(reply)) <= len);
    free(copy);
    return rc;
}

static void test_truncated_at_every_byte(void **state)
{
    (void)state;
    struct wrtc_stun message;
    for (size_t len = 0; len < sizeof(request_vector); len++) {
        uint8_t data[sizeof(request_vector)];
        memcpy(data, request_vector, sizeof(data));
        assert_int_equal(parse_copy(data, len, &message), -EBADMSG);
        // The same with a header that agrees to the length: cut inside an attribute, or the
        // integrity and fingerprint are gone.
        if (len < WRTC_STUN_HEADER_LEN)
            continue;
        stun_put_u16(data + 2, len - WRTC_STUN_HEADER_LEN);
        if (parse_copy(data, len, &message) == 0)
            assert_int_equal(message.fingerprint_at, 0);
    }
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof(request_vector); bit++) {
        uint8_t data[sizeof(request_vector)];
        memcpy(data, request_vector, sizeof(data));
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(authentic(data, sizeof(data), password));
    }
}

static void test_random_mutations(void **state)
{
    (void)state;
    srandom(1);
    for (int round = 0; round < 50000; round++) {
        uint8_t data[sizeof(request_vector)];
        struct wrtc_stun message;
        memcpy(data, request_vector, sizeof(data));
        for (long n = random() % 6; n >= 0; n--)
            data[(size_t)random() % sizeof(data)] = (uint8_t)random();
        size_t len = (size_t)random() % (sizeof(data) + 1) & ~(size_t)3;
        if (len >= WRTC_STUN_HEADER_LEN && random() % 4)
            stun_put_u16(data + 2, len - WRTC_STUN_HEADER_LEN);
        parse_copy(data, len, &message);
    }
}

static void test_local_ufrag(void **state)
{
    (void)state;
    char ufrag[WRTC_UFRAG_MAX] = "untouched";
    struct stun_text text;
    assert_true(wrtc_stun_local_ufrag(request_vector, sizeof(request_vector), ufrag));
    assert_string_equal(ufrag, "evtj");

    const struct {
        uint16_t type;
        const char *username;
        size_t len;
    } bad[] = {{0x0001, "nocolon", 7}, {0x0001, ":h6vY", 5},  {0x0001, "", 0},
               {0x0011, "evtj:h", 6},  {0x0101, "evtj:h", 6}, {0x0001, "e\0tj:h", 6}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        stun_begin(&text, bad[i].type, 7);
        stun_add(&text, 0x0006, bad[i].username, bad[i].len);
        assert_false(wrtc_stun_local_ufrag(text.data, text.len, ufrag));
    }

    char name[300];
    memset(name, 'u', sizeof(name));
    name[256] = ':';
    stun_begin(&text, 0x0001, 7);
    stun_add(&text, 0x0006, name, 260);
    assert_true(wrtc_stun_local_ufrag(text.data, text.len, ufrag));
    assert_int_equal(strlen(ufrag), 256);
    name[256] = 'u';
    name[257] = ':';
    stun_begin(&text, 0x0001, 7);
    stun_add(&text, 0x0006, name, 260);
    assert_false(wrtc_stun_local_ufrag(text.data, text.len, ufrag));
}

static void test_refuse(void **state)
{
    (void)state;
    uint8_t out[WRTC_STUN_REPLY_MAX];
    struct stun_text text;
    size_t len = wrtc_stun_refuse(request_vector, sizeof(request_vector), out, sizeof(out));
    assert_int_equal(stun_error_code(out, len), 401);
    assert_true(len <= sizeof(request_vector));
    assert_int_equal(wrtc_stun_refuse(request_vector, sizeof(request_vector), out, len - 1), 0);

    struct stun_check check = {.username = "evtj:h6vY", .no_integrity = true};
    stun_write_check(&text, &check);
    len = wrtc_stun_refuse(text.data, text.len, out, sizeof(out));
    assert_int_equal(stun_error_code(out, len), 400);

    check.no_fingerprint = true;
    stun_write_check(&text, &check);
    assert_int_equal(wrtc_stun_refuse(text.data, text.len, out, sizeof(out)), 0);

    // A reply would be longer than what it answers.
    stun_begin(&text, 0x0001, 7);
    stun_add_fingerprint(&text);
    assert_int_equal(wrtc_stun_refuse(text.data, text.len, out, sizeof(out)), 0);
    // Not a request.
    assert_int_equal(wrtc_stun_refuse(ipv4_vector, sizeof(ipv4_vector), out, sizeof(out)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_vector),
        cmocka_unit_test(test_response_vectors),
        cmocka_unit_test(test_success_carries_the_mapped_address),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_unknown_attributes_are_listed),
        cmocka_unit_test(test_what_follows_integrity),
        cmocka_unit_test(test_first_of_repeated_counts),
        cmocka_unit_test(test_wrong_lengths),
        cmocka_unit_test(test_truncated_at_every_byte),
        cmocka_unit_test(test_every_flipped_bit_is_noticed),
        cmocka_unit_test(test_random_mutations),
        cmocka_unit_test(test_local_ufrag),
        cmocka_unit_test(test_refuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
