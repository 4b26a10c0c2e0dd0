// SPDX-License-Identifier: Apache-2.0
//
// Audio RTP payloads through the publish door. Ingest thread. A payload of Opus (RFC 7587), PCMU
// or PCMA (RFC 3551 4.5.14) goes on as it is. One of PCM that is larger than payload_max is cut
// between samples into pieces of equal size, each with the media time of its first sample; Opus
// cannot be cut and may have up to ENG_PAYLOAD_MAX bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"

struct rtsp_audio {
    size_t payload_max;
    uint32_t clock_rate; // Hz
    unsigned frame_len;  // PCM: bytes per sample of all channels; 0: not to be cut
};

// Publishes one payload; the caller flushes. 0; -EMSGSIZE: too large and not to be cut; -EBADMSG:
// not one whole sample. Part of a sample behind whole ones is left out.
int rtsp_packetise_audio(const struct rtsp_audio *audio, struct eng_stream *stream,
                         const uint8_t *payload, size_t len, int64_t media_time,
                         int64_t capture_ns);
