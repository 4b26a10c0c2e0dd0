// SPDX-License-Identifier: Apache-2.0
#include "rtsp/reframe.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void rtsp_reframe_init(struct rtsp_reframe *reframe)
{
    memset(reframe, 0, sizeof(*reframe));
}

void rtsp_reframe_begin(struct rtsp_reframe *reframe, unsigned channels)
{
    assert(channels > 0 && channels <= RTSP_REFRAME_CHANNELS_MAX);
    reframe->channels = channels;
    reframe->count = reframe->taken = 0;
    reframe->lag = reframe->jump = 0;
    reframe->broken = true;
    reframe->exact = false;
}

void rtsp_reframe_break(struct rtsp_reframe *reframe)
{
    reframe->broken = true;
}

// Moves what has not gone out to the beginning.
static void compact(struct rtsp_reframe *r)
{
    r->count -= r->taken;
    memmove(r->samples, r->samples + r->taken * r->channels,
            r->count * r->channels * sizeof(r->samples[0]));
    r->taken = 0;
}

void rtsp_reframe_at(struct rtsp_reframe *reframe, int64_t media)
{
    compact(reframe);
    if (!reframe->started)
        reframe->media = media;
    reframe->started = true;
    reframe->exact |= reframe->broken;
    reframe->broken = false;
    reframe->lag = media - (reframe->media + (int64_t)reframe->count);
}

// samples NULL: silence.
static void append(struct rtsp_reframe *r, const int16_t *samples, size_t count)
{
    int16_t *end = r->samples + r->count * r->channels;
    size_t bytes = count * r->channels * sizeof(*end);

    if (samples)
        memcpy(end, samples, bytes);
    else
        memset(end, 0, bytes);
    r->count += count;
}

// What follows belongs lag > 0 later: completes the frame that is begun, as far as that goes.
static void leave_hole(struct rtsp_reframe *r)
{
    size_t silence = r->count > 0 ? RTSP_REFRAME_LEN - r->count : 0;

    if ((int64_t)silence > r->lag)
        silence = (size_t)r->lag;
    append(r, NULL, silence);
    r->lag -= (int64_t)silence;
    if (r->count > 0)
        r->jump = r->lag;
    else
        r->media += r->lag;
    r->lag = 0;
}

void rtsp_reframe_push(struct rtsp_reframe *reframe, const int16_t *samples, size_t count)
{
    struct rtsp_reframe *r = reframe;
    bool off = r->exact || llabs(r->lag) > RTSP_REFRAME_LAG_CORRECTED;

    assert(r->channels > 0 && count > 0 && count <= RTSP_REFRAME_STRETCH_MAX);
    compact(r);
    assert(r->count < RTSP_REFRAME_LEN);
    r->exact = false;
    if (off && r->lag > 0) {
        leave_hole(r);
    } else if (off && r->lag < 0) {
        size_t left_out = -r->lag < (int64_t)count ? (size_t)-r->lag : count;

        samples += left_out * r->channels;
        count -= left_out;
        r->lag += (int64_t)left_out;
        r->exact = r->lag < 0; // the next stretch overlaps too
    } else if (r->lag > RTSP_REFRAME_LAG_IGNORED) {
        append(r, samples, 1);
        r->lag--;
    } else if (r->lag < -RTSP_REFRAME_LAG_IGNORED) {
        samples += r->channels;
        count--;
        r->lag++;
    }
    append(r, samples, count);
}

bool rtsp_reframe_next(struct rtsp_reframe *reframe, const int16_t **samples, int64_t *media)
{
    if (reframe->count - reframe->taken < RTSP_REFRAME_LEN)
        return false;
    *samples = reframe->samples + reframe->taken * reframe->channels;
    *media = reframe->media;
    reframe->media += RTSP_REFRAME_LEN + reframe->jump;
    reframe->jump = 0;
    reframe->taken += RTSP_REFRAME_LEN;
    return true;
}
