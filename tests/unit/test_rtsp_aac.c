// SPDX-License-Identifier: Apache-2.0
//
// Real AAC through a track: a tone that begins at a known sample, encoded here, published as Opus,
// decoded again, and looked for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#if RTSP_HAVE_AAC

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/channel_layout.h>
#include <opus.h>

#include "rtsp/track.h"
#include "tests/unit/rtsp_recorder.h"

enum {
    UNIT = 1024, // samples of an access unit
    UNITS_MAX = 400,
    TONE_HZ = 330,
    PAYLOAD_TYPE = 97,
    PRIMING = 1024, // by which what the encoder makes is late
    OPUS_RATE = 48000,
    OPUS_FRAME = 960,
    FIRST_TIMESTAMP = -5000, // it wraps soon
};

// Silence, then a tone from sample `onset` on.
struct sound {
    int rate, channels;
    size_t onset;
    struct rtsp_format format;
    size_t count;
    struct {
        uint8_t *data;
        size_t len;
    } unit[UNITS_MAX];
};

// A camera's end of the track.
struct fixture {
    struct eng_stream stream;
    struct rtsp_track *track;
    struct rtsp_now now;
    uint16_t sequence;
    int64_t began_ns; // the first packet's arrival
};

// ---- the camera's encoder ----

static void fill_frame(const struct sound *sound, AVFrame *frame, size_t first)
{
    for (int c = 0; c < sound->channels; c++)
        for (size_t i = 0; i < UNIT; i++) {
            double t = (double)(first + i) / sound->rate;

            ((float *)frame->extended_data[c])[i] =
                first + i < sound->onset ? 0 : (float)(0.3 * sin(2 * M_PI * TONE_HZ * t));
        }
}

static void take_packets(struct sound *sound, AVCodecContext *encoder, AVPacket *packet)
{
    while (avcodec_receive_packet(encoder, packet) == 0) {
        size_t len = (size_t)packet->size;

        assert_true(sound->count < UNITS_MAX);
        sound->unit[sound->count].data = malloc(len);
        memcpy(sound->unit[sound->count].data, packet->data, len);
        sound->unit[sound->count++].len = len;
        av_packet_unref(packet);
    }
}

static void encode(struct sound *sound, int rate, int channels, double seconds, double onset_s)
{
    AVCodecContext *encoder = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_AAC));
    AVPacket *packet = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();

    *sound = (struct sound){.rate = rate, .channels = channels, .onset = (size_t)(onset_s * rate)};
    encoder->sample_fmt = frame->format = AV_SAMPLE_FMT_FLTP;
    encoder->sample_rate = frame->sample_rate = rate;
    encoder->bit_rate = 64000 * channels;
    encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    av_channel_layout_default(&encoder->ch_layout, channels);
    av_channel_layout_default(&frame->ch_layout, channels);
    frame->nb_samples = UNIT;
    assert_int_equal(avcodec_open2(encoder, NULL, NULL), 0);
    assert_int_equal(encoder->initial_padding, PRIMING);
    for (size_t first = 0; first < (size_t)(seconds * rate); first += UNIT) {
        assert_int_equal(av_frame_get_buffer(frame, 0), 0);
        fill_frame(sound, frame, first);
        assert_int_equal(avcodec_send_frame(encoder, frame), 0);
        take_packets(sound, encoder, packet);
        av_frame_unref(frame);
        frame->format = AV_SAMPLE_FMT_FLTP;
        frame->sample_rate = rate;
        av_channel_layout_default(&frame->ch_layout, channels);
        frame->nb_samples = UNIT;
    }
    sound->format = (struct rtsp_format){
        .codec = RTSP_CODEC_AAC,
        .payload_type = PAYLOAD_TYPE,
        .clock_rate = (uint32_t)rate,
        .channels = (unsigned)channels,
        .aac = {.size_bits = 13,
                .index_bits = 3,
                .delta_bits = 3,
                .specific_len = (size_t)encoder->extradata_size,
                .channels = (unsigned)channels},
    };
    memcpy(sound->format.aac.specific, encoder->extradata, sound->format.aac.specific_len);
    av_frame_free(&frame);
    av_packet_free(&packet);
    avcodec_free_context(&encoder);
}

static void free_sound(struct sound *sound)
{
    for (size_t i = 0; i < sound->count; i++)
        free(sound->unit[i].data);
}

// ---- the camera's RTP ----

static void begin(struct fixture *f, const struct sound *sound)
{
    if (!f->track)
        assert_int_equal(rtsp_track_create(&f->stream, ENG_AUDIO, 1180, NULL, &f->track), 0);
    if (f->now.mono_ns == 0)
        f->now = (struct rtsp_now){1000000000, 1700000000000000000};
    rtsp_track_begin(f->track, &sound->format);
}

static void end(struct fixture *f)
{
    rtsp_track_destroy(f->track);
    recorder_clear(&f->stream);
}

static void wait_units(struct fixture *f, const struct sound *sound, int64_t units)
{
    f->now.mono_ns += units * UNIT * 1000000000 / sound->rate;
    f->now.real_ns += units * UNIT * 1000000000 / sound->rate;
}

// One packet of `count` units from the index-th on, offset ticks later than they should be.
static void send_late(struct fixture *f, const struct sound *sound, size_t index, size_t count,
                      int64_t offset)
{
    uint32_t timestamp = (uint32_t)(FIRST_TIMESTAMP + (int64_t)index * UNIT + offset);
    uint8_t packet[12 + 8192] = {0x80, PAYLOAD_TYPE, (uint8_t)(f->sequence >> 8),
                                 (uint8_t)f->sequence};
    size_t at = 12 + 2 + 2 * count;

    f->sequence++;
    for (unsigned i = 0; i < 4; i++)
        packet[4 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
    packet[13] = (uint8_t)(16 * count);
    for (size_t i = 0; i < count; i++) {
        size_t len = sound->unit[index + i].len;

        packet[14 + 2 * i] = (uint8_t)(len >> 5);
        packet[15 + 2 * i] = (uint8_t)(len << 3);
        memcpy(packet + at, sound->unit[index + i].data, len);
        at += len;
    }
    wait_units(f, sound, (int64_t)count);
    if (f->began_ns == 0)
        f->began_ns = f->now.real_ns;
    rtsp_track_rtp(f->track, packet, at, f->now);
}

static void send(struct fixture *f, const struct sound *sound, size_t index, size_t count)
{
    send_late(f, sound, index, count, 0);
}

// ---- the viewer ----

// The first channel of all that was published, by media time from the first packet on.
static int16_t *hear(const struct fixture *f, unsigned channels, size_t *count)
{
    int64_t start = f->stream.packets[0].packet.media_time;
    int64_t last = f->stream.packets[f->stream.count - 1].packet.media_time;
    int error;
    OpusDecoder *decoder = opus_decoder_create(OPUS_RATE, (int)channels, &error);
    int16_t frame[OPUS_FRAME * 2];
    int16_t *out;

    *count = (size_t)(last - start) + OPUS_FRAME;
    out = calloc(*count, sizeof(*out));
    assert_non_null(out);
    for (size_t i = 0; i < f->stream.count; i++) {
        const struct recorded *p = &f->stream.packets[i];
        int16_t *to = out + (p->packet.media_time - start);

        assert_int_equal(opus_decode(decoder, p->payload, p->packet.len, frame, OPUS_FRAME, 0),
                         OPUS_FRAME);
        for (size_t n = 0; n < OPUS_FRAME; n++)
            to[n] = frame[n * channels];
    }
    opus_decoder_destroy(decoder);
    return out;
}

static size_t find_onset(const int16_t *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (abs(samples[i]) > 2000)
            return i;
    fail_msg("nothing is heard");
    return 0;
}

static double frequency(const int16_t *samples, size_t count)
{
    unsigned crossings = 0;

    for (size_t i = 1; i < count; i++)
        crossings += samples[i - 1] < 0 && samples[i] >= 0;
    return (double)crossings * OPUS_RATE / (double)count;
}

static void expect_steps(const struct fixture *f)
{
    for (size_t i = 1; i < f->stream.count; i++)
        assert_int_equal(f->stream.packets[i].packet.media_time -
                             f->stream.packets[i - 1].packet.media_time,
                         OPUS_FRAME);
}

// By how many nanoseconds the tone is heard later than it was captured, by what the packets say of
// that. The first packet was captured when it came.
static int64_t lateness_ns(const struct fixture *f, const struct sound *sound,
                           const int16_t *samples, size_t count)
{
    int64_t onset = f->stream.packets[0].packet.media_time + (int64_t)find_onset(samples, count);
    const struct eng_packet *packet = &f->stream.packets[0].packet;

    for (size_t i = 0; i < f->stream.count && f->stream.packets[i].packet.media_time <= onset; i++)
        packet = &f->stream.packets[i].packet;
    return packet->capture_ns + (onset - packet->media_time) * 1000000000 / OPUS_RATE -
           (f->began_ns + ((int64_t)sound->onset + PRIMING) * 1000000000 / sound->rate);
}

// ---- tests ----

static void plays(int rate, int channels, size_t units_per_packet)
{
    struct fixture f = {0};
    struct sound sound;
    const struct rtsp_track_info *info;
    size_t count;
    int16_t *samples;

    encode(&sound, rate, channels, 2.5, 0.5);
    begin(&f, &sound);
    info = rtsp_track_info(f.track);
    assert_int_equal(info->codec, RTSP_CODEC_OPUS);
    assert_int_equal(info->camera_codec, RTSP_CODEC_AAC);
    assert_int_equal(info->clock_rate, OPUS_RATE);
    assert_int_equal(info->channels, channels);
    for (size_t i = 0; i + units_per_packet <= sound.count; i += units_per_packet)
        send(&f, &sound, i, units_per_packet);
    assert_int_equal(rtsp_track_stats(f.track)->rtp_malformed, 0);
    assert_int_equal(rtsp_track_stats(f.track)->rtp_jumps, 0);
    expect_steps(&f);

    samples = hear(&f, (unsigned)channels, &count);
    assert_in_range(count, 2 * OPUS_RATE, 3 * OPUS_RATE);
    // Within 5 ms of where it belongs; the coders smear it by as much.
    assert_in_range(llabs(lateness_ns(&f, &sound, samples, count)), 0, 5000000);
    assert_in_range((int)(10 * frequency(samples + count - OPUS_RATE, OPUS_RATE) + 0.5),
                    10 * TONE_HZ - 10, 10 * TONE_HZ + 10);
    free(samples);
    free_sound(&sound);
    end(&f);
}

static void test_plays(void **state)
{
    (void)state;
    plays(48000, 2, 1);
    plays(44100, 2, 2);
    plays(16000, 1, 1);
    plays(8000, 1, 3);
    plays(96000, 1, 1);
}

// A second is missing: media time jumps as the camera's does, and what follows is in its place.
static void test_loss(void **state)
{
    struct fixture f = {0};
    struct sound sound;
    size_t count, holes = 0;
    int16_t *samples;

    (void)state;
    encode(&sound, 48000, 2, 4, 3);
    begin(&f, &sound);
    for (size_t i = 0; i < sound.count; i++) {
        if (i == 20) { // one unit
            f.sequence++;
            wait_units(&f, &sound, 1);
        } else if (i >= 50 && i < 97) {
            f.sequence++;
            wait_units(&f, &sound, 1);
        } else {
            send(&f, &sound, i, 1);
        }
    }
    for (size_t i = 1; i < f.stream.count; i++) {
        int64_t step =
            f.stream.packets[i].packet.media_time - f.stream.packets[i - 1].packet.media_time;

        assert_true(step >= OPUS_FRAME);
        holes += step > OPUS_FRAME;
    }
    assert_int_equal(holes, 2);
    assert_int_equal(rtsp_track_stats(f.track)->rtp_lost, 48);
    samples = hear(&f, 2, &count);
    assert_in_range(llabs(lateness_ns(&f, &sound, samples, count)), 0, 5000000);
    free(samples);
    free_sound(&sound);
    end(&f);
}

// The capture time of each packet is that of its media time, by the camera's clock.
static void test_capture_times(void **state)
{
    struct fixture f = {0};
    struct sound sound;
    const struct recorded *first;

    (void)state;
    encode(&sound, 16000, 1, 2, 0);
    begin(&f, &sound);
    for (size_t i = 0; i < sound.count; i++)
        send(&f, &sound, i, 1);
    first = &f.stream.packets[0];
    for (size_t i = 1; i < f.stream.count; i++) {
        const struct recorded *p = &f.stream.packets[i];
        int64_t ns = p->packet.capture_ns - first->packet.capture_ns;
        int64_t ticks = p->packet.media_time - first->packet.media_time;

        assert_in_range(llabs(ns - ticks * 1000000000 / OPUS_RATE), 0, 1000000);
    }
    free_sound(&sound);
    end(&f);
}

static void send_report(struct fixture *f, uint64_t ntp, size_t index, int64_t *offset)
{
    uint32_t timestamp = (uint32_t)(FIRST_TIMESTAMP + (int64_t)index * UNIT);
    uint8_t sr[28] = {0x80, 200, 0, 6};

    for (unsigned i = 0; i < 8; i++)
        sr[8 + i] = (uint8_t)(ntp >> (56 - 8 * i));
    for (unsigned i = 0; i < 4; i++)
        sr[16 + i] = (uint8_t)(timestamp >> (24 - 8 * i));
    rtsp_track_rtcp(f->track, sr, sizeof(sr), offset);
}

// Sender reports are in the camera's ticks, media time in those of Opus: 16 units of 64 ms are
// 1.024 s for both.
static void test_sender_reports(void **state)
{
    const uint64_t ntp = UINT64_C(100) << 32;
    const uint64_t later = UINT64_C(1024) * (UINT64_C(1) << 32) / 1000;
    const struct eng_packet *last;
    struct fixture f = {0};
    struct sound sound;
    int64_t offset = 0;

    (void)state;
    encode(&sound, 16000, 1, 2, 0);
    begin(&f, &sound);
    for (size_t i = 0; i < 20; i++) {
        send(&f, &sound, i, 1);
        if (i == 2)
            send_report(&f, ntp, i, &offset);
        if (i == 18)
            send_report(&f, ntp + later, i, &offset);
    }
    last = &f.stream.packets[f.stream.count - 1].packet;
    assert_in_range(llabs(last->capture_ns - f.now.real_ns), 0, 70000000);
    free_sound(&sound);
    end(&f);
}

// What cannot be decoded is counted, and what follows plays on in its place.
static void test_broken_units(void **state)
{
    struct fixture f = {0};
    struct sound sound;
    size_t count;
    int16_t *samples;

    (void)state;
    encode(&sound, 48000, 2, 3, 2);
    for (size_t i = 10; i < 40; i++)
        for (size_t n = 0; n < sound.unit[i].len; n++)
            sound.unit[i].data[n] = (uint8_t)(0xff - n * i);
    begin(&f, &sound);
    for (size_t i = 0; i < sound.count; i++)
        send(&f, &sound, i, 1);
    assert_in_range(rtsp_track_stats(f.track)->rtp_malformed, 1, 30);
    samples = hear(&f, 2, &count);
    assert_in_range((int)(10 * frequency(samples + count - OPUS_RATE / 2, OPUS_RATE / 2) + 0.5),
                    10 * TONE_HZ - 20, 10 * TONE_HZ + 20);
    free(samples);
    free_sound(&sound);
    end(&f);
}

// Timestamps jump by an hour, sessions come and go: media time never goes back.
static void test_new_sessions(void **state)
{
    struct fixture f = {0};
    struct sound sound;

    (void)state;
    encode(&sound, 48000, 1, 2, 0);
    for (unsigned session = 0; session < 3; session++) {
        begin(&f, &sound);
        f.sequence = (uint16_t)(session * 1000);
        for (size_t i = 0; i < 30; i++)
            send_late(&f, &sound, i, 1, session == 1 && i >= 15 ? 3600 * 48000 : 0);
        rtsp_track_end(f.track);
        rtsp_track_end(f.track);
    }
    assert_in_range(f.stream.count, 3 * 28, 3 * 33);
    for (size_t i = 1; i < f.stream.count; i++)
        assert_true(f.stream.packets[i].packet.media_time -
                        f.stream.packets[i - 1].packet.media_time >=
                    OPUS_FRAME);
    free_sound(&sound);
    end(&f);
}

// While another's sound goes out in the stream, and after: nothing is published of before.
static void test_yields(void **state)
{
    struct rtsp_clock clock;
    struct fixture f = {0};
    struct sound sound;
    int64_t media_time, capture_ns;
    size_t before;

    (void)state;
    encode(&sound, 48000, 1, 2, 0);
    begin(&f, &sound);
    for (size_t i = 0; i < 20; i++)
        send(&f, &sound, i, 1);
    before = f.stream.count;
    clock = *rtsp_track_yield(f.track);
    wait_units(&f, &sound, 10);
    rtsp_clock_begin(&clock, OPUS_RATE, 0);
    rtsp_clock_map(&clock, 0, f.now, &media_time, &capture_ns);
    rtsp_track_pass(f.track, &clock);
    for (size_t i = 30; i < 40; i++)
        send(&f, &sound, i, 1);
    assert_true(f.stream.count > before + 8);
    assert_true(f.stream.packets[before].packet.media_time > media_time);
    free_sound(&sound);
    end(&f);
}

static void test_refused_configuration(void **state)
{
    struct sound sound = {
        .format = {
            .codec = RTSP_CODEC_AAC,
            .payload_type = PAYLOAD_TYPE,
            .clock_rate = 48000,
            .aac = {.size_bits = 13, .specific = {0xff, 0xff}, .specific_len = 2, .channels = 2}}};
    struct fixture f = {0};

    (void)state;
    begin(&f, &sound);
    assert_int_equal(rtsp_track_info(f.track)->codec, RTSP_CODEC_NONE);
    assert_non_null(strstr(rtsp_track_info(f.track)->note, "set the camera to AAC-LC"));
    rtsp_track_rtp(f.track, (const uint8_t[]){0x80, PAYLOAD_TYPE}, 2, f.now);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays),         cmocka_unit_test(test_loss),
        cmocka_unit_test(test_capture_times), cmocka_unit_test(test_sender_reports),
        cmocka_unit_test(test_broken_units),  cmocka_unit_test(test_new_sessions),
        cmocka_unit_test(test_yields),        cmocka_unit_test(test_refused_configuration),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_built_without(void **state)
{
    (void)state;
    skip(); // RTCFAN_AAC is off
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_without),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
