// SPDX-License-Identifier: Apache-2.0
#include "rtsp/transcode.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <libavutil/log.h>
#include <libswresample/swresample.h>
#include <opus.h>

#include "rtsp/depacketise_aac.h"
#include "rtsp/reframe.h"

struct rtsp_transcode {
    unsigned channels;
    AVCodecContext *decoder;
    AVPacket *packet; // with room for an access unit
    AVFrame *frame;
    SwrContext *resampler;
    AVChannelLayout layout; // of the frames that the resampler is made for
    int rate;
    int format;
    OpusEncoder *encoder;
    opus_int32 lookahead;
    int16_t samples[RTSP_REFRAME_STRETCH_MAX * RTSP_REFRAME_CHANNELS_MAX];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

// libavcodec would write to stderr about what cameras send.
static void silence(void)
{
    av_log_set_level(AV_LOG_QUIET);
}

static int open_decoder(struct rtsp_transcode *t, const struct rtsp_aac_config *config)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_AAC);

    if (!codec)
        return -EINVAL;
    t->decoder = avcodec_alloc_context3(codec);
    t->packet = av_packet_alloc();
    t->frame = av_frame_alloc();
    if (!t->decoder || !t->packet || !t->frame || av_new_packet(t->packet, RTSP_AAC_UNIT_MAX) < 0)
        return -ENOMEM;
    t->decoder->thread_count = 1;
    t->decoder->extradata = av_mallocz(config->specific_len + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!t->decoder->extradata)
        return -ENOMEM;
    memcpy(t->decoder->extradata, config->specific, config->specific_len);
    t->decoder->extradata_size = (int)config->specific_len;
    return avcodec_open2(t->decoder, codec, NULL) < 0 ? -EINVAL : 0;
}

static int open_encoder(struct rtsp_transcode *t)
{
    int error;

    t->encoder =
        opus_encoder_create(RTSP_REFRAME_RATE, (int)t->channels, OPUS_APPLICATION_AUDIO, &error);
    if (!t->encoder)
        return -ENOMEM;
    opus_encoder_ctl(t->encoder, OPUS_SET_BITRATE(RTSP_OPUS_BITRATE));
    opus_encoder_ctl(t->encoder, OPUS_SET_COMPLEXITY(RTSP_OPUS_COMPLEXITY));
    opus_encoder_ctl(t->encoder, OPUS_GET_LOOKAHEAD(&t->lookahead));
    return 0;
}

static void destroy(struct rtsp_transcode *t)
{
    if (!t)
        return;
    opus_encoder_destroy(t->encoder);
    swr_free(&t->resampler);
    av_channel_layout_uninit(&t->layout);
    av_frame_free(&t->frame);
    av_packet_free(&t->packet);
    avcodec_free_context(&t->decoder);
    free(t);
}

static int create(const struct rtsp_aac_config *config, struct rtsp_transcode **out)
{
    struct rtsp_transcode *t = calloc(1, sizeof(*t));
    int rc;

    if (!t)
        return -ENOMEM;
    pthread_once(&once, silence);
    t->channels = config->channels;
    rc = open_decoder(t, config);
    if (rc == 0)
        rc = open_encoder(t);
    if (rc < 0) {
        destroy(t);
        return rc;
    }
    *out = t;
    return 0;
}

// Makes a resampler for frames like the one at hand, unless there is one. HE-AAC shows what it is
// in its first access unit only.
static int fit_resampler(struct rtsp_transcode *t)
{
    AVFrame *frame = t->frame;
    AVChannelLayout layout;

    if (t->resampler && frame->sample_rate == t->rate && frame->format == t->format &&
        av_channel_layout_compare(&frame->ch_layout, &t->layout) == 0)
        return 0;
    swr_free(&t->resampler);
    av_channel_layout_default(&layout, (int)t->channels);
    if (av_channel_layout_copy(&t->layout, &frame->ch_layout) < 0 ||
        swr_alloc_set_opts2(&t->resampler, &layout, AV_SAMPLE_FMT_S16, RTSP_REFRAME_RATE,
                            &frame->ch_layout, (enum AVSampleFormat)frame->format,
                            frame->sample_rate, 0, NULL) < 0 ||
        swr_init(t->resampler) < 0) {
        swr_free(&t->resampler);
        return -EBADMSG;
    }
    t->rate = frame->sample_rate;
    t->format = frame->format;
    return 0;
}

static int resample(struct rtsp_transcode *t)
{
    uint8_t *out = (uint8_t *)t->samples;
    int rc = fit_resampler(t);

    if (rc == 0)
        rc = swr_convert(t->resampler, &out, RTSP_REFRAME_STRETCH_MAX,
                         (const uint8_t **)t->frame->extended_data, t->frame->nb_samples);
    return rc < 0 ? -EBADMSG : rc;
}

// The decoder reads a little beyond the end, and may keep a reference to the packet.
static int fill_packet(struct rtsp_transcode *t, const uint8_t *unit, size_t len)
{
    t->packet->size = RTSP_AAC_UNIT_MAX;
    if (len > RTSP_AAC_UNIT_MAX || av_packet_make_writable(t->packet) < 0)
        return -EBADMSG;
    memcpy(t->packet->data, unit, len);
    memset(t->packet->data + len, 0, AV_INPUT_BUFFER_PADDING_SIZE);
    t->packet->size = (int)len;
    return 0;
}

static int decode(struct rtsp_transcode *t, const uint8_t *unit, size_t len,
                  const int16_t **samples)
{
    int rc = fill_packet(t, unit, len);

    if (rc < 0)
        return rc;
    if (avcodec_send_packet(t->decoder, t->packet) < 0)
        return -EBADMSG;
    rc = avcodec_receive_frame(t->decoder, t->frame);
    if (rc == AVERROR(EAGAIN))
        return 0;
    if (rc < 0)
        return -EBADMSG;
    *samples = t->samples;
    rc = resample(t);
    av_frame_unref(t->frame);
    return rc;
}

static int64_t held(const struct rtsp_transcode *t)
{
    return t->resampler ? swr_get_delay(t->resampler, RTSP_REFRAME_RATE) : 0;
}

static int encode(struct rtsp_transcode *t, const int16_t *frame, uint8_t *packet)
{
    int len = opus_encode(t->encoder, frame, RTSP_REFRAME_LEN, packet, RTSP_OPUS_PACKET_MAX);

    return len > 0 ? len : -EIO;
}

static int64_t lookahead(const struct rtsp_transcode *t)
{
    return t->lookahead;
}

const struct rtsp_transcoder rtsp_transcode_aac = {
    .create = create,
    .destroy = destroy,
    .decode = decode,
    .held = held,
    .encode = encode,
    .lookahead = lookahead,
};
