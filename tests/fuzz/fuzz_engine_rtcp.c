// SPDX-License-Identifier: Apache-2.0
//
// A viewer's RTCP, decrypted. Input: the compound.
#include <errno.h>

#include "engine/rtcp.h"
#include "input.h"

struct seen {
    size_t reports, nacks, arrivals, others;
};

static void take_report(void *ctx, const struct eng_rtcp_report *report)
{
    struct seen *seen = ctx;

    assert(report->lost >= -(1 << 23) && report->lost < 1 << 23);
    seen->reports++;
}

static void take_nack(void *ctx, uint32_t ssrc, uint16_t seq)
{
    struct seen *seen = ctx;

    (void)ssrc;
    (void)seq;
    seen->nacks++;
}

static void take_keyframe(void *ctx, uint32_t ssrc)
{
    struct seen *seen = ctx;

    (void)ssrc;
    seen->others++;
}

static void take_remb(void *ctx, uint64_t bps)
{
    struct seen *seen = ctx;

    (void)bps;
    seen->others++;
}

static void take_arrival(void *ctx, uint16_t number, int64_t at_us)
{
    struct seen *seen = ctx;

    (void)number;
    // 24 bits of 64 ms, and as many deltas of up to 8 s as there may be.
    assert(at_us == ENG_RTCP_LOST || (at_us > -INT64_C(10000000000) && at_us < INT64_C(1) << 41));
    seen->arrivals++;
}

static void take_arrivals_end(void *ctx)
{
    struct seen *seen = ctx;

    assert(seen->arrivals > 0);
    seen->others++;
}

static void take_bye(void *ctx)
{
    struct seen *seen = ctx;

    seen->others++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t *exact = input_copy(data, len);
    struct seen seen = {0};
    const struct eng_rtcp_handler handler = {
        .ctx = &seen,
        .report = take_report,
        .nack = take_nack,
        .keyframe = take_keyframe,
        .remb = take_remb,
        .arrival = take_arrival,
        .arrivals_end = take_arrivals_end,
        .bye = take_bye,
    };
    int rc = eng_rtcp_read(exact, len, &handler);

    assert(rc == 0 || rc == -EBADMSG);
    // What one datagram can make the worker do is bounded by its length, and for NACK beyond that.
    // A feedback has 24 bytes at least.
    assert(seen.nacks <= ENG_RTCP_NACKS_MAX);
    assert(seen.arrivals <= len / 24 * ENG_RTCP_ARRIVALS_MAX);
    assert(seen.reports <= len / 24 && seen.others <= len / 4);
    free(exact);
    return 0;
}
