// SPDX-License-Identifier: Apache-2.0
//
// A track whose camera sends AAC, which browsers do not take: it is published as Opus, 20 ms to a
// packet. Ingest thread.
//
//     RTP -> depacketise_aac (access units) -> transcode_aac (PCM) -> reframe (20 ms) ->
//     transcode_aac (Opus) -> eng_publish_*
//
// Media time is counted in the ticks of Opus, 48 kHz, from the camera's RTP timestamps on: they go
// through rescale, then through the track's clock. So capture times and lip sync hang on the
// camera's clock as they do for other codecs; reframe.h says how far sound may be from its time.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/aac_config.h"
#include "rtsp/clock.h"
#include "rtsp/rtp.h"

struct rtsp_aac;

// For the life of a track. 0; -ENOTSUP: there is no rtsp_transcoder(); or -ENOMEM.
int rtsp_aac_create(struct rtsp_aac **out);
void rtsp_aac_destroy(struct rtsp_aac *aac); // or NULL

// A session begins. clock_rate: of its RTP timestamps, above 0. 0; -EINVAL: the decoder refuses
// the configuration; or -ENOMEM.
int rtsp_aac_begin(struct rtsp_aac *aac, const struct rtsp_aac_config *config, uint32_t clock_rate);

// It is over: decoder and encoder are freed.
void rtsp_aac_end(struct rtsp_aac *aac);

// Another's sound goes out in the track's stream meanwhile: what is not complete is dropped, for
// its time will have passed. The session goes on.
void rtsp_aac_drop(struct rtsp_aac *aac);

// Something is missing before the next packet.
void rtsp_aac_break(struct rtsp_aac *aac);

// The camera's RTP timestamp in ticks of 48 kHz, as the track's clock wants it, if it were that of
// the next packet.
uint32_t rtsp_aac_timestamp(const struct rtsp_aac *aac, uint32_t timestamp);

// Takes a packet between begin and end, maps its time with the clock, whose rate is 48 kHz, and
// publishes what is complete; the caller flushes. 0, or -EBADMSG: thrown away, at least in part.
int rtsp_aac_take(struct rtsp_aac *aac, const struct rtsp_rtp *rtp, struct rtsp_clock *clock,
                  struct rtsp_now now, struct eng_stream *stream);
