// SPDX-License-Identifier: Apache-2.0
//
// An engine on loopback and viewers of it, each a UDP socket and libsrtp2, for tests of the whole
// engine. Every payload tells its frame and its place in it, so a viewer knows what it got.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/bytes.h"
#include "engine/engine.h"
#include "engine/srtp.h"
#include "tests/support/engine_turn.h"
#include "tests/support/now.h"
#include "tests/support/oracle.h"

enum {
    MEDIA_PACKETS_PER_FRAME = 8,
    MEDIA_PAYLOAD = 600,
    MEDIA_PATIENCE_MS = 30000, // a machine with much to do is slow, or stands still
    MEDIA_GOP = 5,
    MEDIA_OTHERS_MAX = 200, // datagrams between two of video
};

struct media_world {
    struct eng_engine *engine;
    struct eng_stream *stream;
    uint32_t frame; // the next to be published; every MEDIA_GOP-th is a keyframe
    // When all is published: time stands still, so that nothing grows too old for the ring while
    // the machine has no time for the test.
    int64_t now_ns;
};

struct media_viewer {
    struct eng_viewer *viewer;
    int fd;
    uint32_t ssrc; // of its video; audio's is one more
    struct eng_tuple tuple;
    srtp_t receive, send;
    bool any;
    uint32_t next; // packet that follows the last one received, counted over all frames
    unsigned jumps;
    uint16_t seq; // of the last video packet received
};

// So many workers, all on the first core, through the given io.
static inline void media_start_workers(struct media_world *world, const struct eng_io_ops *io,
                                       size_t workers)
{
    static const int cores[ENG_WORKERS_MAX];
    struct eng_config config = {
        .listen = loopback_addr(0),
        .core_count = workers,
        .cores = cores,
        .video_bytes = 1 << 20,
        .video_seconds = 10,
        .train_max = 16,
        .io = io,
    };
    const char *what;

    memset(world, 0, sizeof(*world));
    world->now_ns = now_ns();
    assert_int_equal(eng_engine_create(&config, &world->engine, &what), 0);
    assert_int_equal(eng_stream_create(world->engine, &world->stream), 0);
    assert_int_equal(eng_engine_start(world->engine), 0);
}

static inline void media_start(struct media_world *world, const struct eng_io_ops *io)
{
    media_start_workers(world, io, 1);
}

static inline void media_pause(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

static inline uint64_t media_counter(const struct media_world *world, enum eng_counter id)
{
    uint64_t all[ENG_COUNTERS];

    eng_engine_counters(world->engine, all);
    return all[id];
}

// Counts are written after the datagram has left.
static inline void media_wait_counter(const struct media_world *world, enum eng_counter id,
                                      uint64_t value)
{
    for (int i = 0; i < MEDIA_PATIENCE_MS && media_counter(world, id) < value; i++)
        media_pause(1);
    assert_true(media_counter(world, id) >= value);
}

static inline struct eng_viewer_config media_viewer_config(const struct media_world *world,
                                                           const struct media_viewer *viewer)
{
    struct eng_viewer_config config = {
        .stream = world->stream,
        .tuple = viewer->tuple,
        .keying.profile = ENG_SRTP_AEAD_AES_128_GCM,
        .track = {[ENG_VIDEO] =
                      {.on = true, .payload_type = 96, .ssrc = viewer->ssrc, .clock_rate = 90000},
                  [ENG_AUDIO] = {.on = true,
                                 .payload_type = 111,
                                 .ssrc = viewer->ssrc + 1,
                                 .clock_rate = 48000}},
        .cname = "test",
    };

    for (size_t i = 0; i < ENG_SRTP_KEY_LEN; i++) {
        config.keying.send.key[i] = (uint8_t)rand();
        config.keying.receive.key[i] = (uint8_t)rand();
    }
    return config;
}

static inline void media_viewer_open(const struct media_world *world, struct media_viewer *viewer,
                                     uint32_t ssrc)
{
    memset(viewer, 0, sizeof(*viewer));
    viewer->ssrc = ssrc;
    viewer->fd = loopback_socket(&viewer->tuple.remote);
    viewer->tuple.local = loopback_addr(eng_engine_port(world->engine));
}

static inline void media_viewer_add(const struct media_world *world, struct media_viewer *viewer,
                                    const struct eng_viewer_config *config)
{
    assert_int_equal(eng_viewer_add(world->engine, config, &viewer->viewer), 0);
    viewer->receive =
        oracle_create(ENG_SRTP_AEAD_AES_128_GCM, &config->keying.send, ssrc_any_inbound);
    viewer->send =
        oracle_create(ENG_SRTP_AEAD_AES_128_GCM, &config->keying.receive, ssrc_any_outbound);
}

static inline void media_viewer_join(const struct media_world *world, struct media_viewer *viewer,
                                     uint32_t ssrc)
{
    struct eng_viewer_config config;

    media_viewer_open(world, viewer, ssrc);
    config = media_viewer_config(world, viewer);
    media_viewer_add(world, viewer, &config);
}

static inline void media_viewer_close(struct media_viewer *viewer)
{
    if (viewer->receive)
        srtp_dealloc(viewer->receive);
    if (viewer->send)
        srtp_dealloc(viewer->send);
    close(viewer->fd);
}

static inline void media_publish(struct media_world *world)
{
    bool keyframe = world->frame % MEDIA_GOP == 0;

    for (unsigned i = 0; i < MEDIA_PACKETS_PER_FRAME; i++) {
        bool last = i == MEDIA_PACKETS_PER_FRAME - 1;
        struct eng_packet packet = {
            .media_time = world->frame * INT64_C(3000),
            .capture_ns = world->frame * INT64_C(33333333),
            .len = MEDIA_PAYLOAD,
            .flags =
                (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) | (last ? ENG_PACKET_MARKER : 0) |
                           (keyframe ? ENG_PACKET_KEYFRAME : 0)),
        };
        uint8_t *payload = eng_publish_reserve(world->stream, ENG_VIDEO, MEDIA_PAYLOAD);

        memset(payload, (int)i, MEDIA_PAYLOAD);
        eng_put32(payload, world->frame * MEDIA_PACKETS_PER_FRAME + i);
        eng_publish_commit(world->stream, ENG_VIDEO, &packet);
    }
    world->frame++;
    eng_publish_flush(world->stream, world->now_ns);
}

static inline void media_publish_audio(struct media_world *world)
{
    struct eng_packet packet = {.len = 100, .flags = ENG_PACKET_FRAME_START};

    memset(eng_publish_reserve(world->stream, ENG_AUDIO, 100), 0, 100);
    eng_publish_commit(world->stream, ENG_AUDIO, &packet);
    eng_publish_flush(world->stream, world->now_ns);
}

// Takes one datagram: it must be this viewer's own, and if it is video, must follow what came
// before, or be the beginning of a keyframe, or the rest of the frame in which a packet was
// refused: what had been pushed by then leaves. False: none came in time.
static inline bool media_viewer_take(struct media_viewer *viewer, int timeout_ms, bool *video)
{
    struct pollfd p = {.fd = viewer->fd, .events = POLLIN};
    uint8_t data[1600];
    uint32_t packet;
    int len;

    if (poll(&p, 1, timeout_ms) != 1)
        return false;
    len = (int)recv(viewer->fd, data, sizeof(data), 0);
    assert_true(len > ENG_RTP_HEADER_LEN);
    *video = false;
    if (data[1] >= 192 && data[1] <= 223) {
        assert_int_equal(srtp_unprotect_rtcp(viewer->receive, data, &len), srtp_err_status_ok);
        assert_int_equal(eng_get32(data + 4), viewer->ssrc);
        return true;
    }
    assert_int_equal(srtp_unprotect(viewer->receive, data, &len), srtp_err_status_ok);
    if (eng_get32(data + 8) == viewer->ssrc + 1)
        return true;
    assert_int_equal(eng_get32(data + 8), viewer->ssrc);
    packet = eng_get32(data + ENG_RTP_HEADER_LEN);
    if (viewer->any && packet != viewer->next) {
        viewer->jumps++;
        assert_true(packet % (MEDIA_GOP * MEDIA_PACKETS_PER_FRAME) == 0 ||
                    packet / MEDIA_PACKETS_PER_FRAME == viewer->next / MEDIA_PACKETS_PER_FRAME);
    }
    viewer->any = true;
    viewer->seq = eng_get16(data + 2);
    viewer->next = packet + 1;
    *video = true;
    return true;
}

// Takes datagrams until the last packet of the newest frame has come.
static inline bool media_viewer_catch_up(const struct media_world *world,
                                         struct media_viewer *viewer)
{
    bool video;
    int others = 0; // reports come each second, for ever

    while (!viewer->any || viewer->next != world->frame * MEDIA_PACKETS_PER_FRAME) {
        if (!media_viewer_take(viewer, MEDIA_PATIENCE_MS, &video))
            return false;
        others = video ? 0 : others + 1;
        if (others > MEDIA_OTHERS_MAX)
            return false;
    }
    return true;
}

static inline void media_viewer_drain(struct media_viewer *viewer)
{
    bool video;

    while (media_viewer_take(viewer, 0, &video))
        ;
}

// A compound of this viewer, of at most 64 bytes.
static inline void media_viewer_say(struct media_viewer *viewer, const uint8_t *rtcp, size_t len)
{
    uint8_t packet[128];
    int n = (int)len;

    memcpy(packet, rtcp, len);
    assert_int_equal(srtp_protect_rtcp(viewer->send, packet, &n), srtp_err_status_ok);
    assert_int_equal(sendto(viewer->fd, packet, (size_t)n, 0, &viewer->tuple.local.sa,
                            sizeof(viewer->tuple.local.in4)),
                     n);
}
