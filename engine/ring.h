// SPDX-License-Identifier: Apache-2.0
//
// The packet ring of one track: plaintext payloads in one block of bytes, and a descriptor each.
//
// One writer (the ingest thread), any number of readers (the workers), no lock. A packet's index
// counts from 0 and never wraps. Readable are [tail, head): the writer moves tail before it
// overwrites, and head when a batch is complete. A reader that was overtaken notices:
//
//     eng_ring_read(ring, index, &packet);  // descriptor and a pointer into the ring
//     ... read packet.payload ...
//     if (!eng_ring_holds(ring, index))     // overwritten meanwhile: forget what was read
//
// That is a sequence lock whose sequence is the tail.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"

struct eng_ring_slot {
    _Atomic int64_t media_time;
    _Atomic int64_t capture_ns;
    _Atomic uint64_t frame;
    _Atomic uint64_t place; // offset << 32 | len << 16 | flags
};

struct eng_ring {
    uint8_t *data;
    size_t size; // bytes of data
    struct eng_ring_slot *slots;
    uint64_t mask; // slots - 1

    // The writer's own.
    uint64_t next;         // index that the next commit gets
    uint64_t frame;        // number of the frame being written, from 1
    uint64_t last_key;     // index of the last keyframe's first packet
    size_t write_offset;   // where the next payload goes
    size_t reserved;       // bytes reserved at write_offset
    uint64_t bytes_so_far; // payload bytes committed

    // Shared.
    _Alignas(64) _Atomic uint64_t head;
    _Atomic uint64_t keyframe; // first packet of the newest keyframe, ENG_RING_NONE: none yet
    _Atomic uint64_t bytes;
    _Alignas(64) _Atomic uint64_t tail;
};

#define ENG_RING_NONE UINT64_MAX

struct eng_ring_packet {
    const uint8_t *payload;
    uint64_t index;
    uint64_t frame; // frames of the track count from 1
    int64_t media_time;
    int64_t capture_ns;
    uint16_t len;
    uint16_t flags;
};

// size: payload bytes, at least 2 * ENG_PAYLOAD_MAX, at most 4 GiB. packets: a power of two.
int eng_ring_init(struct eng_ring *ring, size_t size, size_t packets);
void eng_ring_fini(struct eng_ring *ring);

// The writer's side; see publish.h.
uint8_t *eng_ring_reserve(struct eng_ring *ring, size_t len);
void eng_ring_commit(struct eng_ring *ring, const struct eng_packet *packet);
bool eng_ring_flush(struct eng_ring *ring); // false: nothing new

// Readers, any thread.
static inline uint64_t eng_ring_head(const struct eng_ring *ring)
{
    // Acquire: pairs with the release in eng_ring_flush; what lies below head is written.
    return atomic_load_explicit(&ring->head, memory_order_acquire);
}

// Index of the newest keyframe that is still in the ring, ENG_RING_NONE: none.
uint64_t eng_ring_keyframe(const struct eng_ring *ring);

// 0, -EAGAIN (index is not written yet) or -ESTALE (overwritten).
int eng_ring_read(const struct eng_ring *ring, uint64_t index, struct eng_ring_packet *out);

// Packet index has not been overwritten up to now.
bool eng_ring_holds(const struct eng_ring *ring, uint64_t index);
