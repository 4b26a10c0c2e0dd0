// SPDX-License-Identifier: Apache-2.0
#include "rtsp/interleaved.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// An RTP-like frame, a response with a body, an empty frame, a request, RTCP on channel 1.
static const uint8_t stream[] = "$\x00\x00\x0c\x80`ABCDEFGHIJ"
                                "RTSP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n$\x00\x00\x09"
                                "$\x07\x00\x00"
                                "\r\nOPTIONS * RTSP/1.0\r\n\r\n"
                                "$\x01\x00\x08\x80\xc8XXXXXX";

enum {
    STREAM_LEN = sizeof(stream) - 1
};

// Takes all units and appends a letter for each: frame channels as digits, messages as 'm'/'r'.
static void take(struct rtsp_interleaved *in, char *seen)
{
    struct rtsp_unit unit;
    int rc;

    while ((rc = rtsp_interleaved_next(in, &unit)) == 1) {
        char letter = (char)('0' + unit.channel);

        if (!unit.frame)
            letter = unit.message.request ? 'r' : 'm';
        if (!unit.frame && !unit.message.request)
            assert_memory_equal(unit.message.body.data, "$\x00\x00\x09", 4);
        if (unit.frame && unit.channel == 0)
            assert_memory_equal(unit.data, "\x80`ABCDEFGHIJ", 12);
        if (unit.frame && unit.channel == 1)
            assert_memory_equal(unit.data, "\x80\xc8XXXXXX", 8);
        seen[strlen(seen)] = letter;
    }
    assert_int_equal(rc, 0);
}

// Pushes a copy that ends where the bytes end and is gone after it, as a socket's buffer would.
static void push(struct rtsp_interleaved *in, const uint8_t *data, size_t len, char *seen)
{
    uint8_t *copy = malloc(len + 1);

    assert_non_null(copy);
    memcpy(copy, data, len);
    assert_int_equal(rtsp_interleaved_push(in, copy, len), 0);
    take(in, seen);
    free(copy);
}

static void test_split_at_every_byte(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= STREAM_LEN; cut++) {
        struct rtsp_interleaved in;
        char seen[16] = "";

        rtsp_interleaved_init(&in);
        push(&in, stream, cut, seen);
        push(&in, stream + cut, STREAM_LEN - cut, seen);
        assert_string_equal(seen, "0m7r1");
        assert_int_equal(in.losses, 0);
        rtsp_interleaved_fini(&in);
    }
}

static void test_byte_by_byte(void **state)
{
    struct rtsp_interleaved in;
    char seen[16] = "";

    (void)state;
    rtsp_interleaved_init(&in);
    for (size_t i = 0; i < STREAM_LEN; i++)
        push(&in, stream + i, 1, seen);
    assert_string_equal(seen, "0m7r1");
    rtsp_interleaved_fini(&in);
}

static void test_largest_frame(void **state)
{
    enum {
        LEN = 4 + 65535
    };
    uint8_t *data = calloc(1, LEN);
    struct rtsp_interleaved in;
    struct rtsp_unit unit;

    (void)state;
    assert_non_null(data);
    data[0] = '$';
    data[1] = 5;
    data[2] = 0xff;
    data[3] = 0xff;
    rtsp_interleaved_init(&in);
    for (size_t at = 0; at < LEN; at += 1000) {
        size_t len = LEN - at < 1000 ? LEN - at : 1000;

        assert_int_equal(rtsp_interleaved_push(&in, data + at, len), 0);
        assert_int_equal(rtsp_interleaved_next(&in, &unit), at + len == LEN);
    }
    assert_int_equal(unit.len, 65535);
    assert_int_equal(rtsp_interleaved_next(&in, &unit), 0);
    rtsp_interleaved_fini(&in);
    free(data);
}

// After junk only a known channel with something like RTP in it, or a message, is believed.
static void test_foothold_in_junk(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
    } junk[] = {
        {"\x01\x02\x03", 3},
        {"$", 1},
        {"$\xff", 2},
        {"$\x09\x00\x08\x80", 5},
        {"$\x00\x00\x04\x80", 5},
        {"\x80$\x00\x00\x0c@", 6},
        {"RTSP/1.0 \x01", 10},
        {"\x01OPTI", 5},
        {"R\x80\x80", 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        for (size_t cut = 0; cut <= STREAM_LEN; cut++) {
            struct rtsp_interleaved in;
            char seen[16] = "";

            rtsp_interleaved_init(&in);
            rtsp_interleaved_expect(&in, 0);
            rtsp_interleaved_expect(&in, 1);
            // A byte that can be part of nothing puts it out of step whatever follows.
            push(&in, (const uint8_t *)"\x7f", 1, seen);
            push(&in, (const uint8_t *)junk[i].bytes, junk[i].len, seen);
            push(&in, stream, cut, seen);
            push(&in, stream + cut, STREAM_LEN - cut, seen);
            assert_string_equal(seen, "0m7r1");
            assert_int_equal(in.losses, 1);
            rtsp_interleaved_fini(&in);
        }
    }
}

static void test_lost_bytes(void **state)
{
    (void)state;
    // The camera lost bytes in the middle of a frame: the one that it swallowed a part of is
    // gone, the ones after it are not.
    for (size_t lost = 1; lost < 12; lost++) {
        struct rtsp_interleaved in;
        char seen[16] = "";
        uint8_t frame[16 + 3 * 16];
        struct rtsp_unit unit;
        int found = 0;

        memcpy(frame, stream, 16 - lost);
        for (size_t i = 0; i < 3; i++)
            memcpy(frame + 16 - lost + i * 16, stream, 16);
        rtsp_interleaved_init(&in);
        rtsp_interleaved_expect(&in, 0);
        assert_int_equal(rtsp_interleaved_push(&in, frame, 64 - lost), 0);
        while (rtsp_interleaved_next(&in, &unit) == 1)
            found += memcmp(unit.data, "\x80`ABCDEFGHIJ", 12) == 0;
        assert_true(found >= 2);
        take(&in, seen);
        rtsp_interleaved_fini(&in);
    }
}

static void give_up(const uint8_t junk[4096])
{
    struct rtsp_interleaved in;
    struct rtsp_unit unit;
    size_t pushed = 0;
    int rc = 0;

    rtsp_interleaved_init(&in);
    assert_int_equal(rtsp_interleaved_push(&in, (const uint8_t *)"\x7f", 1), 0);
    while (rc == 0 && pushed < (size_t)RTSP_JUNK_MAX * 2) {
        assert_int_equal(rtsp_interleaved_push(&in, junk, 4096), 0);
        pushed += 4096;
        rc = rtsp_interleaved_next(&in, &unit);
    }
    assert_int_equal(rc, -EBADMSG);
    assert_in_range(pushed, RTSP_JUNK_MAX, RTSP_JUNK_MAX + 4096);
    rtsp_interleaved_fini(&in);
}

static void test_not_rtsp(void **state)
{
    static uint8_t junk[4096];

    (void)state;
    give_up(junk);
    // At every other byte of this a message may begin.
    for (size_t i = 0; i < sizeof(junk); i++)
        junk[i] = i % 2 ? ' ' : 'A';
    give_up(junk);
}

static void test_endless_head(void **state)
{
    static uint8_t letters[4096];
    struct rtsp_interleaved in;
    struct rtsp_unit unit;
    int rc = 0;

    (void)state;
    memset(letters, 'a', sizeof(letters));
    rtsp_interleaved_init(&in);
    assert_int_equal(rtsp_interleaved_push(&in, (const uint8_t *)"OPTIONS ", 8), 0);
    for (int i = 0; i < 5 && rc == 0; i++) {
        rc = rtsp_interleaved_next(&in, &unit);
        if (rc == 0)
            assert_int_equal(rtsp_interleaved_push(&in, letters, sizeof(letters)), 0);
    }
    assert_int_equal(rc, -EMSGSIZE);
    rtsp_interleaved_fini(&in);
}

// Whatever comes: no crash, and what is kept stays small.
static void test_random_bytes(void **state)
{
    struct rtsp_interleaved in;
    uint32_t random = 1;

    (void)state;
    rtsp_interleaved_init(&in);
    rtsp_interleaved_expect(&in, 0);
    for (int i = 0; i < 20000; i++) {
        uint8_t data[64];
        struct rtsp_unit unit;
        int rc;

        for (size_t j = 0; j < sizeof(data); j++) {
            random = random * 1664525 + 1013904223;
            data[j] = (uint8_t) "$\x00\x01\x80RTSP/1.0 \r\n:A"[random >> 24 & 15];
        }
        assert_int_equal(rtsp_interleaved_push(&in, data, random >> 20 & 63), 0);
        while ((rc = rtsp_interleaved_next(&in, &unit)) == 1)
            assert_true(!unit.frame || unit.len <= 65535);
        assert_true(in.held_size <= 131072);
        if (rc < 0) {
            rtsp_interleaved_fini(&in);
            rtsp_interleaved_init(&in);
        }
    }
    rtsp_interleaved_fini(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_at_every_byte), cmocka_unit_test(test_byte_by_byte),
        cmocka_unit_test(test_largest_frame),       cmocka_unit_test(test_foothold_in_junk),
        cmocka_unit_test(test_lost_bytes),          cmocka_unit_test(test_not_rtsp),
        cmocka_unit_test(test_endless_head),        cmocka_unit_test(test_random_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
