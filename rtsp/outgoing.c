// SPDX-License-Identifier: Apache-2.0
#include "rtsp/outgoing.h"

void rtsp_outgoing_begin(struct rtsp_outgoing *out, struct eng_stream *stream, bool keyframe,
                         int64_t media_time, int64_t capture_ns)
{
    *out = (struct rtsp_outgoing){
        .stream = stream,
        .packet = {.media_time = media_time,
                   .capture_ns = capture_ns,
                   .flags = ENG_PACKET_FRAME_START | (keyframe ? ENG_PACKET_KEYFRAME : 0)},
    };
}

uint8_t *rtsp_outgoing_reserve(struct rtsp_outgoing *out, size_t len)
{
    return eng_publish_reserve(out->stream, ENG_VIDEO, len);
}

void rtsp_outgoing_commit(struct rtsp_outgoing *out, size_t len, bool last)
{
    struct eng_packet packet = out->packet;

    packet.len = (uint16_t)len;
    if (last)
        packet.flags |= ENG_PACKET_MARKER;
    eng_publish_commit(out->stream, ENG_VIDEO, &packet);
    out->packet.flags &= (uint16_t)~ENG_PACKET_FRAME_START;
}
