// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_report.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/limit_process.h"

enum {
    TRAIN_OF_8 = 2 // in limit_survey_trains
};

static const char *const tx_names[LIMIT_SURVEY_TXS] = {"io_uring", "sendmmsg"};

void limit_report_machine(void)
{
    struct utsname kernel;
    char cpu[128];

    uname(&kernel);
    limit_process_cpu_name(cpu, sizeof(cpu));
    printf("%s, Linux %s, sealing by %s\n", cpu, kernel.release, eng_sealer_name());
}

static void print_costs(const char *name, const double costs[][LIMIT_SURVEY_TRAINS])
{
    for (int tx = 0; tx < LIMIT_SURVEY_TXS; tx++) {
        printf("%-34s %-8s", name, tx_names[tx]);
        for (int i = 0; i < LIMIT_SURVEY_TRAINS; i++)
            printf(" %6.0f", costs[tx][i]);
        printf("\n");
    }
}

static void print_survey(const struct limit_survey *survey)
{
    printf("\nThe floor: ns of CPU per packet of %d bytes, %d viewers\n", LIMIT_PAYLOAD,
           LIMIT_SURVEY_VIEWERS);
    if (survey->err) {
        printf("not measured: %s\n", strerror(-survey->err));
        return;
    }
    printf("%-34s %-8s", "packets per train", "");
    for (int i = 0; i < LIMIT_SURVEY_TRAINS; i++)
        printf(" %6u", limit_survey_trains[i]);
    printf("\n%-43s %6.0f\n", "seal", survey->seal);
    print_costs("send, the device segments", survey->device.send);
    print_costs("seal + send, the device segments", survey->device.seal_send);
    if (!survey->switched) {
        printf("(the device's segmentation cannot be switched here: as it is, and only so)\n");
        return;
    }
    print_costs("send, the kernel segments", survey->software.send);
    print_costs("seal + send, the kernel segments", survey->software.seal_send);
}

static void print_wake(const struct limit_survey *survey)
{
    if (!survey->err && survey->wake > 0)
        printf("waking a thread that sleeps: %.1f us of CPU\n", survey->wake / 1000);
}

static void print_result(const struct limit_load *load, const struct limit_result *r)
{
    char name[32];

    if (load->workers > 1)
        snprintf(name, sizeof(name), "%u x %u *%u", load->streams, load->viewers, load->workers);
    else
        snprintf(name, sizeof(name), "%u x %u", load->streams, load->viewers);
    printf("%-15s %-8s", name, r->tx ? r->tx : "");
    if (r->err) {
        printf(" not measured: %s\n", strerror(-r->err));
        return;
    }
    printf(" %6.0f %6.0f %6.2f %6.1f %7.4f %6.1f %7.0f %7.0f %7.0f %7.0f %6.2f %5.0f\n",
           r->ns_per_packet, r->floor_ns, r->ratio, r->packets_per_train, r->syscalls_per_packet,
           r->core * 100, r->latency.p50_us, r->latency.p99_us, r->latency.max_us,
           r->bytes_per_viewer, r->dropped * 100, r->interrupt_ns_per_packet);
}

static void print_scaling(const struct limit_scaling *s)
{
    printf("%s: %u %s %.2f times what one does", s->tx, s->workers,
           s->workers > 1 ? "workers carry" : "worker carries", s->carry);
    if (s->pairs > 1)
        printf(" (%u pairs: %.2f to %.2f)", s->pairs, s->least, s->most);
    printf("\n");
}

void limit_report_table(const struct limit_report *report)
{
    limit_report_machine();
    print_survey(report->survey);
    print_wake(report->survey);
    printf(
        "\nThe engine: streams of 2 Mbit/s at 30 frames/s x viewers of each, one worker (*N: N)\n");
    printf("%-24s %6s %6s %6s %6s %7s %6s %23s %7s %6s %5s\n", "", "ns per", "floor", "", "pkts/",
           "calls/", "core", "publish to kernel, us", "bytes/", "drops", "irq");
    printf("%-24s %6s %6s %6s %6s %7s %6s %7s %7s %7s %7s %6s %5s\n", "streams x viewers", "packet",
           "ns", "ratio", "train", "packet", "%", "p50", "p99", "max", "viewer", "%", "ns");
    for (size_t i = 0; i < report->load_count; i++)
        print_result(&report->loads[i], &report->results[i]);
    for (size_t i = 0; i < report->scaling_count; i++)
        print_scaling(&report->scalings[i]);
    if (report->scaling_count > 0 && !report->spread)
        printf("(the device's queues cannot be given to cores here: workers meet in them)\n");
    printf("\n%.1f s\n", report->seconds);
}

static void print_json_floor(const struct limit_survey *survey)
{
    const double *send = survey->device.send[0];

    printf("{\"floor\": {\"seal_ns\": %.1f, \"send_ns\": {", survey->seal);
    for (int i = 0; i < LIMIT_SURVEY_TRAINS; i++)
        printf("%s\"%u\": %.1f", i ? ", " : "", limit_survey_trains[i], send[i]);
    printf("}, \"seal_send_ns\": %.1f}", survey->device.seal_send[0][TRAIN_OF_8]);
}

static void print_json_scalings(const struct limit_report *report)
{
    printf(", \"scaling\": [");
    for (size_t i = 0; i < report->scaling_count; i++) {
        const struct limit_scaling *s = &report->scalings[i];

        printf("%s\n{\"tx\": \"%s\", \"workers\": %u, \"pairs\": %u, \"carry\": %.3f, "
               "\"least\": %.3f, \"most\": %.3f}",
               i ? "," : "", s->tx, s->workers, s->pairs, s->carry, s->least, s->most);
    }
    printf("]");
}

void limit_report_json(const struct limit_report *report)
{
    const char *comma = "";

    print_json_floor(report->survey);
    printf(", \"engine\": [");
    for (size_t i = 0; i < report->load_count; i++) {
        const struct limit_result *r = &report->results[i];

        if (r->err)
            continue;
        printf(
            "%s\n{\"workers\": %u, \"streams\": %u, \"viewers\": %u, \"tx\": \"%s\", \"ns_per_packet\": %.1f, "
            "\"ratio\": %.3f, \"packets_per_train\": %.2f, \"syscalls_per_packet\": %.5f, "
            "\"publish_p99_us\": %.0f, \"bytes_per_viewer\": %.0f}",
            comma, report->loads[i].workers, report->loads[i].streams, report->loads[i].viewers,
            r->tx, r->ns_per_packet, r->ratio, r->packets_per_train, r->syscalls_per_packet,
            r->latency.p99_us, r->bytes_per_viewer);
        comma = ",";
    }
    printf("]");
    print_json_scalings(report);
    printf("}\n");
}
