// SPDX-License-Identifier: Apache-2.0
//
// One camera: a clip that has been playing in a loop since some moment, to any number of players in
// real time. Costs nothing while nobody plays it. Event loop's thread only.
//
// As from a camera, all players of a stream get the same packets; one that joins begins at the next
// keyframe. One that reads too slowly loses whole frames up to a keyframe, seen by it as a gap in
// the sequence numbers; nobody else waits for it.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "bench/clip.h"
#include "bench/source_report.h"

struct event;
struct event_base;
struct source_output;

enum {
    SOURCE_NAME_MAX = SOURCE_CNAME_MAX
};

// One connection's share in a stream. Embedded by its owner.
struct source_player {
    LIST_ENTRY(source_player) link;
    struct source_output *output;
    int rtp_channel[BENCH_TRACKS]; // of the interleaved framing; -1: track not wanted
    int rtcp_channel[BENCH_TRACKS];
    int64_t first[BENCH_TRACKS]; // unit to begin with, set by source_stream_play()
    bool wait_key;               // frames were lost
    int64_t report_ns;           // CLOCK_MONOTONIC of the next sender reports
    uint64_t units_sent;
    uint64_t units_dropped;
};

struct source_stream {
    char name[SOURCE_NAME_MAX + 1];
    const struct bench_clip *clip;
    int64_t begin_ns;      // CLOCK_MONOTONIC of unit 0
    int64_t audio_wait_ns; // how long audio may wait for a frame to leave with it
    uint32_t ssrc[BENCH_TRACKS];
    uint16_t first_sequence[BENCH_TRACKS];
    uint32_t first_timestamp[BENCH_TRACKS];
    int64_t next[BENCH_TRACKS]; // unit to send next; holds only while there are players
    struct event *timer;
    LIST_HEAD(, source_player) players;
};

// CLOCK_MONOTONIC in nanoseconds.
int64_t source_now_ns(void);

// begin_ns and audio_wait_ns are set. The clip is kept, not copied. SSRC, sequence and timestamps
// are drawn at random.
int source_stream_init(struct source_stream *stream, struct event_base *base,
                       const struct bench_clip *clip, const char *name);
void source_stream_fini(struct source_stream *stream); // nobody plays it any more

// Output and channels of the player are set.
void source_stream_play(struct source_stream *stream, struct source_player *player);
void source_stream_leave(struct source_stream *stream, struct source_player *player);

// Of the first packet of unit k.
uint16_t source_stream_sequence(const struct source_stream *stream, enum bench_track t, int64_t k);
uint32_t source_stream_timestamp(const struct source_stream *stream, enum bench_track t, int64_t k);
