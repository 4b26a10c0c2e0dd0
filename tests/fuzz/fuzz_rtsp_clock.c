// SPDX-License-Identifier: Apache-2.0
//
// The clocks of a video and an audio track of one camera, which says of its time what it likes.
// Input: {what and of which track, how much time has gone by, what the camera says}.
#include "input.h"
#include "rtsp/clock.h"

static const int64_t SECOND_NS = 1000000000;
static const int64_t START_NS = 5000000000;
static const int64_t REAL_OFFSET_NS = 1700000000000000000;

// How far ahead of time a camera can push media: a burst of 10 s, and an early frame of 1 s.
static const int64_t AHEAD_NS = 11000000000;

struct track {
    struct rtsp_clock clock;
    int64_t media_time; // as handed out last, -1: nothing yet
    int64_t capture_ns;
    int64_t frames; // each is at least one tick
};

static void begin(struct track *t, uint8_t which)
{
    static const uint32_t rates[] = {90000, 48000, 8000, 44100};

    rtsp_clock_begin(&t->clock, rates[which % 4], which & 4 ? rates[which % 4] / 2 : 0);
}

static void map(struct track *t, uint32_t timestamp, int64_t mono_ns)
{
    struct rtsp_now now = {mono_ns, mono_ns + REAL_OFFSET_NS};
    int64_t media_time, capture_ns;

    rtsp_clock_map(&t->clock, timestamp, now, &media_time, &capture_ns);
    assert(media_time > t->media_time && capture_ns >= t->capture_ns);
    t->media_time = media_time;
    t->capture_ns = capture_ns;
    t->frames++;
}

// While the rate has stayed the same, media time is what has gone by since the start, and no more
// than the burst ahead of it.
static void check_pace(const struct track *t, int64_t mono_ns)
{
    int64_t elapsed = mono_ns - START_NS;
    int64_t most_ns = elapsed + elapsed / 512 + AHEAD_NS + SECOND_NS;

    assert(t->media_time - t->frames <= most_ns / 1000 * t->clock.rate / 1000000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    int64_t camera_offset_ns = RTSP_CAMERA_OFFSET_UNKNOWN;
    struct track tracks[2] = {{.media_time = -1}, {.media_time = -1}};
    bool same_rate[2] = {true, true};
    int64_t mono_ns = START_NS;

    for (int i = 0; i < 2; i++) {
        rtsp_clock_init(&tracks[i].clock);
        begin(&tracks[i], input_u8(&in));
    }
    while (in.len > 0) {
        uint8_t what = input_u8(&in);
        struct track *t = &tracks[what & 1];

        // From microseconds to hours.
        mono_ns += (int64_t)input_u8(&in) << (what >> 3 & 0x1f);
        if ((what & 6) < 4) {
            map(t, what & 2 ? input_u32(&in) : t->clock.newest + input_u16(&in), mono_ns);
            if (same_rate[what & 1])
                check_pace(t, mono_ns);
        } else if ((what & 6) == 4) {
            uint64_t seconds = input_u32(&in);
            struct rtsp_sr sr = {.ntp = seconds << 32 | input_u32(&in),
                                 .rtp_timestamp = t->clock.newest + input_u32(&in)};

            rtsp_clock_report(&t->clock, &sr, &camera_offset_ns);
        } else if (input_u8(&in) & 1) {
            rtsp_clock_break(&t->clock);
        } else {
            uint32_t rate = t->clock.rate;

            begin(t, input_u8(&in));
            same_rate[what & 1] &= rate == t->clock.rate;
        }
    }
    return 0;
}
