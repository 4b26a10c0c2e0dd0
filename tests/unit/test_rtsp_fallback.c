// SPDX-License-Identifier: Apache-2.0
//
// Two sources' tracks over streams that are arrays here.
#include "rtsp/fallback.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/publish.h"
#include "rtsp/unit_pool.h"

// ---- the engine's door ----

enum {
    PACKETS_MAX = 256,
    PAYLOAD = 4,
};

struct packet {
    struct eng_packet head;
    uint8_t payload[ENG_PAYLOAD_MAX];
};

struct eng_stream {
    struct packet packet[ENG_TRACKS][PACKETS_MAX];
    uint64_t next[ENG_TRACKS];
    uint64_t first; // those before it are overwritten
};

uint8_t *eng_publish_reserve(struct eng_stream *stream, enum eng_track track, size_t len)
{
    assert_in_range(len, 1, ENG_PAYLOAD_MAX);
    assert_in_range(stream->next[track], 0, PACKETS_MAX - 1);
    return stream->packet[track][stream->next[track]].payload;
}

void eng_publish_commit(struct eng_stream *stream, enum eng_track track,
                        const struct eng_packet *packet)
{
    stream->packet[track][stream->next[track]++].head = *packet;
}

void eng_publish_flush(struct eng_stream *stream, int64_t now_ns)
{
    (void)stream;
    (void)now_ns;
}

uint64_t eng_publish_next(const struct eng_stream *stream, enum eng_track track)
{
    return stream->next[track];
}

int eng_publish_read(const struct eng_stream *stream, enum eng_track track, uint64_t index,
                     struct eng_packet *packet, const uint8_t **payload)
{
    if (index < stream->first)
        return -ESTALE;
    *packet = stream->packet[track][index].head;
    *payload = stream->packet[track][index].payload;
    return 0;
}

// ---- the bench ----

struct end {
    struct eng_stream stream;
    struct rtsp_track *track[ENG_TRACKS];
    struct rtsp_source_status status;
    struct rtsp_fallback fallback;
    unsigned changes;
};

struct bench {
    struct rtsp_unit_pool units;
    struct end own, other;
    int64_t now_ms;
};

static void on_change(void *ctx)
{
    struct end *end = ctx;

    end->changes++;
}

static void begin_tracks(struct end *end, enum rtsp_codec video)
{
    const struct rtsp_format format[ENG_TRACKS] = {
        {.codec = video, .payload_type = 96, .clock_rate = 90000},
        {.codec = RTSP_CODEC_OPUS, .payload_type = 97, .clock_rate = 48000, .channels = 2}};

    for (int t = 0; t < ENG_TRACKS; t++)
        rtsp_track_begin(end->track[t], &format[t]);
}

static void open_end(struct bench *b, struct end *end)
{
    const struct rtsp_fallback_owner owner = {.stream = &end->stream,
                                              .track = end->track,
                                              .status = &end->status,
                                              .on_change = on_change,
                                              .ctx = end};

    for (int t = 0; t < ENG_TRACKS; t++)
        assert_int_equal(
            rtsp_track_create(&end->stream, (enum eng_track)t, 1180, &b->units, &end->track[t]), 0);
    rtsp_fallback_init(&end->fallback, &owner);
}

static int begin(void **state)
{
    struct bench *b = calloc(1, sizeof(*b));

    assert_non_null(b);
    b->now_ms = 1000000;
    open_end(b, &b->own);
    open_end(b, &b->other);
    rtsp_fallback_follow(&b->own.fallback, &b->other.fallback);
    begin_tracks(&b->other, RTSP_CODEC_H264);
    b->own.status.state = RTSP_WAITING;
    b->other.status.state = RTSP_LIVE;
    *state = b;
    return 0;
}

static int end(void **state)
{
    struct bench *b = *state;

    for (int t = 0; t < ENG_TRACKS; t++) {
        rtsp_track_destroy(b->own.track[t]);
        rtsp_track_destroy(b->other.track[t]);
    }
    rtsp_unit_pool_fini(&b->units);
    free(b);
    return 0;
}

static void put(struct eng_stream *stream, enum eng_track track, int64_t media_time, uint16_t flags)
{
    struct eng_packet packet = {.media_time = media_time, .len = PAYLOAD, .flags = flags};

    memset(eng_publish_reserve(stream, track, PAYLOAD), (int)stream->next[track], PAYLOAD);
    eng_publish_commit(stream, track, &packet);
}

// The other source publishes a frame of two packets and its sound, and 40 ms go by.
static void publish(struct bench *b, bool keyframe)
{
    static const int64_t far = INT64_C(1) << 40; // from the own stream's media time
    uint16_t key = keyframe ? ENG_PACKET_KEYFRAME : 0;
    struct rtsp_now now = {.mono_ns = b->now_ms * 1000000, .real_ns = b->now_ms * 1000000 + 5};

    put(&b->other.stream, ENG_VIDEO, far + b->now_ms * 90, key | ENG_PACKET_FRAME_START);
    put(&b->other.stream, ENG_VIDEO, far + b->now_ms * 90, key | ENG_PACKET_MARKER);
    put(&b->other.stream, ENG_AUDIO, far + b->now_ms * 48, ENG_PACKET_FRAME_START);
    rtsp_fallback_published(&b->other.fallback, now);
    b->now_ms += 40;
}

static const struct packet *last(const struct end *end, enum eng_track track)
{
    assert_true(end->stream.next[track] > 0);
    return &end->stream.packet[track][end->stream.next[track] - 1];
}

// ---- tests ----

static void it_begins_with_a_keyframe(void **state)
{
    struct bench *b = *state;
    const struct eng_stream *own = &b->own.stream;

    publish(b, false);
    assert_int_equal(own->next[ENG_VIDEO] + own->next[ENG_AUDIO], 0);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_OFF);
    publish(b, true);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_SHOWN);
    assert_int_equal(b->own.changes, 1);
    assert_int_equal(own->next[ENG_VIDEO], 2);
    assert_int_equal(own->next[ENG_AUDIO], 1);
    assert_int_equal(own->packet[ENG_VIDEO][0].head.flags,
                     ENG_PACKET_KEYFRAME | ENG_PACKET_FRAME_START);
    assert_int_equal(own->packet[ENG_VIDEO][0].payload[0], 2);
    assert_int_equal(own->packet[ENG_VIDEO][1].payload[PAYLOAD - 1], 3);
    assert_int_equal(b->own.fallback.info[ENG_VIDEO].codec, RTSP_CODEC_H264);
    publish(b, false);
    assert_int_equal(own->next[ENG_VIDEO], 4);
    assert_int_equal(b->own.changes, 1);
}

static void time_goes_on_with_arrival(void **state)
{
    struct bench *b = *state;
    const struct packet *video = b->own.stream.packet[ENG_VIDEO];
    const struct packet *audio = b->own.stream.packet[ENG_AUDIO];

    for (int i = 0; i < 10; i++)
        publish(b, i == 0);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(video[2 * i].head.media_time - video[0].head.media_time, i * 40 * 90);
        assert_int_equal(video[2 * i + 1].head.media_time, video[2 * i].head.media_time);
        assert_int_equal(audio[i].head.media_time - audio[0].head.media_time, i * 40 * 48);
    }
    // A pause of the other one, longer than its own time says: it is as long here.
    b->own.status.state = RTSP_LIVE;
    b->own.stream.next[ENG_VIDEO]--; // as if the source itself had published
    publish(b, true);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_OFF);
    b->own.status.state = RTSP_WAITING;
    b->now_ms += 5000;
    publish(b, true);
    assert_in_range(last(&b->own, ENG_VIDEO)->head.media_time - video[18].head.media_time,
                    (5000 + 80) * 90 - 90, (5000 + 80) * 90 + 90);
}

static void the_source_itself_goes_before_it(void **state)
{
    struct bench *b = *state;
    int64_t media_time;

    publish(b, true);
    // Live again, but without a picture yet: the other one goes on.
    b->own.status.state = RTSP_LIVE;
    publish(b, false);
    assert_int_equal(b->own.stream.next[ENG_VIDEO], 4);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_SHOWN);
    // Its sound is there first.
    put(&b->own.stream, ENG_AUDIO, 0, ENG_PACKET_FRAME_START);
    publish(b, false);
    assert_int_equal(b->own.stream.next[ENG_AUDIO], 3);
    assert_int_equal(b->own.stream.next[ENG_VIDEO], 6);
    // What goes out in its place moves its clock.
    media_time = last(&b->own, ENG_VIDEO)->head.media_time;
    assert_true(rtsp_track_yield(b->own.track[ENG_VIDEO])->last_media >= media_time);
    put(&b->own.stream, ENG_VIDEO, media_time + 1, ENG_PACKET_FRAME_START | ENG_PACKET_KEYFRAME);
    publish(b, true);
    assert_int_equal(b->own.stream.next[ENG_VIDEO], 7);
    assert_int_equal(b->own.stream.next[ENG_AUDIO], 3);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_OFF);
    assert_int_equal(b->own.changes, 2);
}

static void another_codec_is_not_shown(void **state)
{
    struct bench *b = *state;

    begin_tracks(&b->own, RTSP_CODEC_VP8);
    publish(b, true);
    assert_int_equal(b->own.stream.next[ENG_VIDEO] + b->own.stream.next[ENG_AUDIO], 0);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_MISFIT);
    b->own.status.state = RTSP_LIVE;
    publish(b, true);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_OFF);
    begin_tracks(&b->own, RTSP_CODEC_H264);
    b->own.status.state = RTSP_STALLED;
    publish(b, true);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_SHOWN);
}

static void it_ends_with_the_other_and_with_demand(void **state)
{
    struct bench *b = *state;

    publish(b, true);
    b->other.status.state = RTSP_STALLED;
    rtsp_fallback_moved(&b->other.fallback);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_OFF);
    b->other.status.state = RTSP_LIVE;
    publish(b, false); // what was shown has ended: from a keyframe again
    assert_int_equal(b->own.stream.next[ENG_VIDEO], 2);
    publish(b, true);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_SHOWN);
    b->own.status.state = RTSP_IDLE;
    rtsp_fallback_moved(&b->own.fallback);
    assert_int_equal(b->own.fallback.state, RTSP_FALLBACK_OFF);
    publish(b, true);
    assert_int_equal(b->own.stream.next[ENG_VIDEO], 4);
}

static void what_was_overwritten_is_left_out(void **state)
{
    struct bench *b = *state;

    publish(b, true);
    put(&b->other.stream, ENG_VIDEO, 1, ENG_PACKET_FRAME_START);
    b->other.stream.first = b->other.stream.next[ENG_VIDEO];
    publish(b, false);
    assert_int_equal(b->own.stream.next[ENG_VIDEO], 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_begins_with_a_keyframe, begin, end),
        cmocka_unit_test_setup_teardown(time_goes_on_with_arrival, begin, end),
        cmocka_unit_test_setup_teardown(the_source_itself_goes_before_it, begin, end),
        cmocka_unit_test_setup_teardown(another_codec_is_not_shown, begin, end),
        cmocka_unit_test_setup_teardown(it_ends_with_the_other_and_with_demand, begin, end),
        cmocka_unit_test_setup_teardown(what_was_overwritten_is_left_out, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
