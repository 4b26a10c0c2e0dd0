// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_publisher.h"

#include <string.h>
#include <time.h>

#include "bench/limit_floor.h"
#include "bench/limit_process.h"

enum {
    NS_PER_S = 1000000000
};

static void publish_frame(struct limit_publisher *p, unsigned stream, int64_t frame)
{
    unsigned apart = stream * LIMIT_GOP_FRAMES / p->stream_count;
    bool key = frame == 0 || (frame + apart) % LIMIT_GOP_FRAMES == 0;
    unsigned packets = key ? LIMIT_KEYFRAME_PACKETS : LIMIT_FRAME_PACKETS;
    int64_t now = limit_process_now_ns();

    atomic_store_explicit(&p->published_ns[stream][frame % LIMIT_FRAMES_KEPT], now,
                          memory_order_relaxed);
    for (unsigned i = 0; i < packets; i++) {
        struct eng_packet packet = {
            .media_time = frame * (LIMIT_CLOCK_RATE / LIMIT_FPS),
            .capture_ns = now,
            .len = LIMIT_PAYLOAD,
            .flags = (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) |
                                (i + 1 == packets ? ENG_PACKET_MARKER : 0) |
                                (key ? ENG_PACKET_KEYFRAME : 0)),
        };

        memset(eng_publish_reserve(p->streams[stream], ENG_VIDEO, LIMIT_PAYLOAD), (int)i,
               LIMIT_PAYLOAD);
        eng_publish_commit(p->streams[stream], ENG_VIDEO, &packet);
    }
    eng_publish_flush(p->streams[stream], now);
}

void limit_publisher_fill(struct limit_publisher *publisher, unsigned frames)
{
    for (unsigned i = 0; i < frames; i++, publisher->frame++) {
        for (unsigned s = 0; s < publisher->stream_count; s++)
            publish_frame(publisher, s, publisher->frame);
    }
}

static void sleep_until(int64_t due_ns)
{
    struct timespec ts = {.tv_sec = due_ns / NS_PER_S, .tv_nsec = due_ns % NS_PER_S};

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

void limit_publisher_run(struct limit_publisher *publisher, unsigned frames)
{
    int64_t start = limit_process_now_ns();
    int64_t step = NS_PER_S / LIMIT_FPS / publisher->stream_count;

    for (unsigned i = 0; i < frames; i++, publisher->frame++) {
        for (unsigned s = 0; s < publisher->stream_count; s++) {
            sleep_until(start + (int64_t)i * NS_PER_S / LIMIT_FPS + s * step);
            publish_frame(publisher, s, publisher->frame);
        }
    }
}
