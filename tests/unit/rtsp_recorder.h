// SPDX-License-Identifier: Apache-2.0
//
// The publish door for tests of rtsp/: keeps every packet. Each reservation is an allocation of
// its own, so that AddressSanitizer sees a byte too many. Include it in one file per program.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/publish.h"

struct recorded {
    enum eng_track track;
    struct eng_packet packet;
    uint8_t *payload;
};

struct eng_stream {
    struct recorded *packets;
    size_t count, capacity;
    uint8_t *room;
    size_t room_len;
    enum eng_track room_track;
};

uint8_t *eng_publish_reserve(struct eng_stream *stream, enum eng_track track, size_t len)
{
    assert(len > 0 && len <= ENG_PAYLOAD_MAX);
    free(stream->room);
    stream->room = malloc(len);
    assert(stream->room);
    stream->room_len = len;
    stream->room_track = track;
    return stream->room;
}

void eng_publish_commit(struct eng_stream *stream, enum eng_track track,
                        const struct eng_packet *packet)
{
    assert(stream->room && stream->room_track == track);
    assert(packet->len > 0 && packet->len <= stream->room_len);
    if (stream->count == stream->capacity) {
        stream->capacity = stream->capacity ? 2 * stream->capacity : 64;
        stream->packets = realloc(stream->packets, stream->capacity * sizeof(*stream->packets));
        assert(stream->packets);
    }
    stream->packets[stream->count++] =
        (struct recorded){.track = track, .packet = *packet, .payload = stream->room};
    stream->room = NULL;
}

void eng_publish_flush(struct eng_stream *stream, int64_t now_ns)
{
    (void)stream;
    (void)now_ns;
}

int eng_publish_keyframe_wanted(struct eng_stream *stream)
{
    (void)stream;
    return 0;
}

static inline void recorder_clear(struct eng_stream *stream)
{
    for (size_t i = 0; i < stream->count; i++)
        free(stream->packets[i].payload);
    free(stream->packets);
    free(stream->room);
    *stream = (struct eng_stream){0};
}

// Runs of packets of one size, of which the last may be shorter.
static inline size_t recorder_trains(const struct eng_stream *stream, size_t from, size_t to)
{
    size_t trains = 0;
    size_t open = 0;

    for (size_t i = from; i < to; i++) {
        size_t len = stream->packets[i].packet.len;

        if (len > open) {
            trains++;
            open = len;
        } else if (len < open) {
            open = 0;
        }
    }
    return trains;
}

static inline uint32_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 32);
}

// min to max, both included.
static inline size_t random_between(uint64_t *seed, size_t min, size_t max)
{
    return min + next_random(seed) % (max - min + 1);
}
