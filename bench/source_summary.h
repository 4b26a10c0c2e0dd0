// SPDX-License-Identifier: Apache-2.0
//
// What was sent, for people and for programs. Main thread, after the event loop.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bench/source_stream.h"

struct source_summary {
    const struct source_stream *streams;
    size_t stream_count;
    uint64_t refused; // datagrams that the kernel did not take
    double seconds;   // between listening and the end
    double cpu_seconds;
};

// One line on stdout.
void source_summary_print(const struct source_summary *summary);

// A JSON object, to a file that is replaced: "seconds", "cpu_seconds", "refused_datagrams", "total"
// and "streams", a list in order. The total and each stream have "players" (how many there ever
// were), "reports" (RTCP) and, for "video" and "audio", "units" (frames, audio packets), "keys",
// "packets" (RTP), "bytes" (of these, with RTP headers), "dropped" and "late" (units), and
// "late_max_us". Each counts what all players together were sent. 0 or -errno.
int source_summary_write(const struct source_summary *summary, const char *path);
