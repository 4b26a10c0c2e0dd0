// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_latency.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/limit_process.h"
#include "engine/bytes.h"
#include "engine/io.h"
#include "engine/viewer.h"

enum {
    STEP_NS = 5000,
    STEPS = 100000, // half a second
};

struct eng_io {
    struct eng_io_config config; // the worker's own
    struct eng_io *below;
    unsigned skipped;
};

static const struct eng_io_ops *below_ops;
static const struct limit_publisher *source;
static unsigned sample_every = 1;
static uint32_t histogram[STEPS];
static uint64_t samples;
static int64_t max_ns;

static void sample(const struct eng_send *send)
{
    const struct eng_viewer *v = send->viewer;
    uint32_t media_time = eng_get32(send->data + 4) - v->place[ENG_VIDEO].rewrite.ts_offset;
    int64_t ns = limit_process_now_ns() - limit_publisher_time(source, v->stream->slot, media_time);
    int64_t step = ns / STEP_NS;

    histogram[step < 0 ? 0 : step < STEPS ? step : STEPS - 1]++;
    samples++;
    if (ns > max_ns)
        max_ns = ns;
}

static void on_sent(void *ctx, struct eng_send *send, int result)
{
    struct eng_io *io = ctx;

    if (result == 0 && send->kind == ENG_SEND_VIDEO && !send->viewer->owner &&
        ++io->skipped >= sample_every) {
        io->skipped = 0;
        sample(send);
    }
    io->config.sent(io->config.ctx, send, result);
}

static void on_received(void *ctx, const struct eng_tuple *tuple, const uint8_t *data, size_t len)
{
    struct eng_io *io = ctx;

    io->config.received(io->config.ctx, tuple, data, len);
}

static int io_create(const struct eng_io_config *config, struct eng_io **out)
{
    struct eng_io_config below = *config;
    struct eng_io *io = calloc(1, sizeof(*io));
    int err;

    if (!io)
        return -ENOMEM;
    io->config = *config;
    below.ctx = io;
    below.sent = on_sent;
    below.received = on_received;
    err = below_ops->create(&below, &io->below);
    if (err)
        free(io);
    else
        *out = io;
    return err;
}

static void io_destroy(struct eng_io *io)
{
    below_ops->destroy(io->below);
    free(io);
}

static void io_push(struct eng_io *io, struct eng_send *send)
{
    below_ops->push(io->below, send);
}

static void io_flush(struct eng_io *io)
{
    below_ops->flush(io->below);
}

static void io_wait(struct eng_io *io, int64_t timeout_ns)
{
    below_ops->wait(io->below, timeout_ns);
}

const struct eng_io_ops *limit_latency_ops(const struct eng_io_ops *inner,
                                           const struct limit_publisher *publisher)
{
    static const struct eng_io_ops ops = {
        .name = "measured",
        .create = io_create,
        .destroy = io_destroy,
        .push = io_push,
        .flush = io_flush,
        .wait = io_wait,
    };

    below_ops = inner;
    source = publisher;
    return &ops;
}

void limit_latency_reset(unsigned every)
{
    sample_every = every;
    memset(histogram, 0, sizeof(histogram));
    samples = 0;
    max_ns = 0;
}

static double percentile_us(double share)
{
    uint64_t below = 0, wanted = (uint64_t)((double)samples * share);

    for (int i = 0; i < STEPS; i++) {
        below += histogram[i];
        if (below > wanted)
            return (double)(i + 1) * STEP_NS / 1000;
    }
    return 0;
}

void limit_latency_read(struct limit_latency *out)
{
    out->p50_us = percentile_us(0.50);
    out->p90_us = percentile_us(0.90);
    out->p99_us = percentile_us(0.99);
    out->max_us = (double)max_ns / 1000;
}
