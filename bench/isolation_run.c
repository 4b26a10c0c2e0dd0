// SPDX-License-Identifier: Apache-2.0
#include "bench/isolation_run.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "bench/limit_floor.h"
#include "bench/limit_process.h"

enum {
    OTHERS = ISOLATION_STREAMS * ISOLATION_VIEWERS,
    WINDOW_FRAMES = LIMIT_GOP_FRAMES / ISOLATION_STREAMS, // one has a keyframe in each
    WARM_UP_FRAMES = 6,
    SAMPLE_EVERY = 1,
    PRIORITY = -20,
};

struct rounds {
    double p50[ISOLATION_ROUNDS], p90[ISOLATION_ROUNDS], p99[ISOLATION_ROUNDS], max_us;
};

struct run {
    const struct isolation_work *work;
    struct limit_engine engine;
    struct isolation_hostile *hostile;
    struct rounds without, with;
};

static int prepare(struct run *run)
{
    int err = limit_engine_start(&run->engine, run->work->tx, &run->work->worker_core, 1,
                                 ISOLATION_STREAMS);

    for (unsigned i = 0; !err && i < OTHERS; i++) {
        struct eng_viewer_config config = limit_engine_viewer(&run->engine, i);
        struct eng_viewer *viewer;

        err = limit_engine_add(&run->engine, &config, &viewer);
    }
    if (!err)
        err = isolation_hostile_create(&run->engine, run->work->kind, OTHERS, run->work->other_core,
                                       &run->hostile);
    return err;
}

// What the worker does is over when the figures are read. Returns its length in seconds.
static double measure_window(struct run *run, struct rounds *rounds, unsigned round, bool hostile)
{
    struct limit_latency latency;
    int64_t start = limit_process_now_ns(), end;

    limit_latency_reset(SAMPLE_EVERY);
    if (hostile)
        isolation_hostile_start(run->hostile);
    limit_publisher_run(&run->engine.publisher, WINDOW_FRAMES);
    end = limit_process_now_ns();
    if (hostile)
        isolation_hostile_stop(run->hostile);
    limit_engine_settle(&run->engine);
    limit_latency_read(&latency);
    rounds->p50[round] = latency.p50_us;
    rounds->p90[round] = latency.p90_us;
    rounds->p99[round] = latency.p99_us;
    if (latency.max_us > rounds->max_us)
        rounds->max_us = latency.max_us;
    return (double)(end - start) / 1e9;
}

static void measure_hostile(struct run *run, unsigned round, struct isolation_result *out)
{
    uint64_t before[ENG_COUNTERS], after[ENG_COUNTERS];
    uint64_t done = isolation_hostile_done(run->hostile);

    eng_engine_counters(run->engine.engine, before);
    out->seconds += measure_window(run, &run->with, round, true);
    eng_engine_counters(run->engine.engine, after);
    for (int i = 0; i < ENG_COUNTERS; i++)
        out->counters[i] += after[i] - before[i];
    out->done += isolation_hostile_done(run->hostile) - done;
}

static struct limit_latency sum_up(struct rounds *rounds)
{
    return (struct limit_latency){
        .p50_us = limit_median(rounds->p50, ISOLATION_ROUNDS),
        .p90_us = limit_median(rounds->p90, ISOLATION_ROUNDS),
        .p99_us = limit_median(rounds->p99, ISOLATION_ROUNDS),
        .max_us = rounds->max_us,
    };
}

static void measure(struct run *run, struct isolation_result *out)
{
    double difference[ISOLATION_ROUNDS];

    limit_publisher_run(&run->engine.publisher, WARM_UP_FRAMES);
    limit_engine_settle(&run->engine);
    for (unsigned i = 0; i < ISOLATION_ROUNDS; i++) {
        (void)measure_window(run, &run->without, i, false);
        measure_hostile(run, i, out);
        difference[i] = run->with.p99[i] - run->without.p99[i];
    }
    out->p99_difference_us = limit_median(difference, ISOLATION_ROUNDS);
    out->without = sum_up(&run->without);
    out->with = sum_up(&run->with);
}

void isolation_run(const void *arg, void *result)
{
    static struct run run;
    struct isolation_result *out = result;

    run.work = arg;
    // The publisher is to be on time: a sleep ends when it should, not up to 50 us later.
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    // And whoever else is on this machine is to wait.
    (void)setpriority(PRIO_PROCESS, 0, PRIORITY);
    limit_process_pin(run.work->other_core);
    out->err = prepare(&run);
    if (!out->err)
        measure(&run, out);
    if (run.hostile)
        isolation_hostile_destroy(run.hostile);
    if (run.engine.engine)
        eng_engine_destroy(run.engine.engine);
}
