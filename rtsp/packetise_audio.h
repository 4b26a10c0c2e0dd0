// SPDX-License-Identifier: Apache-2.0
//
// Audio RTP payloads through the publish door. Ingest thread. A payload of Opus (RFC 7587), PCMU,
// PCMA, G.722 or L16 (RFC 3551 4.5) goes on as it is. One that is larger than payload_max is cut
// between ticks of the RTP clock into pieces of equal size, each with the media time of its first
// tick; Opus cannot be cut and may have up to ENG_PAYLOAD_MAX bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"

struct rtsp_audio {
    size_t payload_max;
    uint32_t clock_rate; // Hz
    unsigned tick_len;   // bytes per tick of the RTP clock, of all channels; 0: not to be cut
    int64_t next;        // media time from which on nothing was published; survives sessions
};

// Publishes one payload; the caller flushes. 0; -EMSGSIZE: too large and not to be cut; -EBADMSG:
// not one whole tick, or of a time that pieces of an earlier payload had: it is longer than its
// timestamps say. Part of a tick behind whole ones is left out.
int rtsp_packetise_audio(struct rtsp_audio *audio, struct eng_stream *stream,
                         const uint8_t *payload, size_t len, int64_t media_time,
                         int64_t capture_ns);
