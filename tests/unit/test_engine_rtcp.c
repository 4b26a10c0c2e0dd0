// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/rtcp.h"

struct seen {
    struct eng_rtcp_report report;
    unsigned reports, nacks, keyframes, rembs, byes, arrivals, ends;
    uint64_t bps;
    uint16_t nacked[600];
    uint16_t number[ENG_RTCP_ARRIVALS_MAX];
    int64_t at_us[ENG_RTCP_ARRIVALS_MAX];
    uint32_t ssrc;
};

static void on_report(void *ctx, const struct eng_rtcp_report *report)
{
    struct seen *seen = ctx;

    seen->report = *report;
    seen->reports++;
}

static void on_nack(void *ctx, uint32_t ssrc, uint16_t seq)
{
    struct seen *seen = ctx;

    seen->ssrc = ssrc;
    assert_true(seen->nacks < 600);
    seen->nacked[seen->nacks++] = seq;
}

static void on_keyframe(void *ctx, uint32_t ssrc)
{
    struct seen *seen = ctx;

    seen->ssrc = ssrc;
    seen->keyframes++;
}

static void on_remb(void *ctx, uint64_t bps)
{
    struct seen *seen = ctx;

    seen->bps = bps;
    seen->rembs++;
}

static void on_arrival(void *ctx, uint16_t number, int64_t at_us)
{
    struct seen *seen = ctx;
    unsigned i = seen->arrivals++ % ENG_RTCP_ARRIVALS_MAX;

    seen->number[i] = number;
    seen->at_us[i] = at_us;
}

static void on_arrivals_end(void *ctx)
{
    ((struct seen *)ctx)->ends++;
}

static void on_bye(void *ctx)
{
    ((struct seen *)ctx)->byes++;
}

static int read_into(struct seen *seen, const uint8_t *data, size_t len)
{
    const struct eng_rtcp_handler handler = {
        .ctx = seen,
        .report = on_report,
        .nack = on_nack,
        .keyframe = on_keyframe,
        .remb = on_remb,
        .arrival = on_arrival,
        .arrivals_end = on_arrivals_end,
        .bye = on_bye,
    };

    memset(seen, 0, sizeof(*seen));
    return eng_rtcp_read(data, len, &handler);
}

static void reads_a_receiver_report(void **state)
{
    static const uint8_t rr[] = {0x81, 201, 0,    7,    0,    0, 0, 9,    0x11, 0x22, 0x33,
                                 0x44, 64,  0xff, 0xff, 0xfe, 0, 1, 0x12, 0x34, 0,    0,
                                 0,    77,  1,    2,    3,    4, 0, 0,    0x80, 0};
    struct seen seen;

    (void)state;
    assert_int_equal(read_into(&seen, rr, sizeof(rr)), 0);
    assert_int_equal(seen.reports, 1);
    assert_int_equal(seen.report.ssrc, 0x11223344);
    assert_int_equal(seen.report.fraction_lost, 64);
    assert_int_equal(seen.report.lost, -2);
    assert_int_equal(seen.report.highest, 0x11234);
    assert_int_equal(seen.report.jitter, 77);
    assert_int_equal(seen.report.lsr, 0x01020304);
    assert_int_equal(seen.report.dlsr, 0x8000);
}

static void reads_nack_pli_fir_bye_in_one_compound(void **state)
{
    static const uint8_t compound[] = {
        0x81, 205, 0, 3, 0, 0, 0, 9, 0, 0, 0, 5, 0xff, 0xff, 0x80, 0x01, // NACK 65535, 0, 15
        0x81, 206, 0, 2, 0, 0, 0, 9, 0, 0, 0, 5,                         // PLI
        0x84, 206, 0, 4, 0, 0, 0, 9, 0, 0, 0, 0, 0,    0,    0,    6,    1, 0, 0, 0, // FIR
        0x80, 204, 0, 0,                         // APP: passed over
        0xa1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4, // BYE with padding
    };
    struct seen seen;

    (void)state;
    assert_int_equal(read_into(&seen, compound, sizeof(compound)), 0);
    assert_int_equal(seen.nacks, 3);
    assert_int_equal(seen.nacked[0], 65535);
    assert_int_equal(seen.nacked[1], 0);
    assert_int_equal(seen.nacked[2], 15);
    assert_int_equal(seen.keyframes, 2);
    assert_int_equal(seen.ssrc, 6);
    assert_int_equal(seen.byes, 1);
}

static void reads_remb(void **state)
{
    // 2^3 * 0x2abcd bit/s for two SSRCs.
    static const uint8_t remb[] = {0x8f, 206, 0, 6,    0,    0,    0, 9, 0, 0, 0, 0, 'R', 'E',
                                   'M',  'B', 2, 0x0e, 0xab, 0xcd, 0, 0, 0, 5, 0, 0, 0,   6};
    uint8_t other[sizeof(remb)];
    struct seen seen;

    (void)state;
    assert_int_equal(read_into(&seen, remb, sizeof(remb)), 0);
    assert_int_equal(seen.rembs, 1);
    assert_int_equal(seen.bps, 0x2abcd << 3);
    // The largest exponents: as far as 64 bits go.
    memcpy(other, remb, sizeof(other));
    other[17] = 46 << 2 | 3;
    other[18] = other[19] = 0xff;
    assert_int_equal(read_into(&seen, other, sizeof(other)), 0);
    assert_true(seen.bps == UINT64_C(0x3ffff) << 46);
    for (unsigned exponent = 47; exponent < 64; exponent++) {
        other[17] = (uint8_t)(exponent << 2 | 3);
        assert_int_equal(read_into(&seen, other, sizeof(other)), 0);
        assert_true(seen.bps == UINT64_MAX);
    }
    other[17] = 63 << 2;
    other[18] = other[19] = 0;
    assert_int_equal(read_into(&seen, other, sizeof(other)), 0);
    assert_int_equal(seen.bps, 0);
    // More SSRCs than there is room for.
    other[16] = 3;
    assert_int_equal(read_into(&seen, other, sizeof(other)), -EBADMSG);
    assert_int_equal(seen.rembs, 0);
    // Other application layer feedback is passed over, and so is the empty kind.
    other[12] = 'X';
    assert_int_equal(read_into(&seen, other, sizeof(other)), 0);
    eng_put16(other + 2, 2);
    assert_int_equal(read_into(&seen, other, 12), 0);
    assert_int_equal(seen.rembs, 0);
}

static void reads_transport_wide_feedback(void **state)
{
    static const uint8_t cc[] = {
        0x8f, 205,  0, 8,  0,  0,    0,    9,  0, 0, 0, 5, //
        0xff, 0xfe, 0, 22, 0,  0,    2,    7, // 22 from 65534 on, from 128 ms on, the 7th
        0x20, 2,                              // a run of 2, small deltas
        0xa0, 0x08,                           // of 14 bits the first and the 11th
        0xd0, 0x90,                           // 7 symbols: small, -, -, large, small, -, -
        0,    4,    8, 12, 16, 0xff, 0xff, 20, 0, 0,
    };
    static const struct {
        unsigned i;
        int64_t at_us;
    } arrived[] = {{0, 128000},  {1, 129000},  {2, 131000}, {12, 134000},
                   {16, 138000}, {19, 137750}, {20, 142750}};
    struct seen seen;
    unsigned next = 0;

    (void)state;
    assert_int_equal(read_into(&seen, cc, sizeof(cc)), 0);
    assert_int_equal(seen.arrivals, 22);
    assert_int_equal(seen.ends, 1);
    for (unsigned i = 0; i < 22; i++) {
        bool is_next = next < sizeof(arrived) / sizeof(*arrived) && arrived[next].i == i;

        assert_int_equal(seen.number[i], (uint16_t)(65534 + i));
        assert_true(seen.at_us[i] == (is_next ? arrived[next].at_us : ENG_RTCP_LOST));
        next += is_next;
    }
    assert_int_equal(next, sizeof(arrived) / sizeof(*arrived));
}

// Each length that a feedback of 3 packets can be cut to, and counts that its chunks do not cover.
static void refuses_broken_transport_wide_feedback(void **state)
{
    static const uint8_t cc[] = {0x8f, 205, 0, 6, 0, 0, 0,    9, 0, 0, 0, 5, 0, 1,
                                 0,    3,   0, 0, 2, 7, 0x40, 3, 0, 1, 0, 1, 0, 1};
    uint8_t other[sizeof(cc)];
    struct seen seen;

    (void)state;
    assert_int_equal(read_into(&seen, cc, sizeof(cc)), 0);
    assert_int_equal(seen.arrivals, 3);
    memcpy(other, cc, sizeof(other));
    for (uint8_t words = 1; words < sizeof(cc) / 4; words++) {
        eng_put16(other + 2, words - 1);
        assert_int_equal(read_into(&seen, other, words * 4u), -EBADMSG);
        assert_int_equal(seen.ends, 0);
    }
    memcpy(other, cc, sizeof(other));
    other[15] = 0; // tells of no packet
    assert_int_equal(read_into(&seen, other, sizeof(other)), -EBADMSG);
    other[14] = 0xff; // tells of more than its chunks
    assert_int_equal(read_into(&seen, other, sizeof(other)), -EBADMSG);
    memcpy(other, cc, sizeof(other));
    other[20] = 0x60; // the reserved symbol
    assert_int_equal(read_into(&seen, other, sizeof(other)), -EBADMSG);
    assert_int_equal(seen.arrivals, 0);
}

static void bounds_the_arrivals_of_one_datagram(void **state)
{
    // Of 65,535 packets, 8 runs of 8,191 that did not arrive, and one of 7.
    uint8_t cc[12 + 8 + 20] = {0x8f, 205, 0, 9, [14] = 0xff, 0xff};
    struct seen seen;

    (void)state;
    for (size_t i = 20; i < 36; i += 2)
        eng_put16(cc + i, 0x1fff);
    eng_put16(cc + 36, 7);
    assert_int_equal(read_into(&seen, cc, sizeof(cc)), 0);
    assert_int_equal(seen.arrivals, ENG_RTCP_ARRIVALS_MAX);
    // Runs of no packet lead nowhere.
    memset(cc + 20, 0, sizeof(cc) - 20);
    assert_int_equal(read_into(&seen, cc, sizeof(cc)), -EBADMSG);
}

static void bounds_the_nacks_of_one_datagram(void **state)
{
    uint8_t nack[12 + 300 * 4] = {0x81, 205};
    struct seen seen;

    (void)state;
    eng_put16(nack + 2, sizeof(nack) / 4 - 1);
    memset(nack + 12, 0xff, sizeof(nack) - 12);
    assert_int_equal(read_into(&seen, nack, sizeof(nack)), 0);
    assert_int_equal(seen.nacks, ENG_RTCP_NACKS_MAX);
}

static void survives_anything(void **state)
{
    struct seen seen;

    (void)state;
    srand(5);
    for (int i = 0; i < 200000; i++) {
        uint8_t *data, bytes[256];
        size_t len = (size_t)rand() % 256;

        for (size_t k = 0; k < len; k++)
            bytes[k] = (uint8_t)rand();
        if (len > 4 && i % 2) {
            bytes[0] = (uint8_t)(0x80 | (bytes[0] & 0x3f));
            bytes[1] = (uint8_t)(200 + bytes[1] % 8);
            eng_put16(bytes + 2, (uint16_t)(rand() % 64));
        }
        // Of its own, so that a read past the end is seen by the sanitizer.
        data = malloc(len + 1);
        memcpy(data, bytes, len);
        (void)read_into(&seen, data, len);
        free(data);
    }
}

static void writes_what_it_reads(void **state)
{
    struct eng_rtcp_sender senders[2] = {
        {.ssrc = 5, .report = true, .rtp_timestamp = 90000, .packets = 3, .octets = 4},
        {.ssrc = 6, .report = true, .rtp_timestamp = 48000, .packets = 5, .octets = 6},
    };
    uint8_t out[ENG_RTCP_COMPOUND_MAX];
    struct seen seen;
    size_t len = eng_rtcp_write(out, senders, 2, "abcdefghijklmno", INT64_C(1500000000), false);

    (void)state;
    assert_int_equal(len, 28 + 28 + 4 + 2 * 24);
    assert_int_equal(out[1], 200);
    assert_int_equal(eng_get32(out + 4), 5);
    assert_int_equal(eng_get32(out + 8), 2208988801u); // NTP seconds of 1.5 s after 1970
    assert_int_equal(eng_get32(out + 12), 0x80000000u);
    assert_int_equal(eng_get32(out + 16), 90000);
    assert_int_equal(out[57], 202);
    assert_int_equal(out[56] & 0x1f, 2);
    assert_int_equal(out[64], 1);
    assert_int_equal(out[65], 15);
    assert_memory_equal(out + 66, "abcdefghijklmno", 15);
    assert_int_equal(read_into(&seen, out, len), 0);

    senders[0].report = senders[1].report = false;
    len = eng_rtcp_write(out, senders, 2, "x", 0, true);
    assert_int_equal(out[1], 201); // a compound begins with a report (RFC 3550 6.1)
    assert_int_equal(read_into(&seen, out, len), 0);
    assert_int_equal(seen.byes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_receiver_report),
        cmocka_unit_test(reads_nack_pli_fir_bye_in_one_compound),
        cmocka_unit_test(reads_remb),
        cmocka_unit_test(reads_transport_wide_feedback),
        cmocka_unit_test(refuses_broken_transport_wide_feedback),
        cmocka_unit_test(bounds_the_arrivals_of_one_datagram),
        cmocka_unit_test(bounds_the_nacks_of_one_datagram),
        cmocka_unit_test(survives_anything),
        cmocka_unit_test(writes_what_it_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
