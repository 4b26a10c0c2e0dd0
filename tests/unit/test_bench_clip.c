// SPDX-License-Identifier: Apache-2.0
//
// The clip that bench/source plays: reading it, packetising it, looping it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/annexb.h"
#include "bench/clip.h"
#include "bench/loop.h"
#include "bench/ogg.h"
#include "bench/stamp.h"

enum {
    FRAMES = 30, // 1 s, so 50 packets of audio
    FRAME_LEN = 3000,
    AUDIO_PACKETS = 60,
    FPS = 30,
};

// Bytes that are built up in a buffer of just the right size, so that ASan sees overreads.
struct bytes {
    uint8_t *at;
    size_t len;
};

static void put(struct bytes *b, const void *data, size_t len)
{
    b->at = realloc(b->at, b->len + len);
    assert_non_null(b->at);
    memcpy(b->at + b->len, data, len);
    b->len += len;
}

static void put_nal(struct bytes *b, const char *start_code, size_t start_len, uint8_t header,
                    size_t len, uint8_t fill)
{
    uint8_t nal[FRAME_LEN];

    memset(nal, fill, sizeof(nal));
    nal[0] = header;
    put(b, start_code, start_len);
    put(b, nal, len);
}

// SPS, PPS and IDR, then P-frames with delimiters, each frame larger than a packet.
static struct bytes make_video(void)
{
    struct bytes b = {0};

    put_nal(&b, "\0\0\0\1", 4, 0x67, 10, 0x42);
    put_nal(&b, "\0\0\0\1", 4, 0x68, 4, 0xce);
    put_nal(&b, "\0\0\1", 3, 0x65, FRAME_LEN, 0x80);
    for (unsigned i = 1; i < FRAMES; i++) {
        put_nal(&b, "\0\0\0\1", 4, 0x09, 2, 0xf0);
        put_nal(&b, "\0\0\1", 3, 0x41, FRAME_LEN, (uint8_t)(0x80 + i));
    }
    return b;
}

static void put_page(struct bytes *b, const uint8_t *lacing, uint8_t count, const uint8_t *body,
                     size_t body_len)
{
    uint8_t header[27] = "OggS";

    header[26] = count;
    put(b, header, sizeof(header));
    put(b, lacing, count);
    put(b, body, body_len);
}

// A packet of 20 ms (CELT, configuration 31), 300 bytes, of which 255 lie in the page before.
static struct bytes make_audio(void)
{
    struct bytes b = {0};
    uint8_t body[510] = {0};

    memcpy(body, "OpusHead", 8);
    put_page(&b, (uint8_t[]){19}, 1, body, 19);
    memcpy(body, "OpusTags", 8);
    put_page(&b, (uint8_t[]){20}, 1, body, 20);
    for (unsigned i = 0; i < AUDIO_PACKETS; i++) {
        memset(body, (int)i, sizeof(body));
        body[0] = 31 << 3;
        put_page(&b, (uint8_t[]){255}, 1, body, 255);
        put_page(&b, (uint8_t[]){45}, 1, body + 255, 45);
    }
    return b;
}

static const struct bench_clip_options with_opus = {.fps = FPS, .codec = BENCH_CODEC_OPUS};
static const struct bench_clip_options silent = {.fps = FPS};

static struct bench_clip *make_clip_as(const struct bench_clip_options *options)
{
    struct bytes video = make_video(), audio = make_audio();
    struct bench_clip *clip;
    const char *error = NULL;
    bool has_audio = options->codec != BENCH_CODEC_NONE;

    int rc = bench_clip_create(video.at, video.len, has_audio ? audio.at : NULL, audio.len, options,
                               &clip, &error);
    assert_int_equal(rc, 0);
    free(video.at);
    free(audio.at);
    return clip;
}

static struct bench_clip *make_clip(void)
{
    return make_clip_as(&with_opus);
}

static void test_annexb_finds_all_units(void **state)
{
    static const uint8_t stream[] = {9, 9, 0, 0, 1, 0x67, 1, 0, 0,    0, 1, 0x68,
                                     0, 2, 0, 0, 1, 0,    0, 1, 0x65, 3, 0, 0};
    const uint8_t *cursor = stream;
    struct bench_nal nal;
    (void)state;

    assert_true(bench_annexb_next(&cursor, stream + sizeof(stream), &nal));
    assert_int_equal(nal.len, 2);
    assert_int_equal(bench_nal_type(&nal), BENCH_NAL_SPS);
    assert_true(bench_annexb_next(&cursor, stream + sizeof(stream), &nal));
    assert_int_equal(nal.len, 3);
    assert_memory_equal(nal.data, "\x68\x00\x02", 3);
    assert_true(bench_annexb_next(&cursor, stream + sizeof(stream), &nal));
    assert_memory_equal(nal.data, "\x65\x03", 2);
    assert_int_equal(nal.len, 2);
    assert_false(bench_annexb_next(&cursor, stream + sizeof(stream), &nal));
}

static void test_unit_begins_with_first_slice(void **state)
{
    struct bench_nal first = {(const uint8_t *)"\x41\x9a", 2};
    struct bench_nal second = {(const uint8_t *)"\x41\x1a", 2};
    struct bench_nal pps = {(const uint8_t *)"\x68\xce", 2};
    (void)state;

    assert_true(bench_nal_begins_unit(&first));
    assert_false(bench_nal_begins_unit(&second));
    assert_true(bench_nal_begins_unit(&pps));
}

static void test_ogg_joins_pages(void **state)
{
    struct bytes audio = make_audio();
    struct bench_ogg ogg;
    const uint8_t *packet;
    size_t len;
    (void)state;

    bench_ogg_init(&ogg, audio.at, audio.len);
    assert_int_equal(bench_ogg_next(&ogg, &packet, &len), 1);
    assert_int_equal(len, 19);
    assert_int_equal(bench_ogg_next(&ogg, &packet, &len), 1);
    for (unsigned i = 0; i < AUDIO_PACKETS; i++) {
        assert_int_equal(bench_ogg_next(&ogg, &packet, &len), 1);
        assert_int_equal(len, 300);
        assert_int_equal(packet[299], i);
    }
    assert_int_equal(bench_ogg_next(&ogg, &packet, &len), 0);
    free(audio.at);
}

// Pages of 47 and 48 bytes with the headers, then 356 bytes for each packet.
static void test_ogg_cut_anywhere(void **state)
{
    struct bytes audio = make_audio();
    (void)state;

    for (size_t cut = 0; cut < 1200; cut++) {
        uint8_t *copy = malloc(cut + 1);
        struct bench_ogg ogg;
        const uint8_t *packet;
        size_t len, packets = 0;
        int rc;

        assert_non_null(copy);
        memcpy(copy, audio.at, cut);
        bench_ogg_init(&ogg, copy, cut);
        while ((rc = bench_ogg_next(&ogg, &packet, &len)) > 0)
            packets++;
        bool whole = cut == 0 || cut == 47 || (cut >= 95 && (cut - 95) % 356 == 0);
        assert_int_equal(rc, whole ? 0 : -EBADMSG);
        size_t expected = (size_t)(cut >= 47) + (cut >= 95 ? 1 + (cut - 95) / 356 : 0);
        assert_int_equal(packets, expected);
        free(copy);
    }
    free(audio.at);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// Follows the packets of one video unit: framing, FU-A and marker, and the NAL units that they
// make. Returns their bytes; *packets is how many packets there were.
static size_t check_frame(const uint8_t *p, size_t len, uint16_t *sequence, uint32_t timestamp,
                          size_t *packets)
{
    const uint8_t *end = p + len;
    size_t nal_bytes = 0;

    for (*packets = 0; p < end; (*packets)++) {
        size_t rtp_len = (size_t)(p[2] << 8 | p[3]);
        const uint8_t *rtp = p + BENCH_INTERLEAVE_LEN, *payload = rtp + BENCH_RTP_HEADER_LEN;
        size_t payload_len = rtp_len - BENCH_RTP_HEADER_LEN;
        bool last = rtp + rtp_len == end;

        assert_int_equal(p[0], '$');
        assert_int_equal(p[1], 4);
        assert_true(rtp_len <= BENCH_RTP_MAX);
        assert_int_equal(rtp[0], 0x80);
        assert_int_equal(rtp[1], last ? 0x80 | 96 : 96);
        assert_int_equal(rtp[2] << 8 | rtp[3], (*sequence)++);
        assert_int_equal(be32(rtp + 4), timestamp);
        assert_memory_equal(rtp + 8, "\x01\x02\x03\x04", 4);
        if ((payload[0] & 0x1f) == 28) {
            assert_int_equal((payload[1] & 0x40) != 0, last);
            nal_bytes += payload_len - 2 + ((payload[1] & 0x80) != 0);
        } else {
            nal_bytes += payload_len;
        }
        p = rtp + rtp_len;
    }
    assert_ptr_equal(p, end);
    return nal_bytes;
}

static const struct bench_rewrite rewrite = {4, 0x01020304, 65500, 0xfffff000};

static void test_frames_run_on_over_the_seam(void **state)
{
    struct bench_clip *clip = make_clip();
    const struct bench_clip_track *video = &clip->track[BENCH_VIDEO];
    uint16_t sequence = rewrite.first_sequence;
    static uint8_t out[BENCH_UNIT_MAX];
    (void)state;

    assert_int_equal(video->unit_count, FRAMES);
    assert_int_equal(clip->sps_len, 10);
    assert_int_equal(clip->pps_len, 4);
    for (int64_t k = 0; k < 3 * FRAMES; k++) {
        const struct bench_unit *unit = bench_loop_unit(video, k);
        size_t packets;

        assert_int_equal(unit->key, k % FRAMES == 0);
        assert_int_equal(unit->stamp_at, 0);
        bench_loop_write(video, k, &rewrite, out);
        size_t nal_bytes =
            check_frame(out, unit->len, &sequence, 0xfffff000U + (uint32_t)k * 3000, &packets);
        assert_int_equal(nal_bytes, k % FRAMES == 0 ? FRAME_LEN + 14 : FRAME_LEN);
        assert_int_equal(packets, unit->packets);
    }
    bench_clip_destroy(clip);
}

// The NAL unit types of the unit's packets, as a string of digits; F: a part of a slice.
static const char *types_of(const uint8_t *p, size_t len)
{
    static char types[16];
    size_t n = 0;

    for (const uint8_t *end = p + len; p < end; p += BENCH_INTERLEAVE_LEN + (p[2] << 8 | p[3])) {
        unsigned type = p[BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN] & 0x1f;
        assert_true(n < sizeof(types) - 1);
        types[n++] = type == 28 ? 'F' : (char)('0' + type);
    }
    types[n] = '\0';
    return types;
}

// A stamp stands in front of the first slice, behind the parameter sets, in a packet of its own;
// sequence numbers, packets and octets count it whatever time it bears.
static void test_stamps(void **state)
{
    struct bench_clip_options options = {.fps = FPS, .stamp = 1};
    struct bench_clip *clip = make_clip_as(&options);
    const struct bench_clip_track *video = &clip->track[BENCH_VIDEO];
    uint16_t sequence = rewrite.first_sequence;
    uint32_t octets = 0;
    static uint8_t out[BENCH_UNIT_MAX];
    (void)state;

    for (int64_t k = 0; k < 3 * FRAMES; k++) {
        const struct bench_unit *unit = bench_loop_unit(video, k);
        int64_t sent_ns = k << 20, read_ns = -1;
        size_t packets;

        assert_int_equal(bench_loop_octets(video, k), octets);
        bench_loop_write(video, k, &rewrite, out);
        bench_stamp_encode(sent_ns, out + unit->stamp_at);
        check_frame(out, unit->len, &sequence, 0xfffff000U + (uint32_t)k * 3000, &packets);
        assert_int_equal((uint16_t)(rewrite.first_sequence + bench_loop_packets(video, k + 1)),
                         sequence);
        assert_string_equal(types_of(out, unit->len), k % FRAMES == 0 ? "786FFF" : "6FFF");
        assert_true(bench_stamp_decode(out + unit->stamp_at, BENCH_STAMP_LEN, &read_ns));
        assert_int_equal(read_ns, sent_ns);
        octets += (uint32_t)(unit->len - packets * (BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN));
    }
    bench_clip_destroy(clip);
}

static void test_stamps_now_and_then(void **state)
{
    struct bench_clip_options options = {.fps = FPS, .stamp = 2};
    struct bench_clip *clip = make_clip_as(&options);
    (void)state;

    for (int64_t k = 0; k < FRAMES; k++)
        assert_int_equal(bench_loop_unit(&clip->track[BENCH_VIDEO], k)->stamp_at > 0, k % 2 == 0);
    bench_clip_destroy(clip);
}

static void test_audio_fills_the_loop(void **state)
{
    struct bench_clip *clip = make_clip();
    const struct bench_clip_track *audio = &clip->track[BENCH_AUDIO];
    (void)state;

    assert_int_equal(audio->unit_count, 50);
    for (int64_t k = 0; k < 200; k++) {
        assert_int_equal(bench_loop_timestamp(audio, k), k * 960);
        assert_int_equal(bench_loop_packets(audio, k), k);
        assert_int_equal(bench_loop_octets(audio, k), k * 300);
        assert_int_equal(bench_loop_due_ns(audio, k), k * 20000000);
    }
    bench_clip_destroy(clip);
}

// G.711: 160 samples are 20 ms, and a second of video has 50 packets beside it.
static void test_samples_fill_the_loop(void **state)
{
    struct bench_clip_options options = {.fps = FPS, .codec = BENCH_CODEC_PCMU};
    struct bytes video = make_video();
    static uint8_t samples[9000];
    struct bench_clip *clip;
    const char *error = NULL;
    uint8_t out[256];
    (void)state;

    for (size_t i = 0; i < sizeof(samples); i++)
        samples[i] = (uint8_t)(i / 160);
    assert_int_equal(
        bench_clip_create(video.at, video.len, samples, sizeof(samples), &options, &clip, &error),
        0);
    const struct bench_clip_track *audio = &clip->track[BENCH_AUDIO];
    assert_int_equal(clip->codec, BENCH_CODEC_PCMU);
    assert_int_equal(audio->unit_count, 50);
    for (int64_t k = 0; k < 150; k++) {
        assert_int_equal(bench_loop_timestamp(audio, k), k * 160);
        assert_int_equal(bench_loop_due_ns(audio, k), k * 20000000);
        assert_int_equal(bench_loop_unit(audio, k)->len, 16 + 160);
        bench_loop_write(audio, k, &rewrite, out);
        assert_int_equal(out[5], 0); // payload type
        assert_int_equal(out[16], k % 50);
        assert_int_equal(out[175], k % 50);
    }
    bench_clip_destroy(clip);
    free(video.at);
}

static void test_time_and_unit_agree(void **state)
{
    struct bench_clip *clip = make_clip();
    (void)state;

    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        const struct bench_clip_track *track = &clip->track[t];
        for (int64_t round = 0; round < 3; round++) {
            for (int64_t i = 0; i < 200; i++) {
                int64_t k = round * 100000000 + i; // the third is a month later
                int64_t due_ns = bench_loop_due_ns(track, k);
                assert_int_equal(bench_loop_at(track, due_ns), k);
                assert_int_equal(bench_loop_at(track, due_ns + 1), k + 1);
                if (k > 0)
                    assert_int_equal(bench_loop_at(track, due_ns - 1), k);
            }
        }
    }
    assert_int_equal(bench_loop_key(&clip->track[BENCH_VIDEO], 0), 0);
    assert_int_equal(bench_loop_key(&clip->track[BENCH_VIDEO], 1), FRAMES);
    bench_clip_destroy(clip);
}

static int create(const struct bytes *video, const char *audio, struct bench_clip_options options,
                  const char **error)
{
    struct bench_clip *clip;
    size_t audio_len = audio == NULL ? 0 : strlen(audio);

    return bench_clip_create(video->at, video->len, (const uint8_t *)audio, audio_len, &options,
                             &clip, error);
}

static void test_bad_clips_are_refused(void **state)
{
    struct bytes video = make_video();
    struct bytes cut_video = {video.at, 16};
    struct bench_clip *clip;
    const char *error = NULL;
    (void)state;

    assert_int_equal(create(&video, NULL, (struct bench_clip_options){.fps = 7}, &error), -EINVAL);
    assert_non_null(strstr(error, "frame rate"));
    assert_int_equal(create(&cut_video, NULL, silent, &error), -EBADMSG);
    assert_non_null(strstr(error, "IDR"));
    assert_int_equal(create(&video, "RIFF", with_opus, &error), -EBADMSG);
    assert_non_null(strstr(error, "Opus"));
    // 30 frames in 1/60 s each are 4,000 samples; at 1/9 s they are no whole number.
    struct bench_clip_options samples = {.fps = 60, .codec = BENCH_CODEC_PCMA};
    assert_int_equal(create(&video, "short", samples, &error), -EBADMSG);
    samples.fps = 9;
    assert_int_equal(create(&video, "short", samples, &error), -EINVAL);
    assert_non_null(strstr(error, "whole number"));
    for (size_t cut = 0; cut < 100; cut++) {
        uint8_t *copy = malloc(cut + 1);

        assert_non_null(copy);
        memcpy(copy, video.at, cut);
        if (bench_clip_create(copy, cut, NULL, 0, &silent, &clip, &error) == 0)
            bench_clip_destroy(clip);
        free(copy);
    }
    free(video.at);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_annexb_finds_all_units),
        cmocka_unit_test(test_unit_begins_with_first_slice),
        cmocka_unit_test(test_ogg_joins_pages),
        cmocka_unit_test(test_ogg_cut_anywhere),
        cmocka_unit_test(test_frames_run_on_over_the_seam),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_stamps_now_and_then),
        cmocka_unit_test(test_audio_fills_the_loop),
        cmocka_unit_test(test_samples_fill_the_loop),
        cmocka_unit_test(test_time_and_unit_agree),
        cmocka_unit_test(test_bad_clips_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
