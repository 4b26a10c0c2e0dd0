// SPDX-License-Identifier: Apache-2.0
//
// bench/viewers: up to ten thousand viewers of any WHEP server in one process, and what reaches
// them. They do what browsers do but decode: full ICE, DTLS, SRTP, reports, NACK with RTX, PLI.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench/option.h"
#include "bench/viewers_json.h"
#include "bench/viewers_lane.h"
#include "bench/viewers_options.h"
#include "bench/viewers_result.h"
#include "bench/viewers_summary.h"
#include "control/clock.h"

enum {
    DESCRIPTORS_SPARE = 512, // beside one per viewer: HTTP, event loops
    JOIN_SECONDS_MAX = 60,   // of the last viewer: more than all its deadlines together
    SETTLE_SECONDS = 1,      // between the last join and the measured time
};

struct run {
    const struct viewers_options *options;
    size_t lane_count;
    struct viewers_lane *lane[VIEWERS_LANES_MAX];
    sigset_t signals; // that end it
    int64_t start_ns, cpu_ns;
    struct viewers_histogram latency; // at the end of the last second
    size_t second_max;
    struct viewers_result result;
};

// Asks for two descriptors per viewer, for a connection beside its socket, and is content with one,
// since connections are short.
static int raise_descriptor_limit(unsigned viewers)
{
    struct rlimit limit;
    rlim_t needed = (rlim_t)viewers + DESCRIPTORS_SPARE, wanted = needed + viewers;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return -errno;
    if (limit.rlim_max < wanted) {
        struct rlimit higher = {wanted, wanted};

        if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
            return 0;
    }
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (limit.rlim_cur < needed)
        return -EMFILE;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? 0 : -errno;
}

static int64_t process_cpu_ns(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * CTL_NS_PER_SECOND + t.tv_nsec;
}

static double since_start_s(const struct run *run)
{
    return (double)(ctl_now_ns() - run->start_ns) / 1e9;
}

// Waits until then; false: a signal came first.
static bool wait_until(const struct run *run, int64_t at_ns)
{
    for (;;) {
        int64_t left_ns = at_ns - ctl_now_ns();
        struct timespec left = {left_ns / CTL_NS_PER_SECOND, left_ns % CTL_NS_PER_SECOND};

        if (left_ns <= 0)
            return true;
        if (sigtimedwait(&run->signals, NULL, &left) > 0)
            return false;
    }
}

static void note_latency(struct run *run, struct viewers_second *s)
{
    struct viewers_histogram now = {0};

    for (size_t i = 0; i < run->lane_count; i++)
        viewers_histogram_merge(&now, &run->lane[i]->common.latency);
    viewers_histogram_since(&s->latency, &now, &run->latency);
    memcpy(&run->latency, &now, sizeof(now));
}

// Lets a second pass and notes what it brought. False: a signal came.
static bool pass_second(struct run *run, bool measured)
{
    struct viewers_result *r = &run->result;
    int64_t next_ns = run->start_ns + ((int64_t)r->second_count + 1) * CTL_NS_PER_SECOND;
    struct viewers_second *s = &r->second[r->second_count];

    if (r->second_count == run->second_max || !wait_until(run, next_ns))
        return false;
    int64_t cpu_ns = process_cpu_ns();
    s->at_s = since_start_s(run);
    s->measured = measured;
    s->cpu_s = (double)(cpu_ns - run->cpu_ns) / 1e9;
    run->cpu_ns = cpu_ns;
    for (size_t i = 0; i < run->lane_count; i++)
        viewers_counters_add(&run->lane[i]->common.counters, s->counter);
    note_latency(run, s);
    if (!run->options->quiet)
        viewers_summary_second(s, r->second_count > 0 ? s - 1 : NULL, run->options->viewers);
    r->second_count++;
    return true;
}

static bool all_have_joined(const struct run *run)
{
    const struct viewers_result *r = &run->result;
    const uint64_t *c = r->second_count > 0 ? r->second[r->second_count - 1].counter : NULL;

    return c && c[VIEWERS_COUNTER_JOINED] + c[VIEWERS_COUNTER_FAILED] >= run->options->viewers;
}

static void enter(struct run *run, enum viewers_lane_phase phase)
{
    for (size_t i = 0; i < run->lane_count; i++)
        viewers_lane_enter(run->lane[i], phase);
}

// All but the farewell. False: a signal came.
static bool watch(struct run *run)
{
    while (!all_have_joined(run)) {
        if (!pass_second(run, false))
            return false;
    }
    run->result.joining_s = since_start_s(run);
    if (run->result.second[run->result.second_count - 1].counter[VIEWERS_COUNTER_JOINED] == 0)
        return true;
    for (int i = 0; i < SETTLE_SECONDS; i++) {
        if (!pass_second(run, false))
            return false;
    }
    enter(run, VIEWERS_LANE_MEASURING);
    for (unsigned i = 0; i < run->options->seconds; i++) {
        if (!pass_second(run, true))
            return false;
    }
    return true;
}

static int create_lanes(struct run *run, struct viewers_dtls_context *dtls)
{
    int err = 0;

    for (; !err && run->lane_count < run->options->lane_count; run->lane_count += !err)
        err = viewers_lane_create(run->options, dtls, (unsigned)run->lane_count,
                                  &run->lane[run->lane_count]);
    return err;
}

static void destroy_lanes(struct run *run)
{
    for (size_t i = 0; i < run->lane_count; i++)
        viewers_lane_destroy(run->lane[i]);
}

// Starts the threads, sees the run through and ends them.
static int run_lanes(struct run *run)
{
    size_t started = 0;
    int err = 0;

    run->start_ns = ctl_now_ns();
    run->cpu_ns = process_cpu_ns();
    while (!err && started < run->lane_count) {
        err = viewers_lane_start(run->lane[started], run->start_ns);
        started += !err;
    }
    if (!err)
        run->result.interrupted = !watch(run);
    enter(run, VIEWERS_LANE_LEAVING);
    // Who interrupts once more does not want to wait for the DELETEs.
    pthread_sigmask(SIG_UNBLOCK, &run->signals, NULL);
    for (size_t i = 0; i < started; i++)
        viewers_lane_join(run->lane[i]);
    run->result.cpu_s = (double)process_cpu_ns() / 1e9;
    return err ? err : viewers_result_collect(&run->result, run->lane, run->lane_count);
}

static int report(const struct viewers_result *result)
{
    const char *json = result->options->json;
    int err = json ? viewers_json_write(result, json) : 0;

    if (!json || strcmp(json, "-") != 0)
        viewers_summary_print(result);
    if (err)
        fprintf(stderr, "viewers: --json %s: cannot be written\n", json);
    return err;
}

static int execute(struct run *run)
{
    const struct viewers_options *o = run->options;
    struct viewers_dtls_context *dtls = NULL;
    int err;

    run->second_max = o->viewers / o->joins_per_second + JOIN_SECONDS_MAX + o->seconds;
    run->result.second = calloc(run->second_max + 1, sizeof(*run->result.second));
    err = run->result.second ? viewers_dtls_context_create(o->profiles, &dtls) : -ENOMEM;
    if (!err)
        err = create_lanes(run, dtls);
    if (!err)
        err = run_lanes(run);
    if (err)
        fprintf(stderr, "viewers: %s\n", strerror(-err));
    else
        err = report(&run->result);
    destroy_lanes(run);
    viewers_dtls_context_destroy(dtls);
    free(run->result.second);
    return err;
}

int main(int argc, char **argv)
{
    static struct viewers_options options;
    static struct run run = {.options = &options, .result.options = &options};
    int err;

    viewers_options_parse(argc, argv, &options);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&run.signals);
    sigaddset(&run.signals, SIGINT);
    sigaddset(&run.signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &run.signals, NULL);
    err = raise_descriptor_limit(options.viewers);
    if (err) {
        fprintf(stderr, "viewers: %u viewers need as many descriptors (ulimit -n): %s\n",
                options.viewers, strerror(-err));
        return EXIT_FAILURE;
    }
    err = execute(&run);
    const uint64_t *all = run.result.all;
    bool failed = all[VIEWERS_COUNTER_FAILED] + all[VIEWERS_COUNTER_ENDED] + run.result.silent > 0;
    viewers_options_fini(&options);
    return err || failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
