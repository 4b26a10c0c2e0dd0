// SPDX-License-Identifier: Apache-2.0
//
// A track with a camera's end, whose packets the recorder keeps. Include it in one file per
// program.
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "rtsp/track.h"
#include "tests/support/h264_bytes.h"
#include "tests/unit/rtsp_recorder.h"

static const struct rtsp_format H264 = {
    .codec = RTSP_CODEC_H264,
    .payload_type = 96,
    .clock_rate = 90000,
    .set = {{.data = {SPS}, .len = 23}, {.data = {PPS}, .len = 6}},
};

static const struct rtsp_format OPUS = {
    .codec = RTSP_CODEC_OPUS,
    .payload_type = 97,
    .clock_rate = 48000,
    .channels = 2,
};

static struct rtsp_unit_pool units; // of all tracks, as they are on one thread

// A camera's end of one track.
struct fixture {
    struct eng_stream stream;
    struct rtsp_track *track;
    struct rtsp_now now;
    uint8_t payload_type;
    uint16_t sequence;
    uint32_t ssrc;
};

static inline void begin(struct fixture *f, enum eng_track kind, const struct rtsp_format *format)
{
    if (!f->track)
        assert_int_equal(rtsp_track_create(&f->stream, kind, 1180, &units, &f->track), 0);
    if (f->now.mono_ns == 0)
        f->now = (struct rtsp_now){1000000000, 1700000000000000000};
    f->payload_type = format->payload_type;
    rtsp_track_begin(f->track, format);
}

static inline void end(struct fixture *f)
{
    rtsp_track_destroy(f->track);
    recorder_clear(&f->stream);
    *f = (struct fixture){0};
}

static inline void wait_ms(struct fixture *f, int64_t ms)
{
    f->now.mono_ns += ms * 1000000;
    f->now.real_ns += ms * 1000000;
}

static inline void send(struct fixture *f, uint32_t timestamp, bool marker, const uint8_t *payload,
                        size_t len)
{
    uint8_t *packet = malloc(12 + len);

    packet[0] = 0x80;
    packet[1] = (uint8_t)((marker ? 0x80 : 0) | f->payload_type);
    packet[2] = (uint8_t)(f->sequence >> 8);
    packet[3] = (uint8_t)f->sequence;
    for (unsigned i = 0; i < 4; i++) {
        packet[4 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
        packet[8 + i] = (uint8_t)(f->ssrc >> (24 - 8 * i));
    }
    memcpy(packet + 12, payload, len);
    f->sequence++;
    rtsp_track_rtp(f->track, packet, 12 + len, f->now);
    free(packet);
}

static inline const struct rtsp_track_stats *stats(const struct fixture *f)
{
    return rtsp_track_stats(f->track);
}

static inline int free_rooms(void **state)
{
    (void)state;
    rtsp_unit_pool_fini(&units);
    return 0;
}
