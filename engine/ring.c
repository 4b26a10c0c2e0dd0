// SPDX-License-Identifier: Apache-2.0
#include "engine/ring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t place_pack(size_t offset, uint16_t len, uint16_t flags)
{
    return (uint64_t)offset << 32 | (uint64_t)len << 16 | flags;
}

static size_t place_offset(uint64_t place)
{
    return (size_t)(place >> 32);
}

static uint16_t place_len(uint64_t place)
{
    return (uint16_t)(place >> 16);
}

int eng_ring_init(struct eng_ring *ring, size_t size, size_t packets)
{
    assert(size >= 2 * ENG_PAYLOAD_MAX && size <= UINT32_MAX);
    assert(packets > 0 && (packets & (packets - 1)) == 0);
    memset(ring, 0, sizeof(*ring));
    // Not touched here: memory is used as far as the stream fills it.
    ring->data = malloc(size);
    ring->slots = calloc(packets, sizeof(*ring->slots));
    if (!ring->data || !ring->slots) {
        eng_ring_fini(ring);
        return -ENOMEM;
    }
    ring->size = size;
    ring->mask = packets - 1;
    ring->last_key = ENG_RING_NONE;
    atomic_init(&ring->keyframe, ENG_RING_NONE);
    return 0;
}

void eng_ring_fini(struct eng_ring *ring)
{
    free(ring->data);
    free(ring->slots);
    memset(ring, 0, sizeof(*ring));
}

static uint64_t place_at(const struct eng_ring *ring, uint64_t index)
{
    return atomic_load_explicit(&ring->slots[index & ring->mask].place, memory_order_relaxed);
}

// The first index from `tail` on that does not stand in the way of [begin, end).
static uint64_t first_kept(const struct eng_ring *ring, uint64_t tail, size_t begin, size_t end)
{
    for (; tail < ring->next; tail++) {
        uint64_t place = place_at(ring, tail);

        if (place_offset(place) >= end || place_offset(place) + place_len(place) <= begin)
            break;
    }
    return tail;
}

uint8_t *eng_ring_reserve(struct eng_ring *ring, size_t len)
{
    uint64_t old_tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t tail = old_tail;

    assert(len > 0 && len <= ENG_PAYLOAD_MAX);
    if (ring->write_offset + len > ring->size) {
        // Back to the start: what lies between here and the end is the oldest there is.
        tail = first_kept(ring, tail, ring->write_offset, ring->size);
        ring->write_offset = 0;
    }
    tail = first_kept(ring, tail, ring->write_offset, ring->write_offset + len);
    if (ring->next - tail > ring->mask)
        tail = ring->next - ring->mask;
    if (tail != old_tail) {
        atomic_store_explicit(&ring->tail, tail, memory_order_relaxed);
        // No write to the payload or the slot may be seen before the new tail: pairs with the
        // acquire fence in eng_ring_holds.
        atomic_thread_fence(memory_order_release);
    }
    ring->reserved = len;
    return ring->data + ring->write_offset;
}

void eng_ring_commit(struct eng_ring *ring, const struct eng_packet *packet)
{
    struct eng_ring_slot *slot = &ring->slots[ring->next & ring->mask];

    assert(packet->len > 0 && packet->len <= ring->reserved);
    if (packet->flags & ENG_PACKET_FRAME_START) {
        ring->frame++;
        if (packet->flags & ENG_PACKET_KEYFRAME)
            ring->last_key = ring->next;
    }
    atomic_store_explicit(&slot->media_time, packet->media_time, memory_order_relaxed);
    atomic_store_explicit(&slot->capture_ns, packet->capture_ns, memory_order_relaxed);
    atomic_store_explicit(&slot->frame, ring->frame, memory_order_relaxed);
    atomic_store_explicit(&slot->place, place_pack(ring->write_offset, packet->len, packet->flags),
                          memory_order_relaxed);
    ring->write_offset += packet->len;
    ring->bytes_so_far += packet->len;
    ring->reserved = 0;
    ring->next++;
}

bool eng_ring_flush(struct eng_ring *ring)
{
    if (atomic_load_explicit(&ring->head, memory_order_relaxed) == ring->next)
        return false;
    atomic_store_explicit(&ring->keyframe, ring->last_key, memory_order_relaxed);
    atomic_store_explicit(&ring->bytes, ring->bytes_so_far, memory_order_relaxed);
    // Release: whoever sees this head sees the packets below it, and their keyframe.
    atomic_store_explicit(&ring->head, ring->next, memory_order_release);
    return true;
}

uint64_t eng_ring_keyframe(const struct eng_ring *ring)
{
    uint64_t key = atomic_load_explicit(&ring->keyframe, memory_order_relaxed);

    return key != ENG_RING_NONE && eng_ring_holds(ring, key) ? key : ENG_RING_NONE;
}

int eng_ring_read(const struct eng_ring *ring, uint64_t index, struct eng_ring_packet *out)
{
    const struct eng_ring_slot *slot = &ring->slots[index & ring->mask];
    uint64_t place;

    if (index >= eng_ring_head(ring))
        return -EAGAIN;
    place = atomic_load_explicit(&slot->place, memory_order_relaxed);
    out->payload = ring->data + place_offset(place);
    out->index = index;
    out->frame = atomic_load_explicit(&slot->frame, memory_order_relaxed);
    out->media_time = atomic_load_explicit(&slot->media_time, memory_order_relaxed);
    out->capture_ns = atomic_load_explicit(&slot->capture_ns, memory_order_relaxed);
    out->len = place_len(place);
    out->flags = (uint16_t)place;
    return eng_ring_holds(ring, index) ? 0 : -ESTALE;
}

bool eng_ring_holds(const struct eng_ring *ring, uint64_t index)
{
    // No read of the packet may come after the read of tail: pairs with eng_ring_reserve.
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&ring->tail, memory_order_relaxed) <= index;
}
