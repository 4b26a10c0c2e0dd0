// SPDX-License-Identifier: Apache-2.0
//
// NAL units of H.264 through the access unit of a gatherer, and what came out of it.
#pragma once

#include "rtsp/video_codec.h"
#include "tests/support/gatherer.h"
#include "tests/support/h264_bytes.h"

static inline int setup(void **state)
{
    return gatherer_setup(state, &rtsp_video_h264);
}

// Notes the types of a published unit: "785" is SPS, PPS, IDR; units are parted by a space,
// keyframes have a K in front.
static inline void log_unit(struct gatherer *f, const struct rtsp_unit *unit)
{
    size_t len = strlen(f->log);

    if (len > 0)
        f->log[len++] = ' ';
    if (unit->keyframe)
        f->log[len++] = 'K';
    for (size_t i = 0; i < unit->part_count && len < sizeof(f->log) - 1; i++)
        f->log[len++] = (char)('0' + (unit->part[i].data[0] & 0x1f));
    f->log[len] = '\0';
}

static inline void finish(struct gatherer *f)
{
    struct rtsp_unit unit;

    if (rtsp_access_unit_finish(&f->au, &unit))
        log_unit(f, &unit);
    rtsp_access_unit_release(&f->au);
}

// One packet with one NAL unit.
static inline void packet(struct gatherer *f, uint32_t timestamp, bool marker, const uint8_t *nal,
                          size_t len)
{
    if (rtsp_access_unit_ends_before(&f->au, timestamp))
        finish(f);
    if (!f->au.open)
        rtsp_access_unit_open(&f->au, timestamp);
    if (len > 0) {
        rtsp_access_unit_part_begin(&f->au);
        rtsp_access_unit_part_append(&f->au, nal, len);
        rtsp_access_unit_part_end(&f->au);
    }
    if (rtsp_access_unit_ends_after(&f->au, marker))
        finish(f);
}

static inline void expect(struct gatherer *f, const char *log)
{
    assert_string_equal(f->log, log);
    f->log[0] = '\0';
}

// A session in which the marker is believed: SPS, PPS and IDR, then P at 1 and 2.
static inline void begin(struct gatherer *f)
{
    packet(f, 0, false, BYTES(SPS));
    packet(f, 0, false, BYTES(PPS));
    packet(f, 0, true, BYTES(IDR));
    packet(f, 1, true, BYTES(P));
    packet(f, 2, true, BYTES(P));
    expect(f, "K785 1 1");
}
