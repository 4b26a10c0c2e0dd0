// SPDX-License-Identifier: Apache-2.0
//
// What viewers count. Each thread owns one set and is its only writer; any thread may read.
#pragma once

#include <stdatomic.h>
#include <stdint.h>

// X(identifier, name in the JSON output)
#define VIEWERS_COUNTER_LIST(X)                                                               \
    X(JOINED, "joined")       /* viewers that saw their first keyframe */                     \
    X(FAILED, "failed")       /* viewers that never did */                                    \
    X(ENDED, "ended")         /* viewers that were joined and lost it */                      \
    X(VIDEO, "packets_video") /* RTP packets received, by what they are */                    \
    X(AUDIO, "packets_audio")                                                                 \
    X(RTX, "packets_rtx")                                                                     \
    X(BYTES, "bytes")                   /* of UDP payload of these */                         \
    X(EXPECTED, "packets_expected")     /* by sequence numbers, without RTX */                \
    X(RECEIVED, "packets_received")     /* of these, each once; the rest is lost */           \
    X(VIDEO_EXPECTED, "video_expected") /* likewise, of video alone */                        \
    X(VIDEO_RECEIVED, "video_received")                                                       \
    X(LATE, "late")           /* of these, after a later one, unasked */                      \
    X(RECOVERED, "recovered") /* of these, after a NACK */                                    \
    X(DUPLICATE, "duplicate")                                                                 \
    X(TOO_LATE, "too_late")            /* beyond the window: stays lost */                    \
    X(NACKED, "nacked")                /* packets asked for, each time counted */             \
    X(NACKS_IN_VAIN, "nacks_given_up") /* asked for ten times */                              \
    X(NACKS_FULL, "nacks_no_room")     /* missing, but too many to ask for */                 \
    X(PLI, "pli_sent")                                                                        \
    X(FRAMES, "frames")         /* pictures begun */                                          \
    X(OPENED, "decrypted")      /* RTP packets that were authentic */                         \
    X(FORGED, "decrypt_failed") /* RTP packets that were not */                               \
    X(RTCP, "rtcp_received")                                                                  \
    X(RTCP_FORGED, "rtcp_decrypt_failed")                                                     \
    X(UNSTAMPED, "frames_without_stamp")   /* looked at in vain */                            \
    X(STAMPED_AHEAD, "stamps_from_future") /* clocks differ: left out */                      \
    X(SSRC_CHANGES, "ssrc_changes")                                                           \
    X(UNKNOWN, "packets_unknown")             /* payload type not in the answer, or no RTP */ \
    X(LOST_HERE, "dropped_on_purpose")        /* datagrams, by --loss */                      \
    X(SOCKET_DROPS, "dropped_by_own_sockets") /* the client was too slow */                   \
    X(MESSAGES, "messages_received")          /* by the kernel's count: trains or packets */  \
    X(RECEIVE_CALLS, "receive_calls")

enum viewers_counter {
#define VIEWERS_COUNTER_ID(id, name) VIEWERS_COUNTER_##id,
    VIEWERS_COUNTER_LIST(VIEWERS_COUNTER_ID)
#undef VIEWERS_COUNTER_ID
    VIEWERS_COUNTERS
};

struct viewers_counters {
    _Atomic uint64_t value[VIEWERS_COUNTERS];
};

// One writer: a load and a store, both relaxed, are enough and cost no locked instruction.
static inline void viewers_count(struct viewers_counters *c, enum viewers_counter id, uint64_t n)
{
    uint64_t value = atomic_load_explicit(&c->value[id], memory_order_relaxed);

    atomic_store_explicit(&c->value[id], value + n, memory_order_relaxed);
}

// Adds a set to what is in out.
static inline void viewers_counters_add(const struct viewers_counters *c,
                                        uint64_t out[VIEWERS_COUNTERS])
{
    for (int i = 0; i < VIEWERS_COUNTERS; i++)
        out[i] += atomic_load_explicit(&c->value[i], memory_order_relaxed);
}
