// SPDX-License-Identifier: Apache-2.0
#include "engine/breaker.h"

#define SECOND_NS     INT64_C(1000000000)
#define INTERVAL_NS   SECOND_NS
#define REST_NS       (10 * SECOND_NS)
#define REMEMBERED_NS (60 * SECOND_NS) // a rest this long ago was another trouble

enum {
    CB_INTERVAL = 3,    // reporting intervals
    UNHEARD_MAX = 15,   // beats
    DOUBLINGS_MAX = 3,  // of the rest
    CONGESTED_MIN = 150 // 10^2 * 3/2, see the header
};

static enum eng_breaker_cause trip(struct eng_breaker *b, int64_t now_ns,
                                   enum eng_breaker_cause cause)
{
    if (now_ns - b->until_ns > REMEMBERED_NS)
        b->trips = 0;
    b->open = true;
    b->until_ns = now_ns + (REST_NS << b->trips);
    if (b->trips < DOUBLINGS_MAX)
        b->trips++;
    return cause;
}

// Both counters are modulo 2^32, lost is 24 bits wide and may go back.
static bool congested(const struct eng_breaker *b, int64_t elapsed_ns,
                      const struct eng_rtcp_report *report, uint32_t packets, uint32_t rtt_us)
{
    double expected = (double)(uint32_t)(report->highest - b->highest);
    double lost = (double)report->lost - (double)b->lost;
    double rate = (double)(uint32_t)(packets - b->packets) * 1e9 / (double)elapsed_ns;
    double in_flight = rate * (double)rtt_us * 1e-6;

    if (lost <= 0)
        return false;
    return in_flight * in_flight * (lost < expected ? lost / expected : 1) > CONGESTED_MIN;
}

// Sets the counts of intervals running, from the mark to this report.
static void judge(struct eng_breaker *b, int64_t now_ns, const struct eng_rtcp_report *report,
                  uint32_t packets, uint32_t rtt_us)
{
    if (report->highest != b->highest)
        b->stuck = 0;
    if (packets == b->packets)
        return;
    if (report->highest == b->highest)
        b->stuck++;
    if (congested(b, now_ns - b->judged_ns, report, packets, rtt_us))
        b->crowded++;
    else
        b->crowded = 0;
}

enum eng_breaker_cause eng_breaker_report(struct eng_breaker *breaker, int64_t now_ns,
                                          const struct eng_rtcp_report *report, uint32_t packets,
                                          uint32_t rtt_us)
{
    breaker->heard = true;
    breaker->unheard = 0;
    if (breaker->open || (breaker->marked && now_ns - breaker->judged_ns < INTERVAL_NS))
        return ENG_BREAKER_NONE;
    if (breaker->marked)
        judge(breaker, now_ns, report, packets, rtt_us);
    breaker->marked = true;
    breaker->highest = report->highest;
    breaker->lost = report->lost;
    breaker->packets = packets;
    breaker->judged_ns = now_ns;
    if (breaker->stuck == CB_INTERVAL)
        return trip(breaker, now_ns, ENG_BREAKER_MEDIA_TIMEOUT);
    if (breaker->crowded == CB_INTERVAL)
        return trip(breaker, now_ns, ENG_BREAKER_CONGESTION);
    return ENG_BREAKER_NONE;
}

enum eng_breaker_cause eng_breaker_beat(struct eng_breaker *breaker, int64_t now_ns,
                                        uint32_t packets)
{
    bool sent = packets != breaker->beat_packets;

    breaker->beat_packets = packets;
    if (breaker->open || !breaker->heard || !sent || ++breaker->unheard < UNHEARD_MAX)
        return ENG_BREAKER_NONE;
    return trip(breaker, now_ns, ENG_BREAKER_RTCP_TIMEOUT);
}

bool eng_breaker_close(struct eng_breaker *breaker, int64_t now_ns)
{
    if (!breaker->open || now_ns < breaker->until_ns)
        return false;
    breaker->open = false;
    // What came before the rest says nothing about the path now.
    breaker->marked = false;
    breaker->stuck = breaker->crowded = breaker->unheard = 0;
    return true;
}
