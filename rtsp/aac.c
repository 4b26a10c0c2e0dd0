// SPDX-License-Identifier: Apache-2.0
#include "rtsp/aac.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "rtsp/depacketise_aac.h"
#include "rtsp/reframe.h"
#include "rtsp/transcode.h"

// The camera's RTP clock, unwrapped, and in ticks of 48 kHz.
struct rescale {
    uint32_t rate;
    uint32_t newest; // RTP timestamp ...
    int64_t at;      // ... and the same since the session began
};

struct rtsp_aac {
    struct rtsp_depacketise_aac depacketise;
    struct rescale rescale;
    struct rtsp_reframe reframe;
    const struct rtsp_transcoder *transcoder;
    struct rtsp_transcode *transcode; // NULL: no session
    // The last access unit's time, from the track's clock, and by how many samples of 48 kHz what
    // was made of it is late.
    int64_t media_time;
    int64_t capture_ns;
    int64_t delay;
};

int rtsp_aac_create(struct rtsp_aac **out)
{
    struct rtsp_aac *aac;

    if (!rtsp_transcoder())
        return -ENOTSUP;
    aac = calloc(1, sizeof(*aac));
    if (!aac)
        return -ENOMEM;
    aac->transcoder = rtsp_transcoder();
    rtsp_reframe_init(&aac->reframe);
    *out = aac;
    return 0;
}

void rtsp_aac_destroy(struct rtsp_aac *aac)
{
    if (!aac)
        return;
    rtsp_aac_end(aac);
    free(aac);
}

int rtsp_aac_begin(struct rtsp_aac *aac, const struct rtsp_aac_config *config, uint32_t clock_rate)
{
    assert(clock_rate > 0);
    rtsp_aac_end(aac);
    rtsp_depacketise_aac_begin(&aac->depacketise, config);
    rtsp_reframe_begin(&aac->reframe, config->channels);
    aac->rescale = (struct rescale){.rate = clock_rate};
    return aac->transcoder->create(config, &aac->transcode);
}

void rtsp_aac_end(struct rtsp_aac *aac)
{
    if (aac->transcode)
        aac->transcoder->destroy(aac->transcode);
    aac->transcode = NULL;
}

void rtsp_aac_drop(struct rtsp_aac *aac)
{
    if (!aac->transcode)
        return;
    rtsp_depacketise_aac_break(&aac->depacketise);
    rtsp_reframe_begin(&aac->reframe, aac->reframe.channels);
}

void rtsp_aac_break(struct rtsp_aac *aac)
{
    rtsp_depacketise_aac_break(&aac->depacketise);
    rtsp_reframe_break(&aac->reframe);
}

// ---- time ----

static int64_t unwrap(const struct rescale *rescale, uint32_t timestamp)
{
    return rescale->at + (int32_t)(timestamp - rescale->newest);
}

uint32_t rtsp_aac_timestamp(const struct rtsp_aac *aac, uint32_t timestamp)
{
    int64_t at = unwrap(&aac->rescale, timestamp);
    int64_t rate = aac->rescale.rate;

    // Split, because ticks times 48,000 leave 64 bits sooner than a camera is switched off.
    return (uint32_t)(at / rate * RTSP_REFRAME_RATE + at % rate * RTSP_REFRAME_RATE / rate);
}

static void take_time(struct rtsp_aac *aac, uint32_t timestamp, struct rtsp_clock *clock,
                      struct rtsp_now now)
{
    uint32_t ticks = rtsp_aac_timestamp(aac, timestamp);

    aac->rescale.at = unwrap(&aac->rescale, timestamp);
    aac->rescale.newest = timestamp;
    rtsp_clock_map(clock, ticks, now, &aac->media_time, &aac->capture_ns);
    aac->delay = aac->transcoder->held(aac->transcode) + aac->transcoder->lookahead(aac->transcode);
    rtsp_reframe_at(&aac->reframe, aac->media_time);
}

// ---- sound ----

static int publish(struct rtsp_aac *aac, const int16_t *frame, int64_t media,
                   struct eng_stream *stream)
{
    uint8_t *room = eng_publish_reserve(stream, ENG_AUDIO, RTSP_OPUS_PACKET_MAX);
    int len = aac->transcoder->encode(aac->transcode, frame, room);
    struct eng_packet packet = {.flags = ENG_PACKET_FRAME_START};

    if (len < 0)
        return -EBADMSG;
    packet.len = (uint16_t)len;
    // What is late was captured earlier: media time itself would go back at a new beginning.
    packet.media_time = media;
    packet.capture_ns =
        aac->capture_ns + (media - aac->media_time - aac->delay) * 1000000000 / RTSP_REFRAME_RATE;
    eng_publish_commit(stream, ENG_AUDIO, &packet);
    return 0;
}

static int take_unit(struct rtsp_aac *aac, const uint8_t *unit, size_t len,
                     struct eng_stream *stream)
{
    const int16_t *samples, *frame;
    int count = aac->transcoder->decode(aac->transcode, unit, len, &samples);
    int64_t media;
    int rc = 0;

    if (count <= 0)
        return count;
    rtsp_reframe_push(&aac->reframe, samples, (size_t)count);
    while (rtsp_reframe_next(&aac->reframe, &frame, &media))
        if (publish(aac, frame, media, stream) < 0)
            rc = -EBADMSG;
    return rc;
}

int rtsp_aac_take(struct rtsp_aac *aac, const struct rtsp_rtp *rtp, struct rtsp_clock *clock,
                  struct rtsp_now now, struct eng_stream *stream)
{
    int rc = rtsp_depacketise_aac(&aac->depacketise, rtp);
    const uint8_t *unit;
    bool timed = false;
    size_t len;
    int got;

    assert(aac->transcode);
    while ((got = rtsp_depacketise_aac_next(&aac->depacketise, &unit, &len)) > 0) {
        // Only the first has a timestamp of its own; the others follow on it.
        if (!timed)
            take_time(aac, rtp->timestamp, clock, now);
        timed = true;
        if (take_unit(aac, unit, len, stream) < 0) {
            rtsp_reframe_break(&aac->reframe);
            rc = -EBADMSG;
        }
    }
    return got < 0 ? got : rc;
}
