// SPDX-License-Identifier: Apache-2.0
//
// One viewer's view of one track: how packets of the ring are renumbered and retimed for it (RFC
// 3550 5.1). Worker thread; a plain struct, embedded in the viewer.
//
// A run is a stretch of consecutive packets of the ring. Within a run
//     sequence number = index + seq_delta          (continuous from run to run)
//     timestamp       = media_time + ts_offset     (the same offset for the viewer's whole life)
// except that a run may begin with a backlog: the frames from the cached keyframe up to now. They
// are squeezed into the time just before `anchor`, step apart, so that the viewer decodes them at
// once and lands on live. Header and payload of a sequence number are thus a function of the run
// and the index: a resend is the identical packet, and no SRTP index is used for two contents. The
// one exception is transport-cc's number: a track whose packets carry it resends by RTX alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/extension.h"
#include "engine/ring.h"
#include "engine/types.h"

struct eng_rewrite {
    uint32_t ssrc;
    uint32_t clock_rate;
    uint8_t payload_type;
    bool any; // something was sent: last_* are valid
    uint32_t ts_offset;
    uint64_t next_seq;    // extended sequence number (ROC << 16 | SEQ) of the next packet
    uint64_t seq_delta;   // modulo 2^64
    uint64_t run_start;   // first index of this run
    uint64_t until_frame; // frames below it are backlog
    int64_t anchor;       // media time that the backlog runs up to
    uint32_t step;        // RTP units between backlog frames
    // For sender reports: of the last packet sent.
    int64_t last_media_time;
    int64_t last_capture_ns;
    uint32_t packets;
    uint32_t octets;
    struct eng_extension extension;
};

enum {
    ENG_RTX_OSN_LEN = 2, // the original sequence number, before the payload
};

// The stream that a track's resends go by (RFC 4588 4, SSRC-multiplexed): sequence numbers, and so
// SRTP indices, of its own.
struct eng_rtx {
    uint32_t ssrc; // 0: none, a resend is the identical packet
    uint8_t payload_type;
    uint64_t next_seq; // as eng_rewrite's
};

// random: 64 random bits for the first sequence number (below 2^15, so that a lost first packet
// cannot hide a rollover: RFC 3711 3.3.1) and timestamp offset.
// Header extensions: none, until eng_extension_init().
void eng_rewrite_init(struct eng_rewrite *rw, uint32_t ssrc, uint8_t payload_type,
                      uint32_t clock_rate, uint64_t random);

// Bytes of each header of the track.
static inline size_t eng_rewrite_header_len(const struct eng_rewrite *rw)
{
    return ENG_RTP_HEADER_LEN + (size_t)rw->extension.len;
}

// Begins a run at this index, without backlog.
void eng_rewrite_start(struct eng_rewrite *rw, uint64_t index);

// Frames below newest.frame + 1 of this run are backlog; newest is the newest packet in the ring,
// first the run's first. age_ns: how long ago newest was published. The timestamps are those of
// now: a receiver would take the stream's clock to stand still if an old backlog came with old
// ones.
void eng_rewrite_squeeze(struct eng_rewrite *rw, const struct eng_ring_packet *first,
                         const struct eng_ring_packet *newest, int64_t age_ns);

// Writes the RTP header and returns the SRTP index. Only for packets of the current run. number:
// for transport-cc.
uint64_t eng_rewrite_header(const struct eng_rewrite *rw, const struct eng_ring_packet *packet,
                            uint16_t number, uint8_t out[ENG_RTP_HEADER_MAX]);

// The packet's sequence number is used up, whether or not it reached the kernel.
void eng_rewrite_used(struct eng_rewrite *rw, const struct eng_ring_packet *packet);

// Which packet of the ring a NACK means. False: not of this run, or never sent.
bool eng_rewrite_find(const struct eng_rewrite *rw, uint16_t seq, uint64_t *index);

// random: 15 random bits for the first sequence number.
void eng_rtx_init(struct eng_rtx *rtx, uint32_t ssrc, uint8_t payload_type, uint64_t random);

// Turns the header of a packet into that of its retransmission, writes the OSN and returns the SRTP
// index, which is used up by this.
uint64_t eng_rtx_header(struct eng_rtx *rtx, uint8_t header[ENG_RTP_HEADER_MAX],
                        uint8_t osn[ENG_RTX_OSN_LEN]);

// RTP timestamp of this instant for a sender report (RFC 3550 6.4.1).
uint32_t eng_rewrite_timestamp_at(const struct eng_rewrite *rw, int64_t real_ns);
