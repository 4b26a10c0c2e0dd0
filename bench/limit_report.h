// SPDX-License-Identifier: Apache-2.0
//
// What bench/limit has to say, as a table or as JSON. Main thread, to stdout.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "bench/limit_load.h"
#include "bench/limit_scaling.h"
#include "bench/limit_survey.h"

struct limit_report {
    const struct limit_survey *survey;
    const struct limit_load *loads;
    const struct limit_result *results; // of each load
    size_t load_count;
    bool spread; // each core had a queue of the device's to itself
    const struct limit_scaling *scalings;
    size_t scaling_count;
    double seconds; // that all of it took
};

// The CPU, the kernel, the sealer: one line.
void limit_report_machine(void);

void limit_report_table(const struct limit_report *report);

// {"floor": {"seal_ns", "send_ns": {"1", "4", ...}, "seal_send_ns"}, "engine": [{...}, ...],
// "scaling": [{"tx", "workers", "pairs", "carry", "least", "most"}, ...]}. The floor's figures are
// those of io_uring with a device that takes trains whole, seal_send_ns that of trains of 8.
// "viewers" is of each stream. Loads that failed are left out.
void limit_report_json(const struct limit_report *report);
