// SPDX-License-Identifier: Apache-2.0
#include "rtsp/fallback.h"

#include <assert.h>
#include <string.h>

void rtsp_fallback_init(struct rtsp_fallback *fallback, const struct rtsp_fallback_owner *owner)
{
    *fallback = (struct rtsp_fallback){.owner = *owner};
}

void rtsp_fallback_follow(struct rtsp_fallback *fallback, struct rtsp_fallback *other)
{
    assert(fallback != other && !fallback->next);
    fallback->next = other->followers;
    other->followers = fallback;
}

static void set_state(struct rtsp_fallback *f, enum rtsp_fallback_state state)
{
    if (f->state == state)
        return;
    f->state = state;
    f->owner.on_change(f->owner.ctx);
}

static void hide(struct rtsp_fallback *f)
{
    for (int t = 0; t < ENG_TRACKS; t++)
        f->lane[t].shown = false;
    set_state(f, RTSP_FALLBACK_OFF);
}

void rtsp_fallback_moved(struct rtsp_fallback *fallback)
{
    if (fallback->owner.status->state == RTSP_IDLE)
        hide(fallback);
    if (fallback->owner.status->state != RTSP_LIVE)
        for (struct rtsp_fallback *f = fallback->followers; f; f = f->next)
            hide(f);
}

static const struct rtsp_track_info *info_of(const struct rtsp_fallback *f, enum eng_track track)
{
    return rtsp_track_info(f->owner.track[track]);
}

// Whether viewers of the one can take the other's track.
static bool fits(const struct rtsp_fallback *f, const struct rtsp_fallback *other,
                 enum eng_track track)
{
    const struct rtsp_track_info *own = info_of(f, track), *its = info_of(other, track);

    return own->codec == RTSP_CODEC_NONE ||
           (own->codec == its->codec && own->clock_rate == its->clock_rate);
}

// ---- copying ----

static void begin(struct rtsp_fallback *f, const struct rtsp_fallback *other, enum eng_track track)
{
    struct rtsp_fallback_lane *lane = &f->lane[track];

    lane->shown = true;
    lane->clock = *rtsp_track_yield(f->owner.track[track]);
    rtsp_clock_begin(&lane->clock, info_of(other, track)->clock_rate, 0);
    f->info[track] = *info_of(other, track);
}

static void copy(struct rtsp_fallback *f, enum eng_track track, struct eng_packet *packet,
                 const uint8_t *payload, struct rtsp_now now)
{
    struct rtsp_fallback_lane *lane = &f->lane[track];

    if (packet->flags & ENG_PACKET_FRAME_START) {
        rtsp_clock_map(&lane->clock, (uint32_t)packet->media_time, now, &lane->media_time,
                       &lane->capture_ns);
        rtsp_track_pass(f->owner.track[track], &lane->clock);
    }
    packet->media_time = lane->media_time;
    packet->capture_ns = lane->capture_ns;
    memcpy(eng_publish_reserve(f->owner.stream, track, packet->len), payload, packet->len);
    eng_publish_commit(f->owner.stream, track, packet);
}

// Viewers can begin with this packet. Sound does not come before the picture.
static bool begins(const struct rtsp_fallback *f, const struct rtsp_fallback *other,
                   enum eng_track track, const struct eng_packet *packet)
{
    if (track == ENG_VIDEO)
        return packet->flags & ENG_PACKET_FRAME_START && packet->flags & ENG_PACKET_KEYFRAME;
    return f->lane[ENG_VIDEO].shown || info_of(other, ENG_VIDEO)->codec == RTSP_CODEC_NONE;
}

static void copy_news(struct rtsp_fallback *f, const struct rtsp_fallback *other,
                      enum eng_track track, bool may_begin, struct rtsp_now now)
{
    struct rtsp_fallback_lane *lane = &f->lane[track];
    uint64_t end = eng_publish_next(other->owner.stream, track);
    const uint8_t *payload;
    struct eng_packet packet;

    for (; lane->next < end && (lane->shown || may_begin); lane->next++) {
        // What was overwritten is longer ago than anybody waits.
        if (eng_publish_read(other->owner.stream, track, lane->next, &packet, &payload) < 0)
            continue;
        if (!lane->shown && begins(f, other, track, &packet))
            begin(f, other, track);
        if (lane->shown)
            copy(f, track, &packet, payload, now);
    }
    lane->next = end;
    lane->written = eng_publish_next(f->owner.stream, track);
}

// ---- who is shown ----

// Where the source itself has published since the last copy, its own media goes on.
static void give_way(struct rtsp_fallback *f)
{
    for (int t = 0; t < ENG_TRACKS; t++)
        if (f->lane[t].written != eng_publish_next(f->owner.stream, (enum eng_track)t))
            f->lane[t].shown = false;
    if (f->owner.status->state == RTSP_LIVE && !f->lane[ENG_VIDEO].shown)
        f->lane[ENG_AUDIO].shown = false;
}

static void show(struct rtsp_fallback *f, const struct rtsp_fallback *other, struct rtsp_now now)
{
    enum rtsp_state state = f->owner.status->state;
    bool down = state != RTSP_LIVE && state != RTSP_IDLE;
    bool fit = fits(f, other, ENG_VIDEO);

    give_way(f);
    copy_news(f, other, ENG_VIDEO, down && fit, now);
    copy_news(f, other, ENG_AUDIO, down && fit && fits(f, other, ENG_AUDIO), now);
    eng_publish_flush(f->owner.stream, now.mono_ns);
    if (f->lane[ENG_VIDEO].shown || f->lane[ENG_AUDIO].shown)
        set_state(f, RTSP_FALLBACK_SHOWN);
    else
        set_state(f, down && !fit ? RTSP_FALLBACK_MISFIT : RTSP_FALLBACK_OFF);
}

void rtsp_fallback_published(struct rtsp_fallback *fallback, struct rtsp_now now)
{
    for (struct rtsp_fallback *f = fallback->followers; f; f = f->next)
        show(f, fallback, now);
}
