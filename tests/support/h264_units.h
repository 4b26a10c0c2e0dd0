// SPDX-License-Identifier: Apache-2.0
//
// NAL units of H.264 through the access unit of a gatherer, and what came out of it.
#pragma once

#include "rtsp/video_codec.h"
#include "tests/support/gatherer.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

#define SPS                                                                                   \
    0x67, 0x64, 0x00, 0x0d, 0xac, 0xb2, 0x02, 0x83, 0xf6, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, \
        0x20, 0x00, 0x00, 0x07, 0x81, 0xe2, 0x85, 0x49
#define SPS_1080                                                                              \
    0x67, 0x64, 0x00, 0x28, 0xac, 0xd9, 0x40, 0x78, 0x02, 0x27, 0xe5, 0xc0, 0x44, 0x00, 0x00, \
        0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xf0, 0x3c, 0x60, 0xc6, 0x58
#define PPS      0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0
#define PPS_1    0x68, 0x5b, 0xc3, 0xcb // id 1
#define SEI      0x06, 0x05, 0x01
#define IDR      0x65, 0x88, 0x84, 0x11
#define IDR_REST 0x65, 0x01, 0xc4, 0x22 // first_mb 224
#define P        0x41, 0x9a, 0x23, 0x11
#define P_REST   0x41, 0x01, 0xc4, 0x22
#define B        0x01, 0x9e, 0x62, 0x6a

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
