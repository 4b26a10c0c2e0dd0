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
    [VIEWERS_PHASE_ALL] = "all",
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static struct viewers_distribution distribution(double *ms, size_t count)
{
    if (count == 0)
        return (struct viewers_distribution){0};
    qsort(ms, count, sizeof(*ms), compare);
    return (struct viewers_distribution){
        .count = count,
        .p50 = ms[(count - 1) / 2],
        .p99 = ms[(count - 1) * 99 / 100],
        .max = ms[count - 1],
    };
}

static void collect_phase(struct viewers_result *result, enum viewers_phase phase,
                          struct viewers_lane *const *lanes, size_t count, double *ms)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        for (unsigned k = 0; k < lanes[i]->count; k++) {
            if (lanes[i]->viewer[k].phase_ns[phase] >= 0)
                ms[n++] = (double)lanes[i]->viewer[k].phase_ns[phase] / 1e6;
        }
    }
    result->join[phase] = distribution(ms, n);
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
    double *ms = calloc(VIEWERS_MAX, sizeof(*ms));

    if (!ms)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        add_lane(result, lanes[i]);
    for (int i = 0; i < VIEWERS_PHASES; i++)
        collect_phase(result, (enum viewers_phase)i, lanes, count, ms);
    free(ms);
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
