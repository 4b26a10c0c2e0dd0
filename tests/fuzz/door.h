// SPDX-License-Identifier: Apache-2.0
//
// The publish door (engine/publish.h) with its contract checked at each call, and a hook for who
// wants to see the packets. Include it in one file per program.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "engine/publish.h"

struct door_track {
    bool begun;
    bool frame_ended; // by a marker
    struct eng_packet last;
    uint64_t packets;
};

struct eng_stream {
    size_t payload_max; // what the track was told
    uint8_t *room;      // reserved: exactly what was asked for
    size_t room_len;
    enum eng_track room_track;
    struct door_track track[ENG_TRACKS];
    void (*packet)(void *ctx, enum eng_track track, const struct eng_packet *packet,
                   const uint8_t *payload); // may be NULL
    void *ctx;
};

uint8_t *eng_publish_reserve(struct eng_stream *stream, enum eng_track track, size_t len)
{
    // Opus cannot be cut.
    assert(len > 0 && len <= (track == ENG_VIDEO ? stream->payload_max : ENG_PAYLOAD_MAX));
    free(stream->room);
    stream->room = malloc(len);
    assert(stream->room);
    stream->room_len = len;
    stream->room_track = track;
    return stream->room;
}

static inline void door_check(const struct door_track *t, enum eng_track track,
                              const struct eng_packet *packet)
{
    const unsigned all = ENG_PACKET_FRAME_START | ENG_PACKET_MARKER | ENG_PACKET_KEYFRAME;
    const struct eng_packet *last = &t->last;

    assert((packet->flags & ~all) == 0);
    assert(t->begun || packet->flags & ENG_PACKET_FRAME_START);
    if (packet->flags & ENG_PACKET_FRAME_START) {
        assert(!t->begun || packet->media_time > last->media_time);
        assert(!t->begun || track == ENG_AUDIO || t->frame_ended);
        return;
    }
    assert(!t->frame_ended);
    assert(packet->media_time == last->media_time && packet->capture_ns == last->capture_ns);
    assert((packet->flags & ENG_PACKET_KEYFRAME) == (last->flags & ENG_PACKET_KEYFRAME));
}

void eng_publish_commit(struct eng_stream *stream, enum eng_track track,
                        const struct eng_packet *packet)
{
    struct door_track *t = &stream->track[track];

    assert(stream->room && stream->room_track == track);
    assert(packet->len > 0 && packet->len <= stream->room_len);
    door_check(t, track, packet);
    t->begun = true;
    t->frame_ended = track == ENG_VIDEO && packet->flags & ENG_PACKET_MARKER;
    t->last = *packet;
    t->packets++;
    if (stream->packet)
        stream->packet(stream->ctx, track, packet, stream->room);
    free(stream->room);
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

static inline void door_close(struct eng_stream *stream)
{
    free(stream->room);
    stream->room = NULL;
}
