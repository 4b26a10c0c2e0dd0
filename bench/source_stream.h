// SPDX-License-Identifier: Apache-2.0
//
// One camera: a clip that has been playing in a loop since some moment, to any number of players in
// real time. Costs nothing while nobody plays it. Event loop's thread only.
//
// As from a camera, all players of a stream get the same packets; one that joins begins at the next
// keyframe. One that reads too slowly loses whole frames up to a keyframe, seen by it as a gap in
// the sequence numbers; nobody else waits for it. Over UDP nobody can be too slow.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "bench/clip.h"
#include "bench/source_report.h"

struct event;
struct event_base;
struct source_output;
struct source_pacer;

enum {
    SOURCE_NAME_MAX = SOURCE_CNAME_MAX,
    // Beyond the grid on which frames leave (2 ms), the time they wait for the event loop.
    SOURCE_LATE_NS = 10000000,
};

// One connection's share in a stream. Embedded by its owner.
struct source_player {
    LIST_ENTRY(source_player) link;
    struct source_output *output;  // over TCP; NULL: over UDP
    struct source_pacer *pacer;    // over UDP; NULL: over TCP
    int rtp_channel[BENCH_TRACKS]; // of the interleaved framing; -1: track not wanted
    int rtcp_channel[BENCH_TRACKS];
    int64_t first[BENCH_TRACKS]; // unit to begin with, set by source_stream_play()
    bool wait_key;               // frames were lost
    int64_t report_ns;           // CLOCK_MONOTONIC of the next sender reports
};

// What was sent of a track to all players together.
struct source_tally {
    uint64_t units;   // frames, audio packets
    uint64_t keys;    // keyframes among them
    uint64_t packets; // RTP
    uint64_t bytes;   // of these packets, with their headers
    uint64_t reports; // RTCP
    uint64_t dropped; // units that a slow player did not get
    uint64_t late;    // units that left more than SOURCE_LATE_NS after they could have
    int64_t late_max_ns;
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
    uint64_t player_count; // that ever played
    struct source_tally tally[BENCH_TRACKS];
};

// begin_ns and audio_wait_ns are set. The clip is kept, not copied. SSRC, sequence and timestamps
// are drawn at random.
int source_stream_init(struct source_stream *stream, struct event_base *base,
                       const struct bench_clip *clip, const char *name);
void source_stream_fini(struct source_stream *stream); // nobody plays it any more

// Output or pacer, and channels of the player are set.
void source_stream_play(struct source_stream *stream, struct source_player *player);
void source_stream_leave(struct source_stream *stream, struct source_player *player);

// Of the first packet of unit k.
uint16_t source_stream_sequence(const struct source_stream *stream, enum bench_track t, int64_t k);
uint32_t source_stream_timestamp(const struct source_stream *stream, enum bench_track t, int64_t k);
