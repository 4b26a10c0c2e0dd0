// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const char *const counter_name[VIEWERS_COUNTERS] = {
#define COUNTER_NAME(id, name) [VIEWERS_COUNTER_##id] = (name),
    VIEWERS_COUNTER_LIST(COUNTER_NAME)
#undef COUNTER_NAME
};

static json_t *count_of(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *counters(const uint64_t counter[VIEWERS_COUNTERS])
{
    json_t *object = json_object();

    for (int i = 0; i < VIEWERS_COUNTERS; i++)
        json_object_set_new(object, counter_name[i], count_of(counter[i]));
    json_object_set_new(object, "lost", json_integer(viewers_result_lost(counter)));
    json_object_set_new(object, "lost_percent", json_real(viewers_result_lost_percent(counter)));
    return object;
}

static json_t *parameters(const struct viewers_options *o)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:b, s:f, s:i, s:i, s:i, s:i}",
                     "url", o->url_text, "streams", (int)o->url_count, "viewers", (int)o->viewers,
                     "unwatched", (int)o->unwatched, "joins_per_second", (int)o->joins_per_second,
                     "seconds", (int)o->seconds, "source_addresses", (int)o->bind.count, "srtp",
                     o->srtp, "nack", o->nack, "loss_percent", o->loss * 100, "seed", (int)o->seed,
                     "decrypt_every", (int)o->decrypt_every, "stamp_every", (int)o->stamp_every,
                     "threads", (int)o->lane_count);
}

static json_t *distribution(const struct viewers_distribution *d)
{
    return json_pack("{s:i, s:f, s:f, s:f, s:f, s:f}", "viewers", (int)d->count, "min", d->min,
                     "p50", d->p50, "p95", d->p95, "p99", d->p99, "max", d->max);
}

static json_t *joins(const struct viewers_result *r)
{
    json_t *object = json_object();

    for (int i = 0; i < VIEWERS_PHASES; i++)
        json_object_set_new(object, viewers_phase_name[i], distribution(&r->join[i]));
    return object;
}

static double ms(int64_t ns)
{
    return (double)ns / 1e6;
}

// Pairs of a share of all frames and the latency that it does not exceed, for plots.
static json_t *shares(const struct viewers_histogram *h)
{
    static const double share[] = {0.01, 0.05, 0.1,  0.2,   0.3,  0.4,   0.5,    0.6,   0.7,
                                   0.8,  0.9,  0.95, 0.975, 0.99, 0.995, 0.9975, 0.999, 0.9999};
    json_t *array = json_array();

    for (size_t i = 0; h->count > 0 && i < sizeof(share) / sizeof(*share); i++)
        json_array_append_new(
            array, json_pack("[f, f]", share[i], ms(viewers_histogram_percentile(h, share[i]))));
    return array;
}

// Pairs of a latency and how many frames had it, so that seconds can be added up.
static json_t *steps(const struct viewers_histogram *h)
{
    json_t *array = json_array();
    int64_t end_ns;

    for (unsigned i = 0; i < VIEWERS_HISTOGRAM_STEPS; i++) {
        uint64_t frames = viewers_histogram_step(h, i, &end_ns);

        if (frames > 0)
            json_array_append_new(array, json_pack("[f, o]", ms(end_ns), count_of(frames)));
    }
    return array;
}

static json_t *latency(const struct viewers_histogram *h)
{
    return json_pack("{s:o, s:f, s:f, s:f, s:f, s:o}", "frames", count_of(h->count), "p50",
                     ms(viewers_histogram_percentile(h, 0.5)), "p99",
                     ms(viewers_histogram_percentile(h, 0.99)), "p99.9",
                     ms(viewers_histogram_percentile(h, 0.999)), "max", ms(h->max_ns), "cdf",
                     shares(h));
}

static json_t *causes(const struct viewers_causes *c)
{
    json_t *array = json_array();

    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(array, json_pack("{s:s, s:i}", "cause", c->cause[i].text, "viewers",
                                               (int)c->cause[i].viewers));
    return array;
}

static json_t *seconds(const struct viewers_result *r)
{
    json_t *array = json_array();

    for (size_t i = 0; i < r->second_count; i++) {
        const struct viewers_second *s = &r->second[i];
        json_t *row = counters(s->counter);

        json_object_set_new(row, "at_s", json_real(s->at_s));
        json_object_set_new(row, "measured", json_boolean(s->measured));
        json_object_set_new(row, "cpu_s", json_real(s->cpu_s));
        json_object_set_new(row, "latency_ms", steps(&s->latency));
        json_array_append_new(array, row);
    }
    return array;
}

static json_t *build(const struct viewers_result *r)
{
    return json_pack(
        "{s:o, s:b, s:f, s:f, s:o, s:o, s:o, s:o, s:{s:i, s:i}, s:i, s:i, s:I, s:o, s:o,"
        " s:{s:f, s:f, s:f}, s:o, s:o}",
        "parameters", parameters(r->options), "interrupted", r->interrupted, "joining_s",
        r->joining_s, "measured_s", r->measured_s, "join_ms", joins(r), "frames_per_second",
        distribution(&r->fps), "longest_gap_ms", distribution(&r->gap), "latency_ms",
        latency(&r->latency), "profiles", "gcm", (int)r->gcm, "cm", (int)r->cm, "viewers_with_loss",
        (int)r->with_loss, "viewers_silent", (int)r->silent, "worst_loss",
        (json_int_t)r->worst_loss, "measured", counters(r->measured), "total", counters(r->all),
        "own_cpu", "total_s", r->cpu_s, "measured_s", r->measured_cpu_s, "busiest_thread",
        r->busiest, "failures", causes(&r->causes), "per_second", seconds(r));
}

int viewers_json_write(const struct viewers_result *result, const char *path)
{
    json_t *root = build(result);
    size_t flags = JSON_INDENT(2) | JSON_REAL_PRECISION(9);
    int rc;

    if (!root)
        return -ENOMEM;
    rc = strcmp(path, "-") == 0 ? json_dumpf(root, stdout, flags)
                                : json_dump_file(root, path, flags);
    json_decref(root);
    return rc == 0 ? 0 : -EIO;
}
