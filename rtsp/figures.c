// SPDX-License-Identifier: Apache-2.0
#include "rtsp/figures.h"

#include <stdlib.h>

static const int64_t SECOND_NS = 1000000000;

enum {
    SNAPSHOTS = RTSP_FIGURES_WINDOW + 1,
};

void rtsp_figures_begin(struct rtsp_figures *figures, uint32_t rate)
{
    *figures = (struct rtsp_figures){.rate = rate};
}

static double seconds(int64_t ns)
{
    return (double)ns / (double)SECOND_NS;
}

static int64_t to_ns(const struct rtsp_figures *f, int64_t ticks)
{
    return ticks * SECOND_NS / f->rate;
}

// A step of more than a second is a new start of the timestamps, or an outage.
static void note_jitter(struct rtsp_figures *f, uint32_t timestamp, int64_t now_ns)
{
    int64_t step_ns = to_ns(f, (int32_t)(timestamp - f->timestamp));
    int64_t off_ns = llabs(now_ns - f->came_ns - step_ns);

    if (llabs(step_ns) <= SECOND_NS && off_ns <= SECOND_NS)
        f->jitter_ns += (off_ns - f->jitter_ns) / 16;
}

void rtsp_figures_packet(struct rtsp_figures *figures, uint32_t timestamp, size_t len,
                         struct rtsp_now now)
{
    figures->bytes += len;
    if (figures->has_packet && timestamp == figures->timestamp)
        return;
    if (figures->has_packet)
        note_jitter(figures, timestamp, now.mono_ns);
    else
        figures->begin_ns = now.mono_ns;
    figures->has_packet = true;
    figures->timestamp = timestamp;
    figures->came_ns = now.mono_ns;
}

void rtsp_figures_frame(struct rtsp_figures *figures, bool keyframe, int64_t media_time)
{
    figures->frames++;
    if (!keyframe)
        return;
    if (figures->has_keyframe)
        figures->keyframe_interval_ns = to_ns(figures, media_time - figures->keyframe_media);
    figures->has_keyframe = true;
    figures->keyframe_media = media_time;
}

// ---- reading ----

static void take_snapshot(struct rtsp_figures *f, int64_t due_ns, int64_t now_ns)
{
    unsigned newest = (f->snapshots + SNAPSHOTS - 1) % SNAPSHOTS;
    unsigned next = f->snapshots % SNAPSHOTS;

    // A timer that fires a little early is on time, too.
    if (f->snapshots > 0 && now_ns - f->window[newest].at_ns < SECOND_NS * 9 / 10)
        return;
    f->window[next].at_ns = now_ns;
    f->window[next].frames = f->frames;
    f->window[next].bytes = f->bytes;
    f->window[next].due_ns = due_ns;
    f->snapshots++;
}

static void read_rates(const struct rtsp_figures *f, struct rtsp_track_figures *out)
{
    unsigned newest = (f->snapshots + SNAPSHOTS - 1) % SNAPSHOTS;
    unsigned oldest = f->snapshots > SNAPSHOTS ? f->snapshots % SNAPSHOTS : 0;
    double span = seconds(f->window[newest].at_ns - f->window[oldest].at_ns);

    if (f->snapshots < 2)
        return;
    out->frames_per_s = (double)(f->window[newest].frames - f->window[oldest].frames) / span;
    out->bits_per_s = (double)(f->window[newest].bytes - f->window[oldest].bytes) * 8 / span;
}

// What the least delayed frames of the window needed: where frames are late, the clock's envelope
// rises above it.
static int64_t least_due_ns(const struct rtsp_figures *f)
{
    int64_t least = INT64_MAX;

    for (unsigned i = 0; i < SNAPSHOTS && i < f->snapshots; i++)
        if (f->window[i].due_ns < least)
            least = f->window[i].due_ns;
    return least;
}

// It falls where the camera's clock is fast: frames seem to come ever earlier.
static void read_drift(struct rtsp_figures *f, int64_t now_ns, struct rtsp_track_figures *out)
{
    int64_t elapsed_ns = now_ns - f->settled_ns;

    if (!f->has_packet || now_ns - f->begin_ns < RTSP_FIGURES_SETTLE_S * SECOND_NS)
        return;
    if (f->settled_ns == 0) {
        f->settled_ns = now_ns;
        f->settled_due_ns = least_due_ns(f);
    } else if (elapsed_ns >= RTSP_FIGURES_DRIFT_S * SECOND_NS) {
        out->drift_known = true;
        out->drift_ppm = seconds(f->settled_due_ns - least_due_ns(f)) / seconds(elapsed_ns) * 1e6;
    }
}

void rtsp_figures_read(struct rtsp_figures *figures, const struct rtsp_clock *clock,
                       struct rtsp_now now, struct rtsp_track_figures *out)
{
    *out = (struct rtsp_track_figures){
        .keyframe_interval_s = seconds(figures->keyframe_interval_ns),
        .jitter_s = seconds(figures->jitter_ns),
    };
    take_snapshot(figures, clock->due_ns, now.mono_ns);
    read_rates(figures, out);
    read_drift(figures, now.mono_ns, out);
}
