// SPDX-License-Identifier: Apache-2.0
#include "engine/stream.h"

#include <stdlib.h>
#include <string.h>

#include "engine/limits.h"

// A power of two.
static size_t video_packets(size_t video_bytes)
{
    size_t packets = ENG_VIDEO_PACKETS_MIN;

    while (packets < video_bytes / ENG_VIDEO_PACKET_BYTES)
        packets *= 2;
    return packets;
}

int eng_stream_init(struct eng_stream *stream, unsigned slot, struct eng_bell *bells,
                    size_t video_bytes, unsigned video_seconds)
{
    struct eng_ring_config video = {
        .size = video_bytes,
        .block = ENG_VIDEO_BLOCK,
        .packets = video_packets(video_bytes),
        .gop_ns = video_seconds * INT64_C(1000000000),
    };
    struct eng_ring_config audio = {
        .size = ENG_AUDIO_BYTES,
        .block = ENG_AUDIO_BLOCK,
        .packets = ENG_AUDIO_PACKETS,
    };
    int err;

    memset(stream, 0, sizeof(*stream));
    stream->slot = slot;
    stream->bells = bells;
    err = eng_ring_init(&stream->ring[ENG_VIDEO], &video);
    if (err)
        return err;
    err = eng_ring_init(&stream->ring[ENG_AUDIO], &audio);
    if (err)
        eng_ring_fini(&stream->ring[ENG_VIDEO]);
    return err;
}

void eng_stream_fini(struct eng_stream *stream)
{
    for (int t = 0; t < ENG_TRACKS; t++)
        eng_ring_fini(&stream->ring[t]);
}

void eng_stream_listen(struct eng_stream *stream, unsigned worker, bool on)
{
    uint64_t bit = UINT64_C(1) << worker;

    if (on)
        atomic_fetch_or(&stream->listeners, bit);
    else
        atomic_fetch_and(&stream->listeners, ~bit);
    // Pairs with the fence in eng_publish_flush: either the flush sees the bit, or the worker's
    // next look at the rings sees the packets.
    atomic_thread_fence(memory_order_seq_cst);
}

uint8_t *eng_publish_reserve(struct eng_stream *stream, enum eng_track track, size_t len)
{
    return eng_ring_reserve(&stream->ring[track], len);
}

void eng_publish_commit(struct eng_stream *stream, enum eng_track track,
                        const struct eng_packet *packet)
{
    eng_ring_commit(&stream->ring[track], packet);
}

void eng_publish_flush(struct eng_stream *stream, int64_t now_ns)
{
    bool news = eng_ring_flush(&stream->ring[ENG_VIDEO], now_ns);

    news |= eng_ring_flush(&stream->ring[ENG_AUDIO], now_ns);
    if (!news)
        return;
    // Orders the heads before the look at the listeners; see eng_stream_listen.
    atomic_thread_fence(memory_order_seq_cst);
    for (uint64_t left = atomic_load(&stream->listeners); left; left &= left - 1)
        eng_bell_ring_stream(&stream->bells[__builtin_ctzll(left)], stream->slot);
}

uint64_t eng_publish_next(const struct eng_stream *stream, enum eng_track track)
{
    return stream->ring[track].next;
}

int eng_publish_read(const struct eng_stream *stream, enum eng_track track, uint64_t index,
                     struct eng_packet *packet, const uint8_t **payload)
{
    struct eng_ring_packet found;
    int rc = eng_ring_read(&stream->ring[track], index, &found);

    if (rc < 0)
        return rc;
    *packet = (struct eng_packet){
        .media_time = found.media_time,
        .capture_ns = found.capture_ns,
        .len = found.len,
        .flags = found.flags,
    };
    *payload = found.payload;
    return 0;
}

int eng_publish_keyframe_wanted(struct eng_stream *stream)
{
    return atomic_exchange_explicit(&stream->keyframe_wanted, false, memory_order_relaxed);
}
