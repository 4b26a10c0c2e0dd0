// SPDX-License-Identifier: Apache-2.0
#include "engine/stream.h"

#include <stdlib.h>
#include <string.h>

#include "engine/limits.h"

int eng_stream_init(struct eng_stream *stream, unsigned slot, struct eng_bell *bells,
                    size_t video_bytes)
{
    int err;

    memset(stream, 0, sizeof(*stream));
    stream->slot = slot;
    stream->bells = bells;
    err = eng_ring_init(&stream->ring[ENG_VIDEO], video_bytes, ENG_VIDEO_PACKETS);
    if (err)
        return err;
    err = eng_ring_init(&stream->ring[ENG_AUDIO], ENG_AUDIO_BYTES, ENG_AUDIO_PACKETS);
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

void eng_publish_flush(struct eng_stream *stream)
{
    bool news = eng_ring_flush(&stream->ring[ENG_VIDEO]);

    news |= eng_ring_flush(&stream->ring[ENG_AUDIO]);
    if (!news)
        return;
    // Orders the heads before the look at the listeners; see eng_stream_listen.
    atomic_thread_fence(memory_order_seq_cst);
    for (uint64_t left = atomic_load(&stream->listeners); left; left &= left - 1)
        eng_bell_ring_stream(&stream->bells[__builtin_ctzll(left)], stream->slot);
}

int eng_publish_keyframe_wanted(struct eng_stream *stream)
{
    return atomic_exchange_explicit(&stream->keyframe_wanted, false, memory_order_relaxed);
}
