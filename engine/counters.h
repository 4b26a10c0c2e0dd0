// SPDX-License-Identifier: Apache-2.0
//
// The engine's counters. Each worker owns one set and is its only writer; any thread may read.
// The name is what /metrics shows, after rtcfan_. Everything that is ever dropped has one.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

// X(identifier, metric name, labels, help)
#define ENG_COUNTER_LIST(X)                                                                   \
    X(PACKETS_VIDEO, "packets_sent", "media=\"video\"", "RTP packets accepted by the kernel") \
    X(PACKETS_AUDIO, "packets_sent", "media=\"audio\"", "")                                   \
    X(PACKETS_RESENT, "packets_sent", "media=\"resend\"", "")                                 \
    X(PACKETS_RTCP, "packets_sent", "media=\"rtcp\"", "")                                     \
    X(TRAINS_VIDEO, "trains_sent", "media=\"video\"", "Messages handed to the kernel")        \
    X(TRAINS_AUDIO, "trains_sent", "media=\"audio\"", "")                                     \
    X(TRAINS_RESENT, "trains_sent", "media=\"resend\"", "")                                   \
    X(TRAINS_RTCP, "trains_sent", "media=\"rtcp\"", "")                                       \
    X(BYTES, "bytes_sent", "", "UDP payload bytes of RTP and RTCP accepted by the kernel")    \
    X(SEGMENTS_REFUSED, "segmentation_refused", "",                                           \
      "Viewers that get one packet per message: the kernel refused UDP_SEGMENT")              \
    X(SYSCALLS, "worker_syscalls", "", "System calls made by the workers")                    \
    X(WAKEUPS, "worker_wakeups", "", "Returns from waiting")                                  \
    X(CQ_OVERFLOWS, "completion_overflows", "",                                               \
      "Times that io_uring had no room for what was done")                                    \
    X(DATAGRAMS_IN, "datagrams_received", "", "Datagrams received on the media port")         \
    X(RTCP_IN, "rtcp_received", "", "Authenticated SRTCP datagrams received")                 \
    X(NACKED, "packets_nacked", "", "Packets asked for by NACK")                              \
    X(PLI, "keyframe_requests", "", "PLI and FIR received")                                   \
    X(PLI_COALESCED, "keyframe_requests_coalesced", "",                                       \
      "PLI and FIR that led to no restart of their own")                                      \
    X(BREAKER_RTCP, "video_rests", "cause=\"rtcp_timeout\"",                                  \
      "Times that a viewer's video was stopped, by cause: circuit breaker (RFC 8083), hold")  \
    X(BREAKER_MEDIA, "video_rests", "cause=\"media_timeout\"", "")                            \
    X(BREAKER_CONGESTION, "video_rests", "cause=\"congestion\"", "")                          \
    X(HELD, "video_rests", "cause=\"held\"", "")                                              \
    X(RESTS_OVER, "video_rests_over", "", "Times that such a rest ended")                     \
    X(RESTARTS, "viewer_restarts", "", "Viewers restarted at a keyframe")                     \
    X(WAIT_OLD, "keyframe_waits", "cause=\"too_old\"",                                        \
      "Viewers that had to wait for the next keyframe, by what was wrong with the newest")    \
    X(WAIT_OUTGROWN, "keyframe_waits", "cause=\"did_not_fit\"", "")                           \
    X(DROP_REFUSED, "packets_dropped", "cause=\"send_refused\"",                              \
      "Packets left out, for one viewer each, by cause")                                      \
    X(DROP_LAPPED, "packets_dropped", "cause=\"lapped\"", "")                                 \
    X(DROP_WAITING, "packets_dropped", "cause=\"waiting_for_keyframe\"", "")                  \
    X(DROP_PAUSED, "packets_dropped", "cause=\"paused\"", "")                                 \
    X(DROP_RESEND_OLD, "packets_dropped", "cause=\"resend_too_old\"", "")                     \
    X(DROP_RESEND_REPEATED, "packets_dropped", "cause=\"resend_repeated\"", "")               \
    X(DROP_RESEND_BUDGET, "packets_dropped", "cause=\"resend_budget\"", "")                   \
    X(DROP_NO_BUFFER, "packets_dropped", "cause=\"no_send_buffer\"", "")                      \
    X(DROP_EVENTS_FULL, "datagrams_dropped", "cause=\"event_queue_full\"",                    \
      "Received datagrams thrown away, by cause")                                             \
    X(DROP_STRANGERS_FULL, "datagrams_dropped", "cause=\"stranger_queue_full\"", "")          \
    X(DROP_JUNK, "datagrams_dropped", "cause=\"not_webrtc\"", "")                             \
    X(DROP_OVERSIZE, "datagrams_dropped", "cause=\"oversize\"", "")                           \
    X(DROP_RTP_IN, "datagrams_dropped", "cause=\"rtp_from_viewer\"", "")                      \
    X(DROP_RTCP_AUTH, "datagrams_dropped", "cause=\"srtcp_authentication\"", "")              \
    X(DROP_RTCP_BAD, "datagrams_dropped", "cause=\"rtcp_malformed\"", "")                     \
    X(DROP_RTCP_FLOOD, "datagrams_dropped", "cause=\"rtcp_flood\"", "")                       \
    X(DROP_FORGED_FLOOD, "datagrams_dropped", "cause=\"forged_rtcp_flood\"", "")              \
    X(DROP_CHECK_FLOOD, "datagrams_dropped", "cause=\"stun_flood\"", "")                      \
    X(DROP_VIEWERS_FULL, "viewers_refused", "", "Viewers refused: a worker's table was full")

enum eng_counter {
#define ENG_COUNTER_ID(id, name, labels, help) ENG_COUNTER_##id,
    ENG_COUNTER_LIST(ENG_COUNTER_ID)
#undef ENG_COUNTER_ID
    ENG_COUNTERS
};

struct eng_counter_info {
    const char *name;   // without prefix and without _total
    const char *labels; // Prometheus labels, or ""
    const char *help;   // set on the first of each name
};

extern const struct eng_counter_info eng_counter_info[ENG_COUNTERS];

struct eng_counters {
    _Atomic uint64_t value[ENG_COUNTERS];
};

// One writer: a load and a store, both relaxed, are enough and cost no locked instruction.
static inline void eng_count(struct eng_counters *c, enum eng_counter id, uint64_t n)
{
    uint64_t value = atomic_load_explicit(&c->value[id], memory_order_relaxed);

    atomic_store_explicit(&c->value[id], value + n, memory_order_relaxed);
}
