// SPDX-License-Identifier: Apache-2.0
//
// An ingest thread: runs RTSP sources on an event loop of its own. The calls below are made
// by the control thread, which owns the struct. What it wants of a source is a flag that the thread
// looks at when an eventfd says so; what the thread has to say comes back over a bounded SPSC queue
// of status copies, and a readable eventfd. When the queue is full, a source's
// statuses merge into its latest one, which goes out as soon as there is room: nothing final is
// lost.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rtsp/source.h"

enum {
    // Status copies on their way to the control thread; a power of two, one of which stays empty.
    // It absorbs a quarter of a second of a full house: 1,024 live sources tell once a second.
    CTL_INGEST_STATUSES_MAX = 256,

    // How long stopped sources may take to say goodbye to their cameras. Each gives up by itself
    // after 500 ms.
    CTL_INGEST_STOP_MS = 1000,
};

struct ctl_ingest_source {
    const char *url;           // copied by the source
    struct eng_stream *stream; // which this thread alone writes to, from start on
    size_t payload_max;
    enum rtsp_transport_choice transport;
    enum rtsp_b_frames b_frames;
    struct rtsp_fingerprint fingerprint;
    bool on_demand; // starts when it is wanted, not with the thread
    // Another one of the sources, shown while this one is down; it has none itself. NULL: none.
    const struct ctl_ingest_source *fallback;
};

struct ctl_ingest_status {
    size_t source; // index
    struct rtsp_source_status status;
};

struct ctl_ingest;

// Creates the loop and the sources; nothing runs yet. number: of the thread, which is named by it,
// "ingest-0". batch_window: ms for which the thread lets
// packets come before it looks again; 0: it looks whenever one comes. 0 or -errno.
int ctl_ingest_create(const struct ctl_ingest_source *sources, size_t count, unsigned number,
                      unsigned batch_window, struct ctl_ingest **out);

// Starts the thread, and all sources on it that are not on demand.
int ctl_ingest_start(struct ctl_ingest *ingest);

// Starts or stops a source, by index. What was asked last is what becomes of it.
void ctl_ingest_want(struct ctl_ingest *ingest, size_t source, bool wanted);

// Asks all sources to stop. Once all are idle, or after CTL_INGEST_STOP_MS, the thread ends and
// ctl_ingest_finished() turns true. A second call does nothing.
void ctl_ingest_stop(struct ctl_ingest *ingest);

// Readable when statuses wait or the thread has finished.
int ctl_ingest_event_fd(const struct ctl_ingest *ingest);

// Takes the next status; false: none left, and the event fd is armed again. Call it until then.
bool ctl_ingest_poll(struct ctl_ingest *ingest, struct ctl_ingest_status *out);

bool ctl_ingest_finished(const struct ctl_ingest *ingest);

// Stops, waits for the thread's end and frees.
void ctl_ingest_destroy(struct ctl_ingest *ingest);
