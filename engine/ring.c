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

int eng_ring_init(struct eng_ring *ring, const struct eng_ring_config *config)
{
    size_t blocks = config->size / config->block;
    size_t pages = config->packets / ENG_RING_PAGE;

    assert(config->block >= ENG_PAYLOAD_MAX && config->size <= UINT32_MAX && blocks >= 2);
    assert(pages >= 2 && (config->packets & (config->packets - 1)) == 0);
    memset(ring, 0, sizeof(*ring));
    // Not touched here: memory is used as far as the stream needs it.
    ring->data = malloc(blocks * config->block);
    ring->slots = malloc(config->packets * sizeof(*ring->slots));
    ring->pages = calloc(pages, sizeof(*ring->pages));
    if (!ring->data || !ring->slots || !ring->pages ||
        eng_circle_init(&ring->payload_blocks, blocks) ||
        eng_circle_init(&ring->slot_pages, pages)) {
        eng_ring_fini(ring);
        return -ENOMEM;
    }
    ring->page_mask = pages - 1;
    ring->size = blocks * config->block;
    ring->block = config->block;
    ring->gop_ns = config->gop_ns;
    ring->last_key = ENG_RING_NONE;
    atomic_init(&ring->keyframe, ENG_RING_NONE);
    atomic_init(&ring->start, ENG_RING_NONE);
    return 0;
}

void eng_ring_fini(struct eng_ring *ring)
{
    eng_circle_fini(&ring->slot_pages);
    eng_circle_fini(&ring->payload_blocks);
    free(ring->pages);
    free(ring->slots);
    free(ring->data);
    memset(ring, 0, sizeof(*ring));
}

static struct eng_ring_slot *slot_at(const struct eng_ring *ring, uint64_t index)
{
    uint64_t page = index / ENG_RING_PAGE & ring->page_mask;

    return &ring->slots[(size_t)atomic_load_explicit(&ring->pages[page], memory_order_relaxed) *
                            ENG_RING_PAGE +
                        index % ENG_RING_PAGE];
}

// ---- what is wanted ----

// A keyframe that lies ahead of the newest packet, because a clock was set back, is old too.
static bool keyframe_is_old(const struct eng_ring *ring)
{
    uint64_t age_ns = (uint64_t)ring->newest_ns - (uint64_t)ring->last_key_ns;

    return ring->gop_ns == 0 || age_ns > (uint64_t)ring->gop_ns;
}

// First of those that were published within the last second.
static uint64_t first_recent(const struct eng_ring *ring)
{
    uint64_t index = 0;

    for (int i = 0; i < ENG_RING_MARKS; i++) {
        const struct eng_ring_mark *mark = &ring->marks[i];

        if (mark->at_ns <= ring->flushed_ns - ENG_RING_TAIL_NS && mark->index > index)
            index = mark->index;
    }
    return index;
}

static uint64_t first_wanted(const struct eng_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    uint64_t first = first_recent(ring);

    if (ring->last_key < first && !keyframe_is_old(ring))
        first = ring->last_key;
    return first > tail ? first : tail;
}

static void set_mark(struct eng_ring *ring, uint64_t index, int64_t now_ns)
{
    if (now_ns - ring->marks[ring->mark].at_ns < ENG_RING_MARK_NS)
        return;
    ring->mark = (ring->mark + 1) % ENG_RING_MARKS;
    ring->marks[ring->mark] = (struct eng_ring_mark){index, now_ns};
}

// ---- the writer ----

// Packets below this index are about to be overwritten.
static void forget(struct eng_ring *ring, uint64_t index)
{
    if (index <= atomic_load_explicit(&ring->tail, memory_order_relaxed))
        return;
    atomic_store_explicit(&ring->tail, index, memory_order_relaxed);
    // No write to a payload, a slot or the table of pages may be seen before the new tail: pairs
    // with the acquire fence in eng_ring_holds.
    atomic_thread_fence(memory_order_release);
}

uint8_t *eng_ring_reserve(struct eng_ring *ring, size_t len)
{
    struct eng_circle *blocks = &ring->payload_blocks;

    assert(len > 0 && len <= ENG_PAYLOAD_MAX);
    if (ring->write_offset + len > (blocks->current + (size_t)1) * ring->block) {
        forget(ring, eng_circle_turn(blocks, first_wanted(ring)));
        ring->write_offset = blocks->current * ring->block;
    }
    ring->reserved = len;
    return ring->data + ring->write_offset;
}

static void begin_page(struct eng_ring *ring)
{
    uint64_t page = ring->next / ENG_RING_PAGE & ring->page_mask;

    // There are as many pages as entries: what this entry said before is forgotten by now.
    forget(ring, eng_circle_turn(&ring->slot_pages, first_wanted(ring)));
    atomic_store_explicit(&ring->pages[page], ring->slot_pages.current, memory_order_relaxed);
}

static void begin_frame(struct eng_ring *ring, const struct eng_packet *packet)
{
    ring->frame++;
    if (packet->flags & ENG_PACKET_KEYFRAME) {
        ring->last_key = ring->next;
        ring->last_key_ns = packet->capture_ns;
    }
}

void eng_ring_commit(struct eng_ring *ring, const struct eng_packet *packet)
{
    struct eng_ring_slot *slot;

    assert(packet->len > 0 && packet->len <= ring->reserved);
    ring->newest_ns = packet->capture_ns;
    if (packet->flags & ENG_PACKET_FRAME_START)
        begin_frame(ring, packet);
    if (ring->next % ENG_RING_PAGE == 0)
        begin_page(ring);
    slot = slot_at(ring, ring->next);
    atomic_store_explicit(&slot->media_time, packet->media_time, memory_order_relaxed);
    atomic_store_explicit(&slot->capture_ns, packet->capture_ns, memory_order_relaxed);
    atomic_store_explicit(&slot->frame, ring->frame, memory_order_relaxed);
    atomic_store_explicit(&slot->place, place_pack(ring->write_offset, packet->len, packet->flags),
                          memory_order_relaxed);
    eng_circle_put(&ring->payload_blocks, ring->next);
    eng_circle_put(&ring->slot_pages, ring->next);
    ring->write_offset += packet->len;
    ring->bytes_so_far += packet->len;
    ring->reserved = 0;
    ring->next++;
}

static uint64_t start_of(const struct eng_ring *ring)
{
    if (ring->last_key == ENG_RING_NONE)
        return ENG_RING_NONE;
    if (keyframe_is_old(ring))
        return ENG_RING_OLD;
    if (ring->last_key < atomic_load_explicit(&ring->tail, memory_order_relaxed))
        return ENG_RING_OUTGROWN;
    return ring->last_key;
}

bool eng_ring_flush(struct eng_ring *ring, int64_t now_ns)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);

    if (head == ring->next)
        return false;
    set_mark(ring, head, now_ns);
    ring->flushed_ns = now_ns;
    atomic_store_explicit(&ring->keyframe, ring->last_key, memory_order_relaxed);
    // Release: whoever sees why nobody may start there sees which keyframe that is about.
    atomic_store_explicit(&ring->start, start_of(ring), memory_order_release);
    atomic_store_explicit(&ring->bytes, ring->bytes_so_far, memory_order_relaxed);
    // Release: whoever sees this head sees the packets below it, and their keyframe.
    atomic_store_explicit(&ring->head, ring->next, memory_order_release);
    return true;
}

// ---- readers ----

uint64_t eng_ring_keyframe(const struct eng_ring *ring)
{
    uint64_t key = atomic_load_explicit(&ring->keyframe, memory_order_relaxed);

    return key != ENG_RING_NONE && eng_ring_holds(ring, key) ? key : ENG_RING_NONE;
}

uint64_t eng_ring_start(const struct eng_ring *ring)
{
    return atomic_load_explicit(&ring->start, memory_order_acquire); // see eng_ring_flush
}

int eng_ring_read(const struct eng_ring *ring, uint64_t index, struct eng_ring_packet *out)
{
    const struct eng_ring_slot *slot;
    uint64_t place;

    if (index >= eng_ring_head(ring))
        return -EAGAIN;
    slot = slot_at(ring, index); // not before: the page may have been begun only now
    place = atomic_load_explicit(&slot->place, memory_order_relaxed);
    out->index = index;
    out->frame = atomic_load_explicit(&slot->frame, memory_order_relaxed);
    out->media_time = atomic_load_explicit(&slot->media_time, memory_order_relaxed);
    out->capture_ns = atomic_load_explicit(&slot->capture_ns, memory_order_relaxed);
    out->len = place_len(place);
    out->flags = (uint16_t)place;
    if (!eng_ring_holds(ring, index))
        return -ESTALE;
    // Only now: a slot of a page that was just begun may hold anything.
    out->payload = ring->data + place_offset(place);
    return 0;
}

bool eng_ring_holds(const struct eng_ring *ring, uint64_t index)
{
    // No read of the packet may come after the read of tail: pairs with eng_ring_reserve.
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&ring->tail, memory_order_relaxed) <= index;
}
