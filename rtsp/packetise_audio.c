// SPDX-License-Identifier: Apache-2.0
#include "rtsp/packetise_audio.h"

#include <errno.h>
#include <string.h>

static void put(struct rtsp_audio *audio, struct eng_stream *stream, const uint8_t *payload,
                size_t len, int64_t media_time, int64_t capture_ns)
{
    struct eng_packet packet = {.media_time = media_time,
                                .capture_ns = capture_ns,
                                .len = (uint16_t)len,
                                .flags = ENG_PACKET_FRAME_START};

    memcpy(eng_publish_reserve(stream, ENG_AUDIO, len), payload, len);
    eng_publish_commit(stream, ENG_AUDIO, &packet);
    audio->next = media_time + 1;
}

int rtsp_packetise_audio(struct rtsp_audio *audio, struct eng_stream *stream,
                         const uint8_t *payload, size_t len, int64_t media_time, int64_t capture_ns)
{
    size_t most = audio->payload_max;
    size_t pieces, ticks, done = 0;

    if (media_time < audio->next)
        return -EBADMSG;
    if (audio->tick_len == 0) {
        if (len > ENG_PAYLOAD_MAX)
            return -EMSGSIZE;
        put(audio, stream, payload, len, media_time, capture_ns);
        return 0;
    }
    len -= len % audio->tick_len;
    if (len == 0)
        return -EBADMSG;
    most -= most % audio->tick_len;
    pieces = (len + most - 1) / most;
    ticks = (len / audio->tick_len + pieces - 1) / pieces;
    while (done < len) {
        size_t piece = ticks * audio->tick_len;
        size_t before = done / audio->tick_len;

        if (piece > len - done)
            piece = len - done;
        put(audio, stream, payload + done, piece, media_time + (int64_t)before,
            capture_ns + (int64_t)(before * 1000000000 / audio->clock_rate));
        done += piece;
    }
    return 0;
}
