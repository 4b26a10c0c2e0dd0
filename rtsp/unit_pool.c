// SPDX-License-Identifier: Apache-2.0
#include "rtsp/unit_pool.h"

#include <assert.h>
#include <stdlib.h>

// What most streams never outgrow.
enum {
    CAPACITY_FIRST = 256 * 1024
};

void rtsp_unit_pool_fini(struct rtsp_unit_pool *pool)
{
    assert(pool->borrowed == 0);
    while (pool->idle) {
        struct rtsp_unit_room *room = pool->idle;

        pool->idle = room->next;
        free(room);
    }
    pool->idle_count = 0;
}

struct rtsp_unit_room *rtsp_unit_pool_borrow(struct rtsp_unit_pool *pool)
{
    struct rtsp_unit_room *room = pool->idle;

    if (room) {
        pool->idle = room->next;
        pool->idle_count--;
    } else {
        room = malloc(sizeof(*room) + CAPACITY_FIRST);
        if (!room)
            return NULL;
        room->capacity = CAPACITY_FIRST;
    }
    pool->borrowed++;
    return room;
}

void rtsp_unit_pool_give_back(struct rtsp_unit_pool *pool, struct rtsp_unit_room *room)
{
    assert(pool->borrowed > 0);
    pool->borrowed--;
    if (pool->idle_count == RTSP_UNIT_POOL_IDLE_MAX || room->capacity > RTSP_UNIT_POOL_BYTES_MAX) {
        free(room);
        return;
    }
    room->next = pool->idle;
    pool->idle = room;
    pool->idle_count++;
}

struct rtsp_unit_room *rtsp_unit_pool_grow(struct rtsp_unit_room *room, size_t len)
{
    size_t capacity = room->capacity;

    assert(len <= RTSP_UNIT_BYTES_MAX);
    while (capacity < len)
        capacity *= 2;
    if (capacity == room->capacity)
        return room;
    room = realloc(room, sizeof(*room) + capacity);
    if (room)
        room->capacity = capacity;
    return room;
}
