// SPDX-License-Identifier: Apache-2.0
#include "rtsp/depacketise_aac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rtsp_aac_config hbr = {.size_bits = 13, .index_bits = 3, .delta_bits = 3};
static const struct rtsp_aac_config lbr = {.size_bits = 6, .index_bits = 2, .delta_bits = 2};
static const struct rtsp_aac_config latm = {.latm = true};

static struct rtsp_depacketise_aac d;

// A payload as it is being put together, with AU headers of AAC-hbr.
struct payload {
    uint8_t bytes[8192];
    size_t len;
    size_t headers; // of AUs
};

static void begin(const struct rtsp_aac_config *config)
{
    rtsp_depacketise_aac_begin(&d, config);
}

static void add_header(struct payload *p, size_t unit_len, unsigned index)
{
    uint8_t *at = p->bytes + 2 + 2 * p->headers++;

    at[0] = (uint8_t)(unit_len >> 5);
    at[1] = (uint8_t)(unit_len << 3 | index);
    p->bytes[0] = (uint8_t)(16 * p->headers >> 8);
    p->bytes[1] = (uint8_t)(16 * p->headers);
    p->len = 2 + 2 * p->headers;
}

static void add_data(struct payload *p, uint8_t byte, size_t len)
{
    memset(p->bytes + p->len, byte, len);
    p->len += len;
}

// What comes out of a payload: "a3b5" is three bytes of 'a' and five of 'b'; '!' in the end:
// broken.
static void expect_of(const uint8_t *bytes, size_t len, uint32_t timestamp, bool marker,
                      const char *expected)
{
    uint8_t *copy = malloc(len + 1);
    struct rtsp_rtp rtp = {
        .marker = marker, .timestamp = timestamp, .payload = copy, .payload_len = len};
    char seen[256] = "";
    const uint8_t *unit;
    size_t unit_len;
    int rc;

    copy = realloc(copy, len ? len : 1); // so that one byte too many is seen
    assert_non_null(copy);
    rtp.payload = copy;
    memcpy(copy, bytes, len);
    rc = rtsp_depacketise_aac(&d, &rtp);
    while (rc == 0 && (rc = rtsp_depacketise_aac_next(&d, &unit, &unit_len)) == 1) {
        for (size_t i = 0; i < unit_len; i++)
            assert_int_equal(unit[i], unit[0]);
        snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%c%zu", unit[0], unit_len);
        rc = 0;
    }
    if (rc < 0) {
        assert_int_equal(rc, -EBADMSG);
        strcat(seen, "!");
        assert_int_equal(rtsp_depacketise_aac_next(&d, &unit, &unit_len), 0);
    }
    assert_string_equal(seen, expected);
    free(copy);
}

static void expect(const struct payload *p, uint32_t timestamp, const char *expected)
{
    expect_of(p->bytes, p->len, timestamp, true, expected);
}

static void test_units(void **state)
{
    struct payload one = {0}, three = {0}, most = {0};

    (void)state;
    begin(&hbr);
    add_header(&one, 300, 0);
    add_data(&one, 'a', 300);
    expect(&one, 0, "a300");
    add_header(&three, 1, 0);
    add_header(&three, 2, 0);
    add_header(&three, 3, 0);
    add_data(&three, 'a', 1);
    add_data(&three, 'b', 2);
    add_data(&three, 'c', 3);
    expect(&three, 1024, "a1b2c3");
    add_header(&most, RTSP_AAC_UNIT_MAX, 0);
    add_data(&most, 'm', RTSP_AAC_UNIT_MAX);
    expect(&most, 4096, "m6144");

    begin(&lbr);
    expect_of((const uint8_t *)"\x00\x08\x0c"
                               "aaa",
              6, 0, true, "a3");
    expect_of((const uint8_t *)"\x00\x10\x0c\x08"
                               "aaabb",
              9, 0, true, "a3b2");
    // Bits behind the last header are padding.
    expect_of((const uint8_t *)"\x00\x0c\x0c\x00"
                               "aaa",
              7, 0, true, "a3");
}

static void test_fragments(void **state)
{
    struct payload first = {0}, last = {0}, other = {0}, whole = {0};

    (void)state;
    add_header(&first, 1000, 0);
    add_data(&first, 'f', 600);
    add_header(&last, 1000, 0);
    add_data(&last, 'f', 400);
    add_header(&other, 900, 0);
    add_data(&other, 'o', 600);
    add_header(&whole, 7, 0);
    add_data(&whole, 'w', 7);

    begin(&hbr);
    expect(&first, 0, "");
    expect(&last, 0, "f1000");
    expect(&first, 1024, "");
    expect(&last, 2048, ""); // the end of another one, whose beginning is lost
    expect(&first, 2048, "f1000");
    expect(&first, 3072, "");
    rtsp_depacketise_aac_break(&d);
    expect(&last, 3072, "");
    rtsp_depacketise_aac_break(&d);
    expect(&first, 4096, "");
    expect(&other, 4096, ""); // another size: begins anew
    expect(&whole, 5120, "w7");
    expect(&first, 6144, "");
    expect(&first, 6144, "!"); // more than it said
    expect(&last, 6144, "");
    expect(&whole, 7168, "w7");
}

static void test_interleaved_is_refused(void **state)
{
    struct payload p = {0}, first = {0};

    (void)state;
    begin(&hbr);
    add_header(&p, 3, 0);
    add_header(&p, 3, 1);
    add_data(&p, 'a', 6);
    expect(&p, 0, "a3!");
    // A serial number alone harms nobody.
    add_header(&first, 3, 5);
    add_data(&first, 'a', 3);
    expect(&first, 1024, "a3");
}

static void test_hostile_lengths(void **state)
{
    struct payload short_data = {0}, two = {0}, large = {0}, empty = {0};

    (void)state;
    begin(&hbr);
    expect_of((const uint8_t *)"", 0, 0, true, "!");
    expect_of((const uint8_t *)"\x00", 1, 0, true, "!");
    expect_of((const uint8_t *)"\x00\x10", 2, 0, true, "!");
    expect_of((const uint8_t *)"\x00\x00xx", 4, 0, true, "!");        // no headers
    expect_of((const uint8_t *)"\x00\x0fxxx", 5, 0, true, "!");       // half of one
    expect_of((const uint8_t *)"\xff\xff\x00\x08z", 5, 0, true, "!"); // longer than all there is
    add_header(&empty, 0, 0);
    add_data(&empty, 'e', 3);
    expect(&empty, 0, "!");
    add_header(&two, 3, 0);
    add_header(&two, 8191, 0); // only the first may be a fragment
    add_data(&two, 'a', 10);
    expect(&two, 0, "a3!");
    add_header(&short_data, 5, 0);
    expect(&short_data, 0, ""); // a fragment of nothing
    add_header(&large, RTSP_AAC_UNIT_MAX + 1, 0);
    add_data(&large, 'l', 100);
    expect(&large, 1024, "!");
    add_data(&large, 'l', RTSP_AAC_UNIT_MAX + 1 - 100);
    expect(&large, 2048, "!");
}

static void test_latm(void **state)
{
    uint8_t element[600] = {255, 45};
    uint8_t two[] = {1, 'a', 2, 'b', 'b'};
    uint8_t *much = calloc(1, RTSP_AAC_GATHER_MAX);

    (void)state;
    assert_non_null(much);
    begin(&latm);
    memset(element + 2, 'l', 300);
    expect_of(element, 302, 0, true, "l300");
    expect_of(two, sizeof(two), 1024, true, "a1b2");
    expect_of(element, 100, 2048, false, "");
    expect_of(element + 100, 202, 2048, true, "l300");
    expect_of(element, 100, 3072, false, "");
    expect_of(two, sizeof(two), 4096, true, "a1b2"); // the end of the one before is lost
    expect_of(element, 301, 5120, true, "!");
    expect_of(element, 1, 5120, true, "!");
    expect_of(two, 4, 6144, true, "a1!");
    expect_of((const uint8_t *)"\0x", 2, 6144, true, "!");
    // It has no end.
    expect_of(much, RTSP_AAC_GATHER_MAX, 7168, false, "");
    expect_of(much, 1, 7168, false, "!");
    expect_of(two, sizeof(two), 8192, true, "a1b2");
    free(much);
}

static void test_random_bytes(void **state)
{
    static const struct rtsp_aac_config *const configs[] = {&hbr, &lbr, &latm};
    uint32_t seed = 1;

    (void)state;
    for (unsigned round = 0; round < 30000; round++) {
        size_t len = round % 40;
        uint8_t *bytes = malloc(len + 1);
        struct rtsp_rtp rtp = {.marker = round % 3 == 0, .timestamp = round / 4, .payload = bytes};
        const uint8_t *unit;
        size_t unit_len;

        if (round % 10000 == 0)
            begin(configs[round / 10000]);
        bytes = realloc(bytes, len ? len : 1);
        assert_non_null(bytes);
        rtp.payload = bytes;
        rtp.payload_len = len;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525 + 1013904223;
            bytes[i] = (uint8_t)(i < 2 && round % 2 ? i * 16 : seed >> 24);
        }
        if (rtsp_depacketise_aac(&d, &rtp) == 0)
            while (rtsp_depacketise_aac_next(&d, &unit, &unit_len) == 1) {
                assert_in_range(unit_len, 1, RTSP_AAC_UNIT_MAX);
                assert_true(unit[unit_len - 1] <= 255);
            }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_interleaved_is_refused),
        cmocka_unit_test(test_hostile_lengths),
        cmocka_unit_test(test_latm),
        cmocka_unit_test(test_random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
