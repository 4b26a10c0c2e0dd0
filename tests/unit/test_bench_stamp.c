// SPDX-License-Identifier: Apache-2.0
//
// The time in an SEI NAL unit.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bench/stamp.h"

enum {
    HEAD_LEN = 19, // NAL header, type and size of the message, UUID
    RANDOM_TIMES = 200000,
};

// By hand from ITU-T H.264 7.3.2.3, 7.4.1, D.1.7.
static const uint8_t head[HEAD_LEN] = "\x06\x05\x18\x72\x74\x63\x66\x61\x6e\x42\x65\x8e\x63\x68"
                                      "\x4c\x61\x74\x65\x6e";
static const struct {
    int64_t ns;
    uint8_t tail[BENCH_STAMP_LEN - HEAD_LEN];
} vectors[] = {
    {0x1122334455667788,
     {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x80}},
    // Four minutes and a day after the machine's start.
    {0x000000380a0b0c0d, {0, 0, 3, 0, 0x38, 0x0a, 0x0b, 0x0c, 0x0d, 3, 3, 0xff, 0xff, 0xff, 0x80}},
    {0x00004e950a0b0c0d,
     {0, 0, 0x4e, 0x95, 0x0a, 0x0b, 0x0c, 0x0d, 3, 4, 0xff, 0xff, 0xff, 0xff, 0x80}},
    // The prevention byte's own value, and an end in zeros.
    {0x1122000003000001, {0x11, 0x22, 0, 0, 3, 3, 0, 0, 3, 1, 3, 2, 0xff, 0xff, 0x80}},
    {0x1122334455000000, {0x11, 0x22, 0x33, 0x44, 0x55, 0, 0, 3, 0, 3, 3, 0xff, 0xff, 0xff, 0x80}},
    {0x1122334455660000,
     {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0, 0, 3, 3, 3, 0xff, 0xff, 0xff, 0x80}},
    {0, {0, 0, 3, 0, 0, 3, 0, 0, 3, 0, 0, 3, 3, 0, 0x80}},
};

static void test_layout(void **state)
{
    (void)state;

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t nal[BENCH_STAMP_LEN];
        int64_t ns = -1;

        bench_stamp_encode(vectors[i].ns, nal);
        assert_memory_equal(nal, head, HEAD_LEN);
        assert_memory_equal(nal + HEAD_LEN, vectors[i].tail, sizeof(vectors[i].tail));
        assert_true(bench_stamp_decode(nal, sizeof(nal), &ns));
        assert_int_equal(ns, vectors[i].ns);
    }
}

// No three bytes of a NAL unit may look like a start code, nor may it end in zero (7.4.1).
static void check(int64_t ns)
{
    uint8_t nal[BENCH_STAMP_LEN];
    int64_t read = -1;

    bench_stamp_encode(ns, nal);
    for (size_t i = 0; i + 2 < sizeof(nal); i++) {
        if (nal[i] != 0 || nal[i + 1] != 0 || nal[i + 2] > 3)
            continue;
        assert_int_equal(nal[i + 2], 3);
        assert_true(i + 3 < sizeof(nal) && nal[i + 3] <= 3);
    }
    assert_int_equal(nal[sizeof(nal) - 1], 0x80);
    assert_true(bench_stamp_decode(nal, sizeof(nal), &read));
    assert_int_equal(read, ns);
}

// All patterns of bytes that matter to emulation prevention, and random times.
static void test_every_time_comes_back(void **state)
{
    static const uint8_t values[] = {0, 1, 3, 4};
    (void)state;

    for (unsigned pattern = 0; pattern < 1u << 16; pattern++) {
        uint64_t ns = 0;
        for (unsigned i = 0; i < 8; i++)
            ns = ns << 8 | values[pattern >> (2 * i) & 3];
        check((int64_t)ns);
    }
    srandom(1);
    for (unsigned i = 0; i < RANDOM_TIMES; i++)
        check((int64_t)random() << 32 ^ (int64_t)random() << (i % 32));
}

// As servers and encoders put messages together: the stamp is not the only one.
static void test_among_other_messages(void **state)
{
    uint8_t nal[600] = {0x26, 1, 0, 5, 24}, stamp[BENCH_STAMP_LEN];
    size_t len = 5;
    int64_t ns = -1;
    (void)state;

    memset(nal + len, 'u', 24); // another UUID
    len += 24;
    memcpy(nal + len, (uint8_t[]){0xff, 0x02, 0xff, 0x01}, 4); // type 257, 256 bytes
    len += 4;
    memset(nal + len, 5, 256);
    len += 256;
    bench_stamp_encode(77, stamp);
    memcpy(nal + len, stamp + 1, sizeof(stamp) - 1);
    assert_true(bench_stamp_decode(nal, len + sizeof(stamp) - 1, &ns));
    assert_int_equal(ns, 77);
}

static void test_nothing_else_is_a_stamp(void **state)
{
    uint8_t stamp[BENCH_STAMP_LEN];
    int64_t ns = -1;
    (void)state;

    bench_stamp_encode(0x1122000003000001, stamp);
    for (size_t cut = 0; cut < HEAD_LEN + 10; cut++) {
        uint8_t *copy = malloc(cut + 1);
        assert_non_null(copy);
        memcpy(copy, stamp, cut);
        assert_false(bench_stamp_decode(copy, cut, &ns));
        free(copy);
    }
    stamp[0] = 0x61; // a slice
    assert_false(bench_stamp_decode(stamp, sizeof(stamp), &ns));
    stamp[0] = 0x06;
    stamp[HEAD_LEN - 1] ^= 1;
    assert_false(bench_stamp_decode(stamp, sizeof(stamp), &ns));
    assert_false(bench_stamp_decode((const uint8_t *)"\x06\x80", 2, &ns));
    assert_int_equal(ns, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_every_time_comes_back),
        cmocka_unit_test(test_among_other_messages),
        cmocka_unit_test(test_nothing_else_is_a_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
