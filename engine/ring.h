// SPDX-License-Identifier: Apache-2.0
//
// The packet ring of one track: plaintext payloads in blocks of bytes, and a descriptor each, in
// pages.
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
//
// Memory follows the stream: all is reserved, but a block or page is not touched before the others
// (circle.h) are full of packets that are wanted. Those are
//     - what was published within the last second (ENG_RING_TAIL_NS): for readers that are late,
//       and for resends, as no viewer's round trip is believed to be longer;
//     - all from the newest keyframe on, unless it was captured more than gop_ns before the newest
//       packet: viewers start there.
// What is older than a keyframe is not wanted for longer: a viewer that started at the one before
// can do without what it lost of it, as it has the new one. Capture goes by this machine's clock:
// when that is set, the keyframe at hand counts as old.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/circle.h"
#include "engine/publish.h"

enum {
    ENG_RING_PAGE = 32, // descriptors
    ENG_RING_MARKS = 5,
};

#define ENG_RING_TAIL_NS INT64_C(1000000000)
// Nanoseconds between two marks at least: so the oldest is always more than a second old.
#define ENG_RING_MARK_NS (ENG_RING_TAIL_NS / (ENG_RING_MARKS - 1))

// In place of an index:
#define ENG_RING_NONE     UINT64_MAX       // no keyframe yet
#define ENG_RING_OLD      (UINT64_MAX - 1) // it is older than gop_ns
#define ENG_RING_OUTGROWN (UINT64_MAX - 2) // what followed it needed its room

struct eng_ring_config {
    size_t size;    // payload bytes, at most 4 GiB; of two blocks or more
    size_t block;   // payload bytes, at least ENG_PAYLOAD_MAX
    size_t packets; // a power of two, at least two pages
    int64_t gop_ns; // 0: readers start at the next keyframe
};

struct eng_ring_slot {
    _Atomic int64_t media_time;
    _Atomic int64_t capture_ns;
    _Atomic uint64_t frame;
    _Atomic uint64_t place; // offset << 32 | len << 16 | flags
};

// Packets from this index on were published at this time or later, those below it before.
struct eng_ring_mark {
    uint64_t index;
    int64_t at_ns;
};

struct eng_ring {
    // Set once.
    uint8_t *data;
    struct eng_ring_slot *slots; // page after page
    _Atomic uint32_t *pages;     // where descriptors lie: index / ENG_RING_PAGE & page_mask
    uint64_t page_mask;
    size_t size; // bytes of data
    size_t block;
    int64_t gop_ns;

    // The writer's own.
    _Alignas(64) uint64_t next; // index that the next commit gets
    uint64_t frame;             // number of the frame being written, from 1
    uint64_t last_key;          // index of the last keyframe's first packet, or ENG_RING_NONE
    int64_t last_key_ns;        // its time of capture
    int64_t newest_ns;          // that of the last packet
    int64_t flushed_ns;         // when the last batch was published
    unsigned mark;              // the newest of marks
    struct eng_ring_mark marks[ENG_RING_MARKS];
    size_t write_offset;   // where the next payload goes
    size_t reserved;       // bytes reserved at write_offset
    uint64_t bytes_so_far; // payload bytes committed
    struct eng_circle payload_blocks;
    struct eng_circle slot_pages;

    // Shared.
    _Alignas(64) _Atomic uint64_t head;
    _Atomic uint64_t keyframe; // first packet of the newest keyframe, or ENG_RING_NONE
    _Atomic uint64_t start;    // that packet again, or why nobody may start there any more
    _Atomic uint64_t bytes;
    _Alignas(64) _Atomic uint64_t tail;
};

struct eng_ring_packet {
    const uint8_t *payload;
    uint64_t index;
    uint64_t frame; // frames of the track count from 1
    int64_t media_time;
    int64_t capture_ns;
    uint16_t len;
    uint16_t flags;
};

// 0 or -ENOMEM.
int eng_ring_init(struct eng_ring *ring, const struct eng_ring_config *config);
void eng_ring_fini(struct eng_ring *ring);

// The writer's side; see publish.h.
uint8_t *eng_ring_reserve(struct eng_ring *ring, size_t len);
void eng_ring_commit(struct eng_ring *ring, const struct eng_packet *packet);
bool eng_ring_flush(struct eng_ring *ring, int64_t now_ns); // false: nothing new

// Readers, any thread.
static inline uint64_t eng_ring_head(const struct eng_ring *ring)
{
    // Acquire: pairs with the release in eng_ring_flush; what lies below head is written.
    return atomic_load_explicit(&ring->head, memory_order_acquire);
}

// Index of the newest keyframe that is still in the ring, whatever its age; ENG_RING_NONE: none.
uint64_t eng_ring_keyframe(const struct eng_ring *ring);

// Index of the newest keyframe, for a reader that came after it. ENG_RING_NONE, _OLD or _OUTGROWN:
// it has to wait for the next.
uint64_t eng_ring_start(const struct eng_ring *ring);

// 0, -EAGAIN (index is not written yet) or -ESTALE (overwritten).
int eng_ring_read(const struct eng_ring *ring, uint64_t index, struct eng_ring_packet *out);

// Packet index has not been overwritten up to now.
bool eng_ring_holds(const struct eng_ring *ring, uint64_t index);
