// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_summary.h"

#include <inttypes.h>
#include <stdio.h>

static const struct viewers_second nothing;

static uint64_t packets(const uint64_t counter[VIEWERS_COUNTERS])
{
    return counter[VIEWERS_COUNTER_VIDEO] + counter[VIEWERS_COUNTER_AUDIO] +
           counter[VIEWERS_COUNTER_RTX];
}

void viewers_summary_second(const struct viewers_second *now, const struct viewers_second *before,
                            unsigned viewers)
{
    const uint64_t *c = now->counter;

    if (!before)
        before = &nothing;
    double seconds = now->at_s - before->at_s;
    uint64_t bytes = c[VIEWERS_COUNTER_BYTES] - before->counter[VIEWERS_COUNTER_BYTES];
    fprintf(stderr,
            "%6.1f s %s %" PRIu64 "/%u joined, %" PRIu64 " failed, %" PRIu64 " ended, %.1f Mbit/s, "
            "%.0f packets/s, lost %" PRId64 ", own drops %" PRIu64 ", CPU %.0f %%\n",
            now->at_s, now->measured ? "measuring" : "joining  ", c[VIEWERS_COUNTER_JOINED],
            viewers, c[VIEWERS_COUNTER_FAILED], c[VIEWERS_COUNTER_ENDED],
            (double)bytes * 8e-6 / seconds,
            (double)(packets(c) - packets(before->counter)) / seconds, viewers_result_lost(c),
            c[VIEWERS_COUNTER_SOCKET_DROPS], 100 * now->cpu_s / seconds);
}

static void print_joins(const struct viewers_result *r)
{
    printf("  join, ms (p50 p95 p99 max):");
    for (int i = 0; i < VIEWERS_PHASES; i++) {
        if (r->join[i].count > 0)
            printf(" %s %.1f %.1f %.1f %.1f%s", viewers_phase_name[i], r->join[i].p50,
                   r->join[i].p95, r->join[i].p99, r->join[i].max,
                   i + 1 < VIEWERS_PHASES ? ";" : "");
    }
    printf("\n");
}

static void print_received(const struct viewers_result *r)
{
    const uint64_t *m = r->measured;

    printf(
        "  received: %.0f packets/s, %.1f Mbit/s, %.1f packets per message\n",
        (double)packets(m) / r->measured_s, (double)m[VIEWERS_COUNTER_BYTES] * 8e-6 / r->measured_s,
        m[VIEWERS_COUNTER_MESSAGES] ? (double)packets(m) / (double)m[VIEWERS_COUNTER_MESSAGES] : 0);
    printf("  lost %" PRId64 " of %" PRIu64 " packets (%.4f %%), %" PRIu64
           " of them video, by %u viewers, the worst %" PRId64 "; late %" PRIu64
           ", duplicate %" PRIu64 ", too late %" PRIu64 "\n",
           viewers_result_lost(m), m[VIEWERS_COUNTER_EXPECTED], viewers_result_lost_percent(m),
           (int64_t)(m[VIEWERS_COUNTER_VIDEO_EXPECTED] - m[VIEWERS_COUNTER_VIDEO_RECEIVED]),
           r->with_loss, r->worst_loss, m[VIEWERS_COUNTER_LATE], m[VIEWERS_COUNTER_DUPLICATE],
           m[VIEWERS_COUNTER_TOO_LATE]);
    printf("  repair: %" PRIu64 " asked for, %" PRIu64 " recovered, %" PRIu64 " RTX, %" PRIu64
           " PLI; %" PRIu64 " dropped on purpose\n",
           m[VIEWERS_COUNTER_NACKED], m[VIEWERS_COUNTER_RECOVERED], m[VIEWERS_COUNTER_RTX],
           m[VIEWERS_COUNTER_PLI], m[VIEWERS_COUNTER_LOST_HERE]);
    printf("  decrypted: %" PRIu64 " packets, %" PRIu64 " not authentic; RTCP %" PRIu64
           " and %" PRIu64 "\n",
           m[VIEWERS_COUNTER_OPENED], m[VIEWERS_COUNTER_FORGED], m[VIEWERS_COUNTER_RTCP],
           m[VIEWERS_COUNTER_RTCP_FORGED]);
}

static void print_frames(const struct viewers_result *r)
{
    if (r->fps.count == 0)
        return;
    printf("  frames/s of a viewer: min %.1f, p50 %.1f, max %.1f; its longest gap, ms: p50 %.0f, "
           "p99 %.0f, max %.0f\n",
           r->fps.min, r->fps.p50, r->fps.max, r->gap.p50, r->gap.p99, r->gap.max);
}

static void print_latency(const struct viewers_result *r)
{
    const struct viewers_histogram *h = &r->latency;

    if (h->count == 0) {
        printf("  latency: no stamp of the source was found in a frame\n");
        return;
    }
    printf("  latency from the source, ms: p50 %.3f, p99 %.3f, p99.9 %.3f, max %.3f, of %" PRIu64
           " frames; %" PRIu64 " had no stamp\n",
           (double)viewers_histogram_percentile(h, 0.5) / 1e6,
           (double)viewers_histogram_percentile(h, 0.99) / 1e6,
           (double)viewers_histogram_percentile(h, 0.999) / 1e6, (double)h->max_ns / 1e6, h->count,
           r->measured[VIEWERS_COUNTER_UNSTAMPED]);
}

void viewers_summary_print(const struct viewers_result *r)
{
    const struct viewers_options *o = r->options;

    printf("viewers: %" PRIu64 " of %u joined on %zu stream%s in %.1f s (%u GCM, %u CM), %" PRIu64
           " failed, %" PRIu64 " ended early, %u silent at the end; measured for %.1f s%s\n",
           r->all[VIEWERS_COUNTER_JOINED], o->viewers, o->url_count, o->url_count == 1 ? "" : "s",
           r->joining_s, r->gcm, r->cm, r->all[VIEWERS_COUNTER_FAILED],
           r->all[VIEWERS_COUNTER_ENDED], r->silent, r->measured_s,
           r->interrupted ? " (interrupted)" : "");
    print_joins(r);
    if (r->measured_s > 0) {
        print_received(r);
        print_frames(r);
        print_latency(r);
        printf("  this program: %.1f s of CPU, %.0f %% of a core while measured, busiest thread "
               "%.0f %%; %" PRIu64 " datagrams dropped by its own sockets\n",
               r->cpu_s, 100 * r->measured_cpu_s / r->measured_s, 100 * r->busiest,
               r->measured[VIEWERS_COUNTER_SOCKET_DROPS]);
    }
    for (size_t i = 0; i < r->causes.count; i++)
        printf("  %u viewers: %s\n", r->causes.cause[i].viewers, r->causes.cause[i].text);
}
