// SPDX-License-Identifier: Apache-2.0
//
// Stretches of PCM in, frames of 20 ms out, each with the media time of its first sample. Ingest
// thread; a plain struct in the caller's memory. Time is in ticks of 48 kHz, so a tick is a sample
// of each channel.
//
// Frames follow each other without a hole as long as the camera's clock lets them, for a receiver
// conceals each hole and each overlap, even of one tick. lag is how much later than the end of what
// is here the next sample belongs, by the camera's timestamps:
//
//     |lag| <= 5 ms               rounding and jitter: nothing is done
//     |lag| <= 40 ms              drift: one sample per stretch is doubled, or left out
//     lag > 40 ms                 a hole: silence up to the end of the frame that is begun, then
//     the
//                                 media time jumps, and the receiver conceals the rest
//     lag < -40 ms                an overlap: so many samples are left out
//
// After a break, where packets are missing or a session has begun, any lag is a hole or an overlap.
// So what is heard lies within 40 ms of its media time, and media time never goes back.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RTSP_REFRAME_RATE = 48000,         // Hz
    RTSP_REFRAME_LEN = 960,            // samples per channel of a frame
    RTSP_REFRAME_CHANNELS_MAX = 2,     //
    RTSP_REFRAME_STRETCH_MAX = 8192,   // samples per channel; an access unit of AAC has up to 6,700
    RTSP_REFRAME_LAG_IGNORED = 240,    // 5 ms
    RTSP_REFRAME_LAG_CORRECTED = 1920, // 40 ms
};

struct rtsp_reframe {
    unsigned channels; // 1 or 2
    bool started;
    bool broken;   // something is missing before the next stretch that has a time
    bool exact;    // the lag at hand is a hole or an overlap, however small
    int64_t media; // of the first sample here
    int64_t lag;   // of the next sample
    int64_t jump;  // between the first frame here and what follows it
    size_t taken;  // samples per channel that have gone out, at the beginning
    size_t count;  // samples per channel here, taken ones included
    // A stretch, less than a frame before it, and the sample that is doubled.
    int16_t samples[(RTSP_REFRAME_LEN + RTSP_REFRAME_STRETCH_MAX + 1) * RTSP_REFRAME_CHANNELS_MAX];
};

// A stream's life begins.
void rtsp_reframe_init(struct rtsp_reframe *reframe);

// A session begins: what is here is dropped. Media time goes on.
void rtsp_reframe_begin(struct rtsp_reframe *reframe, unsigned channels);

// Something is missing before the next stretch that has a time.
void rtsp_reframe_break(struct rtsp_reframe *reframe);

// The next stretch begins at this media time. Without it, it follows the one before.
void rtsp_reframe_at(struct rtsp_reframe *reframe, int64_t media);

// Takes a stretch of up to RTSP_REFRAME_STRETCH_MAX samples per channel. All frames have been taken
// out before.
void rtsp_reframe_push(struct rtsp_reframe *reframe, const int16_t *samples, size_t count);

// Takes the next frame, valid until the next push. False: none is complete.
bool rtsp_reframe_next(struct rtsp_reframe *reframe, const int16_t **samples, int64_t *media);
