// SPDX-License-Identifier: Apache-2.0
//
// What bench/isolation has to say, as a table or as JSON. Main thread, to stdout.
#pragma once

#include "bench/isolation_run.h"

struct isolation_report {
    const char *tx;
    const struct isolation_result *results; // of each kind, in its order
    double seconds;                         // that all of it took
};

void isolation_report_table(const struct isolation_report *report);

// {"tx", "misbehaviour": [{"name", "p50_us": {"without", "with"}, "p90_us": ..., "p99_us": ...,
// "max_us": ..., "p99_difference_us", "seconds", "done", "counters": {...}}, ...]}. "done" is what
// the viewer did, the counters are the engine's, both in the windows with misbehaviour. What failed
// is left out.
void isolation_report_json(const struct isolation_report *report);
