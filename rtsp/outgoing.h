// SPDX-License-Identifier: Apache-2.0
//
// The packets of one picture on their way through the publish door, with the flags that tell where
// it begins and ends. Ingest thread; a plain struct in the caller's memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"

struct rtsp_outgoing {
    struct eng_stream *stream;
    struct eng_packet packet; // flags: those of the next packet, but MARKER
};

void rtsp_outgoing_begin(struct rtsp_outgoing *out, struct eng_stream *stream, bool keyframe,
                         int64_t media_time, int64_t capture_ns);

// Room for the next payload, 1 to ENG_PAYLOAD_MAX bytes.
uint8_t *rtsp_outgoing_reserve(struct rtsp_outgoing *out, size_t len);

// The payload has been written. last: it ends the picture.
void rtsp_outgoing_commit(struct rtsp_outgoing *out, size_t len, bool last);
