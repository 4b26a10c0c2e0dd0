// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_load.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "bench/limit_engine.h"
#include "bench/limit_floor.h"
#include "bench/limit_process.h"
#include "engine/io.h"

enum {
    NS_PER_S = 1000000000,
    WINDOWS = 4, // of one GOP
    WINDOW_FRAMES = LIMIT_GOP_FRAMES / WINDOWS,
    WARM_UP_FRAMES = 3,
    SAMPLE_EVERY = 7, // no divisor of a round number of viewers: all get their turn
    FILL_FRAMES = 5 * LIMIT_GOP_FRAMES + 1, // more than a ring holds, a keyframe at the end
    FLOOR_NS = 10000000,                    // one measurement of the floor
    FLOOR_MEASUREMENTS = 3                  // of which the median counts
};

// What the engine has done up to now.
struct progress {
    int64_t cpu_ns;
    int64_t interrupt_ns;
    uint64_t counters[ENG_COUNTERS];
};

// What it did in one or several windows.
struct sum {
    double cpu_ns, floor_ns, interrupt_ns, packets, trains, syscalls, dropped;
};

struct run {
    const struct limit_load *load;
    struct limit_engine engine;
};

// One core's part of a measurement of the floor.
struct floor_part {
    pthread_t thread;
    int core;
    unsigned viewers; // of the worker
    enum eng_tx tx;
    double train; // packets in each, on average
    double ns;    // the result, or -errno
};

static int add_viewers(struct run *run, unsigned from, unsigned to)
{
    struct eng_viewer *viewer;
    int err = 0;

    for (unsigned i = from; !err && i < to; i++) {
        struct eng_viewer_config config = limit_engine_viewer(&run->engine, i);

        config.worker = i / run->load->streams % run->load->workers;
        err = limit_engine_add(&run->engine, &config, &viewer);
    }
    return err;
}

static void take_progress(const struct run *run, struct progress *out)
{
    out->cpu_ns = limit_process_others_cpu_ns();
    out->interrupt_ns = limit_process_interrupt_ns(run->load->worker_cores[0]);
    eng_engine_counters(run->engine.engine, out->counters);
}

static double grown(const struct progress *from, const struct progress *to, enum eng_counter id)
{
    return (double)(to->counters[id] - from->counters[id]);
}

static double median_floor(struct limit_floor *floor, const struct floor_part *part)
{
    double ns[FLOOR_MEASUREMENTS];

    for (int i = 0; i < FLOOR_MEASUREMENTS; i++) {
        ns[i] = limit_floor_run(floor, LIMIT_SEAL_SEND, part->tx, part->train, FLOOR_NS);
        if (ns[i] < 0)
            return ns[i];
    }
    return limit_median(ns, FLOOR_MEASUREMENTS);
}

static void *run_floor(void *arg)
{
    struct floor_part *part = arg;
    struct limit_floor *floor;
    int err;

    limit_process_pin(part->core);
    err = limit_floor_create(part->viewers, &floor);
    if (err) {
        part->ns = err;
        return NULL;
    }
    part->ns = median_floor(floor, part);
    limit_floor_destroy(floor);
    return NULL;
}

// The floor at so many packets per train, on all workers' cores at once while they rest, so that
// what cores share is shared here too: the mean, or -errno.
static double measure_floor(const struct limit_load *load, double train)
{
    static struct floor_part parts[LIMIT_WORKERS_MAX];
    unsigned started = 0;
    double sum = 0;
    int err = 0;

    for (; started < load->workers; started++) {
        struct floor_part *part = &parts[started];

        *part = (struct floor_part){
            .core = load->worker_cores[started],
            .viewers = load->streams * load->viewers / load->workers,
            .tx = load->tx,
            .train = train,
        };
        err = -pthread_create(&part->thread, NULL, run_floor, part);
        if (err)
            break;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(parts[i].thread, NULL);
        if (parts[i].ns < 0)
            err = (int)parts[i].ns;
        sum += parts[i].ns;
    }
    return err ? err : sum / started;
}

static int measure_window(struct run *run, struct sum *sum)
{
    struct progress from, to;
    double packets, trains, floor_ns;

    take_progress(run, &from);
    limit_publisher_run(&run->engine.publisher, WINDOW_FRAMES);
    limit_engine_settle(&run->engine);
    take_progress(run, &to);
    packets = grown(&from, &to, ENG_COUNTER_PACKETS_VIDEO);
    trains = grown(&from, &to, ENG_COUNTER_TRAINS_VIDEO);
    if (trains < 1)
        return -ENODATA;
    floor_ns = measure_floor(run->load, packets / trains);
    if (floor_ns < 0)
        return (int)floor_ns;
    sum->cpu_ns += (double)(to.cpu_ns - from.cpu_ns);
    sum->interrupt_ns += (double)(to.interrupt_ns - from.interrupt_ns);
    sum->floor_ns += floor_ns * packets;
    sum->packets += packets;
    sum->trains += trains;
    sum->syscalls += grown(&from, &to, ENG_COUNTER_SYSCALLS);
    sum->dropped += grown(&from, &to, ENG_COUNTER_DROP_REFUSED) +
                    grown(&from, &to, ENG_COUNTER_DROP_LAPPED) +
                    grown(&from, &to, ENG_COUNTER_DROP_WAITING);
    return 0;
}

static void add_sum(struct sum *total, const struct sum *part)
{
    total->cpu_ns += part->cpu_ns;
    total->floor_ns += part->floor_ns;
    total->interrupt_ns += part->interrupt_ns;
    total->packets += part->packets;
    total->trains += part->trains;
    total->syscalls += part->syscalls;
    total->dropped += part->dropped;
}

static int measure(struct run *run, struct limit_result *result)
{
    double cost[LIMIT_GOPS_MAX], floor_cost[LIMIT_GOPS_MAX], ratio[LIMIT_GOPS_MAX];
    unsigned gops = run->load->gops;
    struct sum total = {0};

    limit_latency_reset(SAMPLE_EVERY);
    for (unsigned g = 0; g < gops; g++) {
        struct sum gop = {0};

        for (int i = 0; i < WINDOWS; i++) {
            int err = measure_window(run, &gop);

            if (err)
                return err;
        }
        cost[g] = gop.cpu_ns / gop.packets;
        floor_cost[g] = gop.floor_ns / gop.packets;
        ratio[g] = gop.cpu_ns / gop.floor_ns;
        add_sum(&total, &gop);
    }
    result->ns_per_packet = limit_median(cost, gops);
    result->floor_ns = limit_median(floor_cost, gops);
    result->ratio = limit_median(ratio, gops);
    result->packets_per_train = total.packets / total.trains;
    result->syscalls_per_packet = total.syscalls / total.packets;
    result->interrupt_ns_per_packet = total.interrupt_ns / total.packets;
    result->core = total.cpu_ns / ((double)gops * LIMIT_GOP_FRAMES / LIMIT_FPS * NS_PER_S);
    result->dropped = total.dropped / (total.packets + total.dropped);
    limit_latency_read(&result->latency);
    return 0;
}

static void warm_up(struct run *run)
{
    limit_publisher_run(&run->engine.publisher, WARM_UP_FRAMES);
    limit_engine_settle(&run->engine);
}

static int fill_and_measure(struct run *run, struct limit_result *result)
{
    unsigned viewers = run->load->streams * run->load->viewers, half = viewers / 2;
    int64_t before;
    int err;

    // What the rings hold is in memory before the viewers come, and what a worker needs once before
    // the second half of them. The newest frame of a single stream is then a keyframe: what they
    // start from is short.
    limit_publisher_fill(&run->engine.publisher, FILL_FRAMES);
    err = add_viewers(run, 0, half);
    if (err)
        return err;
    warm_up(run);
    before = limit_process_resident();
    err = add_viewers(run, half, viewers);
    if (err)
        return err;
    warm_up(run);
    result->bytes_per_viewer = (double)(limit_process_resident() - before) / (viewers - half);
    return measure(run, result);
}

void limit_load_run(const void *arg, void *result)
{
    static struct run run;
    struct limit_result *out = result;

    run.load = arg;
    out->tx = run.load->tx == ENG_TX_IO_URING ? eng_io_uring.name : eng_io_sendmmsg.name;
    // The publisher is to be on time: a sleep ends when it should, not up to 50 us later.
    (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
    limit_process_pin(run.load->publisher_core);
    out->err = limit_engine_start(&run.engine, run.load->tx, run.load->worker_cores,
                                  run.load->workers, run.load->streams);
    if (!out->err)
        out->err = fill_and_measure(&run, out);
    if (run.engine.engine)
        eng_engine_destroy(run.engine.engine);
}
