// SPDX-License-Identifier: Apache-2.0
#include "bench/isolation_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bench/limit_report.h"

enum {
    SHOWN_MAX = 5
};

// What shows that the misbehaviour took place, and what became of it.
struct shown {
    const char *name;
    enum eng_counter counter;
};

struct kind {
    const char *name;  // for programs
    const char *title; // for people
    const char *done;  // in so many of these
    struct shown shown[SHOWN_MAX];
};

static const struct kind kinds[ISOLATION_KINDS] = {
    [ISOLATION_NACKS] = {"nacks",
                         "NACKs for everything",
                         "datagrams",
                         {{"opened", ENG_COUNTER_RTCP_IN},
                          {"dropped unopened", ENG_COUNTER_DROP_RTCP_FLOOD},
                          {"packets asked for", ENG_COUNTER_NACKED},
                          {"resent", ENG_COUNTER_PACKETS_RESENT}}},
    [ISOLATION_KEYFRAMES] = {"keyframes",
                             "PLIs and REMBs",
                             "datagrams",
                             {{"opened", ENG_COUNTER_RTCP_IN},
                              {"dropped unopened", ENG_COUNTER_DROP_RTCP_FLOOD},
                              {"keyframes asked for", ENG_COUNTER_PLI},
                              {"restarts", ENG_COUNTER_RESTARTS}}},
    [ISOLATION_GARBAGE] = {"garbage",
                           "forged SRTCP, RTP, STUN, junk",
                           "datagrams",
                           {{"found forged", ENG_COUNTER_DROP_RTCP_AUTH},
                            {"dropped unopened", ENG_COUNTER_DROP_FORGED_FLOOD},
                            {"RTP", ENG_COUNTER_DROP_RTP_IN},
                            {"STUN dropped", ENG_COUNTER_DROP_CHECK_FLOOD},
                            {"junk", ENG_COUNTER_DROP_JUNK}}},
    [ISOLATION_REFUSED] = {"refused",
                           "the kernel refuses its sends",
                           "moves",
                           {{"packets refused", ENG_COUNTER_DROP_REFUSED}}},
    [ISOLATION_COMMANDS] = {"commands",
                            "pauses, moves, resumes",
                            "commands",
                            {{"packets left out", ENG_COUNTER_DROP_PAUSED},
                             {"restarts", ENG_COUNTER_RESTARTS}}},
    [ISOLATION_JOINS] = {"joins",
                         "viewers come and go",
                         "viewers",
                         {{"reports and BYEs", ENG_COUNTER_PACKETS_RTCP}}},
};

static bool is_shown(const struct kind *kind, int i)
{
    return i < SHOWN_MAX && kind->shown[i].name;
}

static void print_result(const struct kind *kind, const struct isolation_result *r)
{
    printf("%-30s", kind->title);
    if (r->err) {
        printf(" not measured: %s\n", strerror(-r->err));
        return;
    }
    printf(" %7.0f %7.0f %7.0f %7.0f %7.0f %7.0f %+7.0f %8.0f %7.0f\n", r->without.p50_us,
           r->with.p50_us, r->without.p90_us, r->with.p90_us, r->without.p99_us, r->with.p99_us,
           r->p99_difference_us, r->without.max_us, r->with.max_us);
    printf("    %.0f %s a second", (double)r->done / r->seconds, kind->done);
    for (int i = 0; is_shown(kind, i); i++)
        printf("%s %.0f %s", i ? "," : ":",
               (double)r->counters[kind->shown[i].counter] / r->seconds, kind->shown[i].name);
    printf("\n");
}

void isolation_report_table(const struct isolation_report *report)
{
    limit_report_machine();
    printf("\n%d streams of 2 Mbit/s x %d viewers, one worker, %s; one viewer misbehaves in every\n"
           "other window. Publish to kernel of the others, us, without and with:\n\n",
           ISOLATION_STREAMS, ISOLATION_VIEWERS, report->tx);
    printf("%-30s %15s %15s %23s %16s\n", "", "p50", "p90", "p99", "max");
    printf("%-30s %7s %7s %7s %7s %7s %7s %7s %8s %7s\n", "", "without", "with", "without", "with",
           "without", "with", "diff", "without", "with");
    for (int i = 0; i < ISOLATION_KINDS; i++)
        print_result(&kinds[i], &report->results[i]);
    printf("\n%.1f s\n", report->seconds);
}

// A name as a key: words joined by underscores.
static void print_key(const char *name)
{
    putchar('"');
    for (; *name; name++)
        putchar(*name == ' ' ? '_' : *name);
    putchar('"');
}

static void print_pair(const char *name, double without, double with)
{
    printf("\"%s\": {\"without\": %.0f, \"with\": %.0f}, ", name, without, with);
}

void isolation_report_json(const struct isolation_report *report)
{
    const char *comma = "";

    printf("{\"tx\": \"%s\", \"misbehaviour\": [", report->tx);
    for (int k = 0; k < ISOLATION_KINDS; k++) {
        const struct isolation_result *r = &report->results[k];

        if (r->err)
            continue;
        printf("%s\n{\"name\": \"%s\", ", comma, kinds[k].name);
        print_pair("p50_us", r->without.p50_us, r->with.p50_us);
        print_pair("p90_us", r->without.p90_us, r->with.p90_us);
        print_pair("p99_us", r->without.p99_us, r->with.p99_us);
        print_pair("max_us", r->without.max_us, r->with.max_us);
        printf("\"p99_difference_us\": %.0f, \"seconds\": %.2f, \"done\": %" PRIu64
               ", \"counters\": {",
               r->p99_difference_us, r->seconds, r->done);
        for (int i = 0; is_shown(&kinds[k], i); i++) {
            printf("%s", i ? ", " : "");
            print_key(kinds[k].shown[i].name);
            printf(": %" PRIu64, r->counters[kinds[k].shown[i].counter]);
        }
        printf("}}");
        comma = ",";
    }
    printf("]}\n");
}
