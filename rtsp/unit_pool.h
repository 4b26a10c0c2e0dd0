// SPDX-License-Identifier: Apache-2.0
//
// The rooms in which access units are gathered. Belongs to one ingest thread, and all sources on it
// borrow from it: a picture mostly comes in one read, so few are being gathered at one time, and
// the room for the next one is the room of the last, which the core's cache still holds. Ingest
// thread. The struct belongs to the caller, the rooms to the heap.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rtsp/parameter_sets.h"

enum {
    // Bytes of one unit: a third of a second of a 100 Mbit/s stream.
    RTSP_UNIT_BYTES_MAX = 4 * 1024 * 1024,
    // Parts of one unit: a slice per macroblock row of an 8K picture makes 270.
    RTSP_UNIT_PARTS_MAX = 512,
    // Idle rooms that are kept: as many pictures as are begun and not yet finished at most times.
    // Where a picture ends only with the first packet of the next, its room is borrowed again at
    // once, so that such cameras need no more of them.
    RTSP_UNIT_POOL_IDLE_MAX = 8,
    // Bytes of data in a room that is kept. One that a rare larger picture has made grow is freed.
    RTSP_UNIT_POOL_BYTES_MAX = 1024 * 1024,
};

struct rtsp_unit_room {
    struct rtsp_unit_room *next; // while idle
    size_t capacity;             // of data
    struct {
        uint32_t offset; // in data
        uint32_t len;
        uint8_t set; // its kind if it is a parameter set
    } part[RTSP_UNIT_PARTS_MAX];
    // The finished unit: its own parts, and parameter sets from before it.
    struct rtsp_part view[RTSP_UNIT_PARTS_MAX + RTSP_PARAMETER_SETS_MAX];
    uint8_t data[]; // parts back to back
};

// All zero: empty.
struct rtsp_unit_pool {
    struct rtsp_unit_room *idle; // the one given back last comes first
    size_t idle_count;
    size_t borrowed;
};

// Frees the idle rooms; none may be borrowed any more.
void rtsp_unit_pool_fini(struct rtsp_unit_pool *pool);

// A room with anything in it. NULL: out of memory.
struct rtsp_unit_room *rtsp_unit_pool_borrow(struct rtsp_unit_pool *pool);

// Ends what was borrowed. The pool keeps the room or frees it.
void rtsp_unit_pool_give_back(struct rtsp_unit_pool *pool, struct rtsp_unit_room *room);

// Makes a borrowed room hold len bytes of data, up to RTSP_UNIT_BYTES_MAX. Returns the room, which
// may have moved with all that is in it. NULL: out of memory, and the room is as it was.
struct rtsp_unit_room *rtsp_unit_pool_grow(struct rtsp_unit_room *room, size_t len);
