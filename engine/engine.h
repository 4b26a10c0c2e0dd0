// SPDX-License-Identifier: Apache-2.0
//
// The engine: takes published packets, seals and sends them to viewers. It knows packets, keys
// and addresses; it has never heard of RTSP, SDP, DTLS or HTTP.
//
// Every call here is made by the control thread, except where said otherwise. The engine runs one
// worker thread per core; commands to a worker go through a bounded queue and take effect in
// order. What workers have to say comes back as events: when eng_engine_event_fd() is readable,
// call eng_engine_poll() until it returns false.
//
// Errors are 0 or -errno. -EAGAIN from a command: the worker's queue is full (ENG_COMMANDS_MAX),
// nothing happened, try again later.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/counters.h"
#include "engine/limits.h"
#include "engine/publish.h"
#include "engine/types.h"

struct eng_io_ops;

enum eng_tx {
    ENG_TX_AUTO,     // the cheaper one, measured when the engine is made
    ENG_TX_IO_URING, // Linux >= 6.1
    ENG_TX_SENDMMSG,
};

struct eng_config {
    struct eng_addr listen; // the media port; 0.0.0.0 or :: for all addresses
    enum eng_tx tx;
    const int *cores;   // one worker is pinned to each; NULL or none: chosen from the affinity
    size_t core_count;  // at most ENG_WORKERS_MAX
    size_t video_bytes; // payload bytes kept per video track at most, 64 KiB to 256 MiB
    // A viewer starts at the newest keyframe if that is no older than so many seconds, 0 to 60, and
    // still in the ring; else at the next. 0: always at the next.
    unsigned video_seconds;
    unsigned train_max; // packets in one send, 1 to ENG_TRAIN_MAX
    unsigned pace_ms;   // what does not fit a train is spread over this time; 0: leaves at once
    // How workers talk to the kernel (io.h): NULL: by tx. Tests put faults in between here.
    const struct eng_io_ops *io;
};

// What ENG_TX_AUTO measured: nanoseconds of CPU per message over loopback. All zero: nothing was
// measured, since one was asked for or only one works here.
struct eng_tx_costs {
    uint32_t io_uring_ns;
    uint32_t sendmmsg_ns;
};

struct eng_engine;
struct eng_viewer;

// Binds the sockets and allocates all that the workers will need. On error nothing is left behind
// and *what names the step that failed ("bind", "io_uring", ...; static string).
int eng_engine_create(const struct eng_config *config, struct eng_engine **out, const char **what);

// Starts the workers.
int eng_engine_start(struct eng_engine *engine);

// Stops the workers once they have carried out all earlier commands, and joins them. Events stay
// readable. No command may follow.
void eng_engine_stop(struct eng_engine *engine);

// Frees everything, streams and remaining viewers included. Stops first if need be.
void eng_engine_destroy(struct eng_engine *engine);

// What was chosen, for the log and for --version. Any thread.
unsigned eng_engine_workers(const struct eng_engine *engine);
int eng_engine_core(const struct eng_engine *engine, unsigned worker);
const char *eng_engine_tx_name(const struct eng_engine *engine);
struct eng_tx_costs eng_engine_tx_costs(const struct eng_engine *engine);
uint16_t eng_engine_port(const struct eng_engine *engine);
const char *eng_sealer_name(void);

// ---- streams ----

// Streams live until eng_engine_destroy. -ENOSPC beyond ENG_STREAMS_MAX.
int eng_stream_create(struct eng_engine *engine, struct eng_stream **out);

// Packets and payload bytes published so far on one track. Any thread.
void eng_stream_published(const struct eng_stream *stream, enum eng_track track, uint64_t *packets,
                          uint64_t *bytes);

// ---- viewers ----

struct eng_viewer_track {
    bool on;
    uint8_t payload_type; // as the viewer's offer numbers it
    uint32_t ssrc;
    uint32_t clock_rate; // RTP clock, Hz
    // By RFC 4588, as the viewer's offer numbers it. rtx_ssrc 0: resends are identical packets.
    uint8_t rtx_payload_type;
    uint32_t rtx_ssrc;
    struct eng_extension_config extension;
};

struct eng_viewer_config {
    struct eng_stream *stream;
    unsigned worker;        // where the viewer's datagrams arrive: eng_event.worker
    struct eng_tuple tuple; // the nominated 5-tuple
    struct eng_srtp_keying keying;
    struct eng_viewer_track track[ENG_TRACKS];
    char cname[32]; // RTCP CNAME, NUL-terminated (RFC 7022)
    void *owner;    // handed back in events
};

// Starts sending: video from the latest keyframe in the ring if it will do (video_bytes,
// video_seconds), else from the next one; audio from now. The keying is copied; wipe your own. *out
// is valid until the eng_engine_poll() that returns its ENG_EVENT_VIEWER_GONE, which frees it.
int eng_viewer_add(struct eng_engine *engine, const struct eng_viewer_config *config,
                   struct eng_viewer **out);

// The viewer re-nominated: send to this 5-tuple from now on.
int eng_viewer_move(struct eng_viewer *viewer, const struct eng_tuple *tuple);

// Paused viewers get no media (their consent ran out, RFC 7675); a resumed one starts over at a
// keyframe.
int eng_viewer_pause(struct eng_viewer *viewer, bool paused);

// The way to the viewer is crowded: its video rests until it is released or moved, and starts again
// at the next keyframe. Sound and RTCP go on.
int eng_viewer_hold(struct eng_viewer *viewer, bool held);

// Hands in an SRTCP datagram of this viewer that arrived at another worker or from another 5-tuple.
int eng_viewer_deliver(struct eng_viewer *viewer, const struct eng_tuple *tuple,
                       const uint8_t *data, size_t len);

// Sends RTCP BYE and forgets the viewer. ENG_EVENT_VIEWER_GONE follows; until then figures may
// be read, but no further command be given.
int eng_viewer_remove(struct eng_viewer *viewer);

// A viewer's figures, updated by its worker, readable at any time by the control thread.
struct eng_viewer_stats {
    int64_t last_rtcp_ns;      // CLOCK_MONOTONIC of the last authenticated SRTCP from the 5-tuple
                               // that media goes to, 0: none yet
    int64_t first_packet_ns;   // CLOCK_MONOTONIC of the first packet, 0: none yet
    int64_t first_keyframe_ns; // the same of the first one of video
    uint64_t packets;          // sent, resent ones included
    uint64_t bytes;            // of UDP payload
    uint64_t dropped;          // packets of the stream that were left out for this viewer
    uint64_t resent;           // in answer to NACK
    uint64_t nacked;           // packets asked for by NACK
    uint64_t plis;             // PLI and FIR received
    uint32_t lost;             // RTCP RR: cumulative packets lost, video
    uint32_t loss_q8;          // RTCP RR: fraction lost, 1/256, video
    uint32_t rtt_us;           // from RR's LSR/DLSR, 0: unknown
    uint32_t jitter;           // RTCP RR: interarrival jitter, RTP units, video
    uint64_t remb_bps;         // REMB: bit/s that the viewer thinks it can receive, 0: unknown
    uint64_t estimate_bps;     // what the path carries by transport-cc (path.h), 0: unknown
    uint32_t queue_us;         // how long packets wait in a queue on it
    uint32_t rests; // how often video rested: circuit breaker (breaker.h), eng_viewer_hold
    bool resting;   // it does now
};

void eng_viewer_read_stats(const struct eng_viewer *viewer, struct eng_viewer_stats *out);

// ---- datagrams and events ----

enum eng_event_type {
    ENG_EVENT_DATAGRAM,    // STUN, DTLS or RTCP that the worker has no viewer for
    ENG_EVENT_VIEWER_BYE,  // the viewer sent an authenticated RTCP BYE
    ENG_EVENT_VIEWER_GONE, // the last word about a removed viewer
};

struct eng_event {
    enum eng_event_type type;
    unsigned worker;
    // VIEWER_*:
    struct eng_viewer *viewer;
    void *owner; // eng_viewer_config.owner
    // DATAGRAM:
    struct eng_tuple tuple;
    uint16_t len;
    uint8_t data[ENG_DATAGRAM_MAX];
};

// Readable while there are events.
int eng_engine_event_fd(const struct eng_engine *engine);

// Takes the next event, those of viewers before those of strangers, of each worker in turn. False:
// none left.
bool eng_engine_poll(struct eng_engine *engine, struct eng_event *out);

// Sends one datagram as it is (STUN, DTLS) from the given worker's socket. len <= ENG_DATAGRAM_MAX.
int eng_engine_send(struct eng_engine *engine, unsigned worker, const struct eng_tuple *to,
                    const void *data, size_t len);

// ---- figures ----

// The sum over all workers. out[i] belongs to eng_counter_name(i). Any thread.
void eng_engine_counters(const struct eng_engine *engine, uint64_t out[ENG_COUNTERS]);
