// SPDX-License-Identifier: Apache-2.0
//
// bench/isolation: what one viewer that misbehaves does to all others. The real engine, one worker,
// into a sink; in every other window of half a second one viewer floods it with feedback or with
// garbage, cannot be sent to, or comes and goes. Packets of the others are to be as soon with the
// kernel as without it.
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/isolation_report.h"
#include "bench/isolation_run.h"
#include "bench/limit_process.h"
#include "bench/limit_sink.h"
#include "bench/option.h"
#include "engine/cores.h"

struct options {
    bool json;
    enum eng_tx tx;
};

static const char usage[] =
    "usage: isolation [options]\n"
    "Measures what one viewer that misbehaves does to all others. Needs root: it sends into a\n"
    "network namespace of its own. Takes under 30 s, on an otherwise idle machine.\n"
    "\n"
    "  --json         prints JSON in place of the table\n"
    "  --tx WAY       io_uring or sendmmsg (io_uring)\n"
    "  --help\n";

// Exits on --help and on what is not an option.
static struct options parse_options(int argc, char **argv)
{
    static const struct option known[] = {
        {"json", no_argument, NULL, 'j'},
        {"tx", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct options options = {.tx = ENG_TX_IO_URING};
    int c;

    while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (c) {
        case 'j':
            options.json = true;
            break;
        case 't':
            options.tx = bench_option_tx("isolation", optarg, false);
            break;
        case 'h':
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        default:
            fputs(usage, stderr);
            exit(BENCH_EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        exit(BENCH_EXIT_USAGE);
    }
    return options;
}

static int measure(enum eng_tx tx, struct isolation_result results[ISOLATION_KINDS])
{
    struct isolation_work work = {.tx = tx, .other_core = eng_cores_first()};
    int err = 0;

    eng_cores_choose(&work.worker_core, 1);
    for (int i = 0; i < ISOLATION_KINDS; i++) {
        int failed;

        work.kind = (enum isolation_kind)i;
        failed = limit_process_apart(isolation_run, &work, &results[i], sizeof(results[i]));
        if (failed)
            results[i].err = failed;
        if (results[i].err)
            err = results[i].err;
    }
    return err;
}

int main(int argc, char **argv)
{
    static struct isolation_result results[ISOLATION_KINDS];
    struct options options = parse_options(argc, argv);
    int64_t start = limit_process_now_ns();
    const char *what;
    int err = limit_sink_open(&what);

    if (err) {
        fprintf(stderr, "isolation: %s: %s\n", what, strerror(-err));
        return EXIT_FAILURE;
    }
    err = measure(options.tx, results);
    struct isolation_report report = {
        .tx = options.tx == ENG_TX_IO_URING ? "io_uring" : "sendmmsg",
        .results = results,
        .seconds = (double)(limit_process_now_ns() - start) / 1e9,
    };
    if (options.json)
        isolation_report_json(&report);
    else
        isolation_report_table(&report);
    if (err)
        fprintf(stderr, "isolation: not all could be measured: %s\n", strerror(-err));
    return err ? EXIT_FAILURE : EXIT_SUCCESS;
}
