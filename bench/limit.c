// SPDX-License-Identifier: Apache-2.0
//
// bench/limit: how close the engine comes to what the cipher and the kernel ask for. First the
// floor, a bare loop of sealing and sending; then the real engine, with one stream to up to 10,000
// viewers and with 64 streams, into the same sink. Each load is set against the floor of its own
// packets per train, way to the kernel, number of keys and destinations, measured in between.
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/limit_load.h"
#include "bench/limit_process.h"
#include "bench/limit_report.h"
#include "bench/limit_scaling.h"
#include "bench/limit_sink.h"
#include "bench/limit_survey.h"
#include "bench/option.h"
#include "engine/cores.h"

enum {
    SECONDS_PER_GOP = LIMIT_GOP_FRAMES / LIMIT_FPS,
    SURVEY_ROUNDS = 5,
    SURVEY_ROUNDS_QUICK = 3,
    STREAMS = LIMIT_STREAMS_MAX, // a large site's cameras
    AIM = 5000,                  // viewers of one core that rtcfan is made for
    AIM_REPEATS = 3,             // so it is measured longer, and the median counts
    WORKERS = 2,                 // that are set against one where all loads are measured
    PAIRS = 3,                   // of each number of workers, where only these are measured
    LOADS_MAX = 2 * 2 * PAIRS * LIMIT_SCALINGS_MAX, // both ways to the kernel
};

// The share of the core at which the wait for the kernel is judged.
static const double FULL_LOAD = 0.70;

struct options {
    bool quick;
    bool json;
    unsigned viewers; // of each stream; 0: the usual loads
    unsigned streams;
    unsigned seconds;                     // of each load
    unsigned workers[LIMIT_SCALINGS_MAX]; // numbers of them that are set against one
    unsigned workers_count;               // 0: the usual loads
    enum eng_tx tx;                       // AUTO: both
};

struct plan {
    size_t count;
    struct limit_load loads[LOADS_MAX];
    struct limit_result results[LOADS_MAX];
    struct limit_load common; // cores and length of all loads
    unsigned cores;           // that there are
    bool spread;              // each core has a queue of the device's to itself
    size_t scaling_count;
    struct limit_scaling scalings[2 * LIMIT_SCALINGS_MAX];
};

static const char usage[] =
    "usage: limit [options]\n"
    "Measures the engine against a bare loop of sealing and sending. Needs root: it sends into a\n"
    "network namespace of its own. A whole run takes under 55 s, on an otherwise idle machine.\n"
    "\n"
    "  --json         prints JSON in place of the table\n"
    "  --quick        three loads, one way to the kernel\n"
    "  --viewers N    only this load: N viewers of each stream\n"
    "  --streams N    of that many streams, 1 to 64 (1)\n"
    "  --workers N,...  only this: so many workers, 1 to 64, of --viewers each (5,000), in turns\n"
    "                 with one, three times; numbers beyond the machine's cores are left out\n"
    "  --seconds N    of each load, 2 to 60; above 2, the median of each 2 s (2; 6 for 5,000\n"
    "                 viewers of one stream)\n"
    "  --tx WAY       io_uring, sendmmsg or both (both)\n"
    "  --help\n";

// Exits on --help and on what is not an option.
static struct options parse_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},
        {"quick", no_argument, NULL, 'q'},
        {"viewers", required_argument, NULL, 'v'},
        {"streams", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 's'},
        {"tx", required_argument, NULL, 't'},
        {"workers", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.streams = 1, .seconds = SECONDS_PER_GOP};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'j':
            options.json = true;
            break;
        case 'q':
            options.quick = true;
            break;
        case 'v':
            options.viewers = bench_option_number("limit", optarg, 1, ENG_WORKER_VIEWERS_MAX);
            break;
        case 'n':
            options.streams = bench_option_number("limit", optarg, 1, STREAMS);
            break;
        case 'w':
            options.workers_count = bench_option_numbers("limit", optarg, 1, LIMIT_WORKERS_MAX,
                                                         options.workers, LIMIT_SCALINGS_MAX);
            break;
        case 's':
            options.seconds = bench_option_number("limit", optarg, SECONDS_PER_GOP,
                                                  LIMIT_GOPS_MAX * SECONDS_PER_GOP);
            break;
        case 't':
            options.tx = bench_option_tx("limit", optarg, true);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            fputs(usage, stderr);
            exit(BENCH_EXIT_USAGE);
        }
    }
    if (optind < argc || options.streams * options.viewers > ENG_WORKER_VIEWERS_MAX ||
        (options.workers_count > 0 && options.streams > 1)) {
        fputs(usage, stderr);
        exit(BENCH_EXIT_USAGE);
    }
    return options;
}

static const struct limit_result *measure_load(struct plan *plan, const struct limit_load *load)
{
    struct limit_result *result = &plan->results[plan->count];
    int err;

    plan->loads[plan->count++] = *load;
    err = limit_process_apart(limit_load_run, load, result, sizeof(*result));
    if (err)
        result->err = err;
    return result;
}

static const struct limit_result *run_load(struct plan *plan, enum eng_tx tx, unsigned streams,
                                           unsigned viewers)
{
    struct limit_load load = plan->common;

    load.tx = tx;
    load.streams = streams;
    load.viewers = viewers;
    load.workers = 1;
    if (viewers == AIM && load.gops == 1)
        load.gops = AIM_REPEATS;
    return measure_load(plan, &load);
}

// So many workers, each with so many viewers of one stream.
static const struct limit_result *run_workers(struct plan *plan, enum eng_tx tx, unsigned workers,
                                              unsigned viewers)
{
    struct limit_load load = plan->common;

    load.tx = tx;
    load.streams = 1;
    load.viewers = workers * viewers;
    load.workers = workers;
    return measure_load(plan, &load);
}

// Several workers, each with what one has, in turns with one: what a packet costs them.
static void run_scaling(struct plan *plan, enum eng_tx tx, unsigned workers, unsigned viewers,
                        unsigned pairs)
{
    struct limit_scaling *scaling = &plan->scalings[plan->scaling_count];
    double carry[PAIRS];

    if (workers > plan->cores) {
        fprintf(stderr, "limit: %u workers are left out: there are %u cores\n", workers,
                plan->cores);
        return;
    }
    for (unsigned i = 0; i < pairs; i++) {
        const struct limit_result *one = run_workers(plan, tx, 1, viewers);
        const struct limit_result *all = run_workers(plan, tx, workers, viewers);

        if (one->err || all->err)
            return;
        carry[i] = workers * one->ns_per_packet / all->ns_per_packet;
    }
    scaling->tx = plan->results[plan->count - 1].tx;
    scaling->workers = workers;
    scaling->pairs = pairs;
    scaling->carry = limit_median(carry, pairs);
    scaling->least = carry[0];
    scaling->most = carry[pairs - 1];
    plan->scaling_count++;
}

// As many viewers of many streams as fill the core up to FULL_LOAD, going by what they cost.
static void run_full_load(struct plan *plan, enum eng_tx tx, const struct limit_result *cost)
{
    double packets = (LIMIT_GOP_FRAMES - 1) * LIMIT_FRAME_PACKETS + LIMIT_KEYFRAME_PACKETS;
    double viewers = FULL_LOAD * SECONDS_PER_GOP * 1e9 / (STREAMS * packets * cost->ns_per_packet);
    unsigned most = ENG_WORKER_VIEWERS_MAX / STREAMS;

    run_load(plan, tx, STREAMS, viewers < most ? (unsigned)viewers : most);
}

static void run_plan(struct plan *plan, const struct options *options, enum eng_tx tx)
{
    const struct limit_result *many;

    if (options->workers_count) {
        for (unsigned i = 0; i < options->workers_count; i++)
            run_scaling(plan, tx, options->workers[i], options->viewers ? options->viewers : AIM,
                        PAIRS);
        return;
    }
    if (options->viewers) {
        run_load(plan, tx, options->streams, options->viewers);
        return;
    }
    if (options->quick) {
        run_load(plan, tx, 1, 100);
        run_load(plan, tx, 1, AIM);
        run_load(plan, tx, STREAMS, 1);
        return;
    }
    run_load(plan, tx, 1, AIM / 50);
    run_load(plan, tx, 1, AIM / 5);
    run_load(plan, tx, 1, AIM);
    run_load(plan, tx, 1, AIM * 2);
    run_load(plan, tx, STREAMS, 1);
    many = run_load(plan, tx, STREAMS, 50);
    if (!many->err)
        run_full_load(plan, tx, many);
    if (tx == ENG_TX_IO_URING || options->tx == tx)
        run_scaling(plan, tx, WORKERS, AIM, 1);
}

struct survey_work {
    int core, other_core;
    unsigned rounds;
};

static void run_survey(const void *arg, void *result)
{
    const struct survey_work *work = arg;

    limit_survey_run(result, work->core, work->other_core, work->rounds);
}

// The publisher has the first core; a worker shares it where there are no more. How many there are.
static unsigned choose_cores(struct limit_load *load)
{
    unsigned n = eng_cores_choose(load->worker_cores, LIMIT_WORKERS_MAX);
    unsigned cores = n + (load->worker_cores[0] != eng_cores_first());

    load->publisher_core = eng_cores_first();
    for (; n < LIMIT_WORKERS_MAX; n++)
        load->worker_cores[n] = load->publisher_core;
    return cores;
}

static int measure(const struct options *options, struct plan *plan, struct limit_survey *survey)
{
    struct survey_work work = {.rounds = options->quick ? SURVEY_ROUNDS_QUICK : SURVEY_ROUNDS};
    int err;

    plan->common.gops = options->seconds / SECONDS_PER_GOP;
    plan->cores = choose_cores(&plan->common);
    work.core = plan->common.worker_cores[0];
    work.other_core = plan->common.publisher_core;
    err = limit_process_apart(run_survey, &work, survey, sizeof(*survey));
    if (err)
        survey->err = err;
    if (options->tx != ENG_TX_SENDMMSG)
        run_plan(plan, options, ENG_TX_IO_URING);
    if (options->tx == ENG_TX_SENDMMSG || (options->tx == ENG_TX_AUTO && !options->quick))
        run_plan(plan, options, ENG_TX_SENDMMSG);
    for (size_t i = 0; !err && i < plan->count; i++)
        err = plan->results[i].err;
    return err ? err : survey->err;
}

int main(int argc, char **argv)
{
    static struct plan plan;
    struct options options = parse_options(argc, argv);
    struct limit_survey survey;
    int64_t start = limit_process_now_ns();
    const char *what;
    int err = limit_sink_open(&what);

    if (err) {
        fprintf(stderr, "limit: %s: %s\n", what, strerror(-err));
        return EXIT_FAILURE;
    }
    plan.spread = limit_sink_spread() == 0;
    err = measure(&options, &plan, &survey);
    struct limit_report report = {
        .survey = &survey,
        .loads = plan.loads,
        .results = plan.results,
        .load_count = plan.count,
        .spread = plan.spread,
        .scalings = plan.scalings,
        .scaling_count = plan.scaling_count,
        .seconds = (double)(limit_process_now_ns() - start) / 1e9,
    };
    if (options.json)
        limit_report_json(&report);
    else
        limit_report_table(&report);
    if (err)
        fprintf(stderr, "limit: not all could be measured: %s\n", strerror(-err));
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
