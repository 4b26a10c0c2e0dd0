// SPDX-License-Identifier: Apache-2.0
//
// A viewer that joins in the middle of a GOP: what it gets, with which timestamps, and whether
// picture and sound belong together by the sender reports. A worker without thread and kernel, on a
// clock of the test's own; libsrtp2 opens what leaves.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "engine/bytes.h"
#include "engine/rtcp.h"
#include "engine/worker.h"
#include "tests/support/fake_io.h"
#include "tests/support/oracle.h"

enum {
    VIDEO_SSRC = 0x1000,
    AUDIO_SSRC = 0x2000,
    VIDEO_RATE = 90000,
    AUDIO_RATE = 48000,
    FRAME_MS = 40,
    AUDIO_MS = 20,
    GOP = 50,
    FRAME = 4, // packets
    PAYLOAD = 100,
    TRAIN_MAX = 16,
    PACE_MS = 16,
    PACKETS_MAX = 4096,
};

struct packet {
    int64_t at_ms; // when it left
    uint16_t seq;
    uint32_t timestamp;
    uint32_t number; // that it was published under
};

struct row {
    unsigned count;
    struct packet packets[PACKETS_MAX];
};

// What a sender report says: this timestamp is that time.
struct report {
    uint32_t timestamp;
    double seconds;
};

static struct {
    struct eng_engine *engine;
    struct eng_stream *stream;
    struct eng_worker *worker;
    srtp_t receive;
    int64_t now_ms;
    uint32_t published[ENG_TRACKS];
    struct row rows[ENG_TRACKS];
    struct report reports[ENG_TRACKS];
} world;

static void take_rtcp(uint8_t *data, int len)
{
    assert_int_equal(srtp_unprotect_rtcp(world.receive, data, &len), srtp_err_status_ok);
    for (int at = 0; at + 28 <= len && data[at + 1] == 200; at += 28) {
        const uint8_t *sr = data + at;
        enum eng_track track = eng_get32(sr + 4) == VIDEO_SSRC ? ENG_VIDEO : ENG_AUDIO;

        world.reports[track] = (struct report){
            .timestamp = eng_get32(sr + 16),
            .seconds = (double)eng_get32(sr + 8) + (double)eng_get32(sr + 12) / 4294967296.0,
        };
    }
}

static void take_rtp(uint8_t *data, int len)
{
    struct row *row;

    assert_int_equal(srtp_unprotect(world.receive, data, &len), srtp_err_status_ok);
    row = &world.rows[eng_get32(data + 8) == VIDEO_SSRC ? ENG_VIDEO : ENG_AUDIO];
    assert_true(row->count < PACKETS_MAX);
    row->packets[row->count++] = (struct packet){
        .at_ms = world.now_ms,
        .seq = eng_get16(data + 2),
        .timestamp = eng_get32(data + 4),
        .number = eng_get32(data + ENG_RTP_HEADER_LEN),
    };
}

static int fake_io_take(const struct eng_send *send)
{
    size_t size = send->len / send->packets; // all of a train are of one size here
    uint8_t data[ENG_DATAGRAM_MAX];

    for (size_t at = 0; at < send->len; at += size) {
        memcpy(data, send->data + at, size);
        if (send->kind == ENG_SEND_RTCP)
            take_rtcp(data, (int)size);
        else
            take_rtp(data, (int)size);
    }
    return 0;
}

static void publish(enum eng_track track, int packets, uint16_t flags, int64_t media_time)
{
    for (int i = 0; i < packets; i++) {
        uint8_t *payload = eng_publish_reserve(world.stream, track, PAYLOAD);
        struct eng_packet packet = {
            .media_time = media_time,
            .capture_ns = world.worker->real_ns,
            .len = PAYLOAD,
            .flags = (uint16_t)(flags | (i == 0 ? ENG_PACKET_FRAME_START : 0) |
                                (i == packets - 1 ? ENG_PACKET_MARKER : 0)),
        };

        memset(payload, 0, PAYLOAD);
        eng_put32(payload, world.published[track]++);
        eng_publish_commit(world.stream, track, &packet);
    }
    eng_publish_flush(world.stream, world.worker->mono_ns);
}

static void run(int ms)
{
    for (int i = 0; i < ms; i++) {
        int64_t frame = world.now_ms / FRAME_MS;

        if (world.now_ms % FRAME_MS == 0)
            publish(ENG_VIDEO, FRAME, frame % GOP == 0 ? ENG_PACKET_KEYFRAME : 0,
                    frame * FRAME_MS * VIDEO_RATE / 1000);
        if (world.now_ms % AUDIO_MS == 0)
            publish(ENG_AUDIO, 1, 0, world.now_ms * AUDIO_RATE / 1000);
        eng_worker_turn(world.worker);
        world.now_ms++;
        world.worker->mono_ns += 1000000;
        world.worker->real_ns += 1000000;
    }
}

static void start(void)
{
    memset(&world, 0, sizeof(world));
    world.worker = fake_io_start(TRAIN_MAX, PACE_MS, &world.engine, &world.stream);
}

static void join(void)
{
    struct eng_viewer_config config = {
        .stream = world.stream,
        .tuple = {.remote = loopback_addr(1), .local = loopback_addr(2)},
        .keying = {.profile = ENG_SRTP_AEAD_AES_128_GCM, .send.key = {1}, .receive.key = {2}},
        .track = {[ENG_VIDEO] = {.on = true,
                                 .payload_type = 96,
                                 .ssrc = VIDEO_SSRC,
                                 .clock_rate = VIDEO_RATE},
                  [ENG_AUDIO] = {.on = true,
                                 .payload_type = 111,
                                 .ssrc = AUDIO_SSRC,
                                 .clock_rate = AUDIO_RATE}},
        .cname = "test",
    };
    struct eng_viewer *viewer;

    assert_int_equal(eng_viewer_add(world.engine, &config, &viewer), 0);
    world.receive = oracle_create(config.keying.profile, &config.keying.send, ssrc_any_inbound);
}

static void finish(void)
{
    eng_worker_close(world.worker);
    eng_engine_destroy(world.engine);
    srtp_dealloc(world.receive);
}

// The packet that was published under this number.
static const struct packet *find(enum eng_track track, uint32_t number)
{
    const struct row *row = &world.rows[track];

    for (unsigned i = 0; i < row->count; i++) {
        if (row->packets[i].number == number)
            return &row->packets[i];
    }
    fail_msg("packet %u of track %d did not leave", number, track);
    return NULL;
}

// Joins three quarters of a GOP after the keyframe.
static void join_late(uint32_t *joined_at)
{
    start();
    run(GOP * FRAME_MS * 2 - GOP / 4 * FRAME_MS + FRAME_MS / 2);
    *joined_at = world.published[ENG_VIDEO];
    join();
    run(GOP * FRAME_MS);
}

static void starts_at_the_keyframe_and_lands_on_live(void **state)
{
    const struct row *video = &world.rows[ENG_VIDEO];
    const struct packet *newest, *live;
    uint32_t joined_at;

    (void)state;
    join_late(&joined_at);
    assert_int_equal(video->packets[0].number, GOP * FRAME);
    for (unsigned i = 1; i < video->count; i++) {
        const struct packet *p = &video->packets[i];

        assert_int_equal(p->number, p[-1].number + 1);
        assert_int_equal(p->seq, (uint16_t)(p[-1].seq + 1));
        if (p->number % FRAME == 0)
            assert_true((int32_t)(p->timestamp - p[-1].timestamp) > 0);
        else
            assert_int_equal(p->timestamp, p[-1].timestamp);
    }
    // A second and a half of backlog is shown within half a frame, and gone before the next frame
    // but one.
    newest = find(ENG_VIDEO, joined_at - 1);
    live = find(ENG_VIDEO, joined_at);
    assert_true((int32_t)(newest->timestamp - video->packets[0].timestamp) <
                FRAME_MS * VIDEO_RATE / 1000 / 2);
    assert_true((int32_t)(live->timestamp - newest->timestamp) > 0);
    assert_true(newest->at_ms - video->packets[0].at_ms <= 2 * FRAME_MS);
    assert_true(newest->at_ms > video->packets[0].at_ms); // paced
    finish();
}

// Seconds of the reports' clock at which a packet is to be played.
static double play_time(enum eng_track track, uint32_t timestamp)
{
    double rate = track == ENG_VIDEO ? VIDEO_RATE : AUDIO_RATE;

    return world.reports[track].seconds +
           (double)(int32_t)(timestamp - world.reports[track].timestamp) / rate;
}

static void sound_is_in_step_with_the_picture(void **state)
{
    uint32_t joined_at, number;
    double video, audio;

    (void)state;
    join_late(&joined_at);
    // Sound begins now: no backlog of it.
    assert_true(world.rows[ENG_AUDIO].packets[0].number >=
                joined_at / FRAME * FRAME_MS / AUDIO_MS - FRAME_MS / AUDIO_MS);
    // A frame, and the sound that was captured with it.
    number = joined_at / FRAME + 5;
    video = play_time(ENG_VIDEO, find(ENG_VIDEO, number * FRAME)->timestamp);
    audio = play_time(ENG_AUDIO, find(ENG_AUDIO, number * FRAME_MS / AUDIO_MS)->timestamp);
    assert_true(world.reports[ENG_VIDEO].seconds > 0 && world.reports[ENG_AUDIO].seconds > 0);
    assert_true(video - audio < 0.001 && audio - video < 0.001);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_at_the_keyframe_and_lands_on_live),
        cmocka_unit_test(sound_is_in_step_with_the_picture),
    };

    if (oracle_init())
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
