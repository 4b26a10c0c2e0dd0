// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_result.h"

#include <errno.h>
#include <stdlib.h>

const char *const viewers_phase_name[VIEWERS_PHASES] = {
    [VIEWERS_PHASE_POST] = "post",
    [VIEWERS_PHASE_ICE] = "ice",
    [VIEWERS_PHASE_DTLS] = "dtls",
    [VIEWERS_PHASE_PACKET] = "first_packet",
    [VIEWERS_PHASE_KEYFRAME] = "first_keyframe",
    [VIEWERS_PHASE_UNTIL_PACKET] = "until_packet",
    [VIEWERS_PHASE_ALL] = "all",
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct viewers_distribution distribution(double *value, size_t count)
{
    if (count == 0)
        return (struct viewers_distribution){0};
    qsort(value, count, sizeof(*value), compare);
    return (struct viewers_distribution){
        .count = count,
        .min = value[0],
        .p50 = value[(count - 1) / 2],
        .p95 = value[(count - 1) * 95 / 100],
        .p99 = value[(count - 1) * 99 / 100],
        .max = value[count - 1],
    };
}

// What is looked at, of one viewer. Negative: this one has none.
typedef double (*viewers_figure)(const struct viewers_viewer *v, const struct viewers_lane *lane,
                                 int arg);

static double join_ms(const struct viewers_viewer *v, const struct viewers_lane *lane, int phase)
{
    (void)lane;
    return (double)v->phase_ns[phase] / 1e6;
}

static double fps(const struct viewers_viewer *v, const struct viewers_lane *lane, int unused)
{
    (void)unused;
    if (!v->watched || !v->media.expects_video)
        return -1;
    return (double)v->media.frames * 1e9 / (double)(lane->end.at_ns - lane->begin.at_ns);
}

static double gap_ms(const struct viewers_viewer *v, const struct viewers_lane *lane, int unused)
{
    (void)lane;
    (void)unused;
    if (!v->watched || !v->media.expects_video)
        return -1;
    return (double)v->media.longest_gap_ns / 1e6;
}

struct viewers_of { // all lanes, and room for a figure of each of their viewers
    struct viewers_lane *const *lanes;
    size_t count;
    double *value;
};

static struct viewers_distribution collect(const struct viewers_of *of, viewers_figure figure,
                                           int arg)
{
    size_t n = 0;

    for (size_t i = 0; i < of->count; i++) {
        for (unsigned k = 0; k < of->lanes[i]->count; k++) {
            double value = figure(&of->lanes[i]->viewer[k], of->lanes[i], arg);

            if (value >= 0)
                of->value[n++] = value;
        }
    }
    return distribution(of->value, n);
}

static void add_lane(struct viewers_result *result, const struct viewers_lane *lane)
{
    double seconds = (double)(lane->end.at_ns - lane->begin.at_ns) / 1e9;
    double cpu_s = (double)(lane->end.cpu_ns - lane->begin.cpu_ns) / 1e9;

    viewers_counters_add(&lane->common.counters, result->all);
    for (int i = 0; i < VIEWERS_COUNTERS; i++)
        result->measured[i] += lane->end.counter[i] - lane->begin.counter[i];
    viewers_histogram_merge(&result->latency, &lane->common.latency);
    viewers_causes_merge(&result->causes, &lane->common.causes);
    for (unsigned i = 0; i < lane->count; i++) {
        result->gcm += lane->viewer[i].profile == ENG_SRTP_AEAD_AES_128_GCM;
        result->cm += lane->viewer[i].profile == ENG_SRTP_AES128_CM_HMAC_SHA1_80;
    }
    result->silent += lane->silent;
    result->with_loss += lane->with_loss;
    if (lane->worst_loss > result->worst_loss)
        result->worst_loss = lane->worst_loss;
    if (seconds > result->measured_s)
        result->measured_s = seconds;
    result->measured_cpu_s += cpu_s;
    if (seconds > 0 && cpu_s / seconds > result->busiest)
        result->busiest = cpu_s / seconds;
}

int viewers_result_collect(struct viewers_result *result, struct viewers_lane *const *lanes,
                           size_t count)
{
    struct viewers_of of = {lanes, count, calloc(VIEWERS_MAX, sizeof(double))};

    if (!of.value)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        add_lane(result, lanes[i]);
    for (int i = 0; i < VIEWERS_PHASES; i++)
        result->join[i] = collect(&of, join_ms, i);
    result->fps = collect(&of, fps, 0);
    result->gap = collect(&of, gap_ms, 0);
    free(of.value);
    return 0;
}

int64_t viewers_result_lost(const uint64_t counter[VIEWERS_COUNTERS])
{
    return (int64_t)(counter[VIEWERS_COUNTER_EXPECTED] - counter[VIEWERS_COUNTER_RECEIVED]);
}

double viewers_result_lost_percent(const uint64_t counter[VIEWERS_COUNTERS])
{
    uint64_t expected = counter[VIEWERS_COUNTER_EXPECTED];

    return expected > 0 ? 100.0 * (double)viewers_result_lost(counter) / (double)expected : 0;
}
