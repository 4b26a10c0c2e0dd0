// SPDX-License-Identifier: Apache-2.0
#include "rtsp/clock.h"

#include <assert.h>

static const int64_t SECOND_NS = 1000000000;

// How far timestamps may disagree with arrival before they count as jumped.
static const int64_t JUMP_NS = SECOND_NS;

// A camera's clock is expected to be within 1/1024 (977 ppm) of ours: crystals are within 100 ppm.
enum {
    DRIFT_SHIFT = 10
};

// Frames in a row whose timestamp has not moved; there are pictures of two fields, and pictures
// that their markers have split into slices.
enum {
    STILL_MAX = 8
};

// What a camera may send ahead of time: a few groups of pictures.
static const int64_t BURST_NS = 10 * SECOND_NS;

// Per sender report. Cameras send one each 5 s or so, so 1 ms follows a drift of 200 ppm, and two
// tracks that take their reports at different times differ by no more than one step.
static const int64_t OFFSET_STEP_NS = 1000000;

// Beyond this the camera's clock has been set, or its reports make no sense.
static const int64_t OFFSET_JUMP_NS = 2 * SECOND_NS;

// Split, because ticks times nanoseconds leave 64 bits after 28 h.
static int64_t to_ns(const struct rtsp_clock *clock, int64_t ticks)
{
    int64_t rate = clock->rate;

    return ticks / rate * SECOND_NS + ticks % rate * SECOND_NS / rate;
}

static int64_t to_ticks(const struct rtsp_clock *clock, int64_t ns)
{
    int64_t rate = clock->rate;

    return ns / SECOND_NS * rate + ns % SECOND_NS * rate / SECOND_NS;
}

static int64_t min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// NTP to nanoseconds since 1900, where 2036 follows on (RFC 5905 6): what counts is the distance
// between two of them.
static int64_t ntp_to_ns(uint64_t ntp)
{
    uint64_t seconds = ntp >> 32;
    uint64_t fraction = ntp & 0xffffffff;

    if (seconds < 0x80000000)
        seconds += (uint64_t)1 << 32;
    return (int64_t)(seconds * (uint64_t)SECOND_NS + (fraction * (uint64_t)SECOND_NS >> 32));
}

void rtsp_clock_init(struct rtsp_clock *clock)
{
    *clock = (struct rtsp_clock){0};
}

void rtsp_clock_begin(struct rtsp_clock *clock, uint32_t rate, uint32_t reorder_ticks)
{
    assert(rate > 0);
    clock->reorder_ticks = reorder_ticks;
    if (clock->rate != rate) {
        clock->rate = rate;
        // Other ticks from here on: the time since the last frame is all that carries over.
        clock->due_ns = clock->last_mono_ns - to_ns(clock, clock->last_media);
        clock->floor_ns = clock->due_ns - BURST_NS;
    }
    rtsp_clock_break(clock);
}

void rtsp_clock_break(struct rtsp_clock *clock)
{
    clock->anchored = false;
    clock->has_sr = false;
}

static bool is_plausible(const struct rtsp_clock *clock, int64_t step, int64_t mono_ns)
{
    int64_t needed = mono_ns - to_ns(clock, clock->newest_media + step);
    int64_t early_ns = clock->due_ns - needed;

    if (needed < clock->floor_ns || clock->still >= STILL_MAX)
        return false;
    if (step >= 0 && step <= clock->rate)
        return early_ns <= JUMP_NS;
    if (step < 0)
        return -step <= clock->reorder_ticks && -step < clock->newest_step;
    return early_ns <= JUMP_NS && early_ns >= -JUMP_NS;
}

static void anchor(struct rtsp_clock *clock, uint32_t timestamp, int64_t mono_ns)
{
    // To the nearest tick: where each frame is anchored, the rest would add up.
    int64_t expected = to_ticks(clock, mono_ns - clock->due_ns + SECOND_NS / clock->rate / 2);

    if (!clock->started) {
        expected = 0;
        clock->last_media = -1;
        clock->last_mono_ns = mono_ns;
        clock->last_capture_ns = mono_ns;
        clock->due_ns = mono_ns;
        clock->floor_ns = mono_ns - BURST_NS;
        clock->started = true;
    }
    clock->newest = timestamp;
    clock->newest_media = max(expected, clock->last_media + 1);
    clock->newest_step = 0;
    clock->anchored = true;
    clock->has_sr = false;
}

static void follow_arrival(struct rtsp_clock *clock, int64_t media, int64_t mono_ns)
{
    int64_t needed = mono_ns - to_ns(clock, media);
    int64_t elapsed = max(mono_ns - clock->last_mono_ns, 0);

    clock->due_ns = min(needed, clock->due_ns + (elapsed >> DRIFT_SHIFT));
    clock->floor_ns -= elapsed >> DRIFT_SHIFT;
    clock->last_mono_ns = mono_ns;
}

void rtsp_clock_map(struct rtsp_clock *clock, uint32_t timestamp, struct rtsp_now now,
                    int64_t *media_time, int64_t *capture_ns)
{
    int64_t step = (int32_t)(timestamp - clock->newest);
    int64_t media = clock->newest_media + step;

    assert(clock->rate > 0);
    clock->still = clock->anchored && step == 0 ? clock->still + 1 : 0;
    if (clock->anchored && is_plausible(clock, step, now.mono_ns)) {
        if (step > 0) {
            clock->newest = timestamp;
            clock->newest_media = media;
            clock->newest_step = step;
        }
    } else {
        clock->jumps += clock->anchored && clock->still <= STILL_MAX;
        anchor(clock, timestamp, now.mono_ns);
        media = clock->newest_media;
    }
    follow_arrival(clock, clock->newest_media, now.mono_ns);

    clock->last_media = max(media, clock->last_media + 1);
    clock->last_capture_ns =
        max(clock->last_capture_ns,
            to_ns(clock, media) + (clock->has_sr ? clock->sr_ns : clock->due_ns));
    *media_time = clock->last_media;
    *capture_ns = clock->last_capture_ns + (now.real_ns - now.mono_ns);
}

void rtsp_clock_pass(struct rtsp_clock *clock, const struct rtsp_clock *other)
{
    if (!clock->started || clock->rate != other->rate) {
        *clock = *other;
        rtsp_clock_break(clock);
    }
    clock->last_media = max(clock->last_media, other->last_media);
    clock->last_capture_ns = max(clock->last_capture_ns, other->last_capture_ns);
}

void rtsp_clock_report(struct rtsp_clock *clock, const struct rtsp_sr *sr,
                       int64_t *camera_offset_ns)
{
    int64_t offset = *camera_offset_ns;
    int64_t media_ns, arrival, difference;

    if (!clock->anchored || sr->ntp == 0)
        return;
    media_ns = to_ns(clock, clock->newest_media + (int32_t)(sr->rtp_timestamp - clock->newest));
    arrival = media_ns + clock->due_ns - ntp_to_ns(sr->ntp);
    difference = arrival - offset;
    if (offset == RTSP_CAMERA_OFFSET_UNKNOWN || difference > OFFSET_JUMP_NS ||
        difference < -OFFSET_JUMP_NS)
        offset = arrival;
    else
        offset += max(min(difference, OFFSET_STEP_NS), -OFFSET_STEP_NS);
    clock->sr_ns = ntp_to_ns(sr->ntp) + offset - media_ns;
    clock->has_sr = true;
    *camera_offset_ns = offset;
}
