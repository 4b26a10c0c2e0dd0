// SPDX-License-Identifier: Apache-2.0
//
// In place of the kernel, for tests that are a worker's thread and clock themselves: each send goes
// to fake_io_take when the worker flushes. Nothing arrives, nothing waits. One worker per program.
// Included after cmocka.
#pragma once

#include "engine/worker.h"
#include "tests/support/oracle.h"

struct eng_io {
    struct eng_io_config config;
    struct eng_send *sends[ENG_SENDS_MAX];
    size_t count;
};

static struct eng_io fake_io_state;

// What the kernel makes of a send: 0 or -errno.
static int fake_io_take(const struct eng_send *send);

static int fake_io_create(const struct eng_io_config *config, struct eng_io **out)
{
    fake_io_state = (struct eng_io){.config = *config};
    *out = &fake_io_state;
    return 0;
}

static void fake_io_destroy(struct eng_io *io)
{
    assert_int_equal(io->count, 0);
}

static void fake_io_push(struct eng_io *io, struct eng_send *send)
{
    io->sends[io->count++] = send;
}

static void fake_io_flush(struct eng_io *io)
{
    for (size_t i = 0; i < io->count; i++)
        io->config.sent(io->config.ctx, io->sends[i], fake_io_take(io->sends[i]));
    io->count = 0;
}

static void fake_io_wait(struct eng_io *io, int64_t timeout_ns)
{
    (void)timeout_ns;
    fake_io_flush(io);
}

static const struct eng_io_ops fake_io = {
    .name = "fake",
    .create = fake_io_create,
    .destroy = fake_io_destroy,
    .push = fake_io_push,
    .flush = fake_io_flush,
    .wait = fake_io_wait,
};

// An engine of one stream and one worker over it, whose clocks are the test's from here on. End it
// by eng_worker_close and eng_engine_destroy.
static struct eng_worker *fake_io_start(unsigned train_max, unsigned pace_ms,
                                        struct eng_engine **engine, struct eng_stream **stream)
{
    struct eng_config config = {
        .listen = loopback_addr(0),
        .video_bytes = 1 << 20,
        .video_seconds = 10,
        .train_max = train_max,
        .pace_ms = pace_ms,
        .io = &fake_io,
    };
    struct eng_worker *worker;
    const char *what;

    assert_int_equal(eng_engine_create(&config, engine, &what), 0);
    assert_int_equal(eng_stream_create(*engine, stream), 0);
    worker = eng_engine_worker(*engine, 0);
    worker->mono_ns = INT64_C(3600000000000);
    worker->real_ns = INT64_C(1700000000000000000);
    assert_int_equal(eng_worker_open(worker), 0);
    return worker;
}
