// SPDX-License-Identifier: Apache-2.0
//
// The pool, and access units when there is no memory: the linker puts the functions below in place
// of the allocator's.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/access_unit.h"
#include "rtsp/unit_pool.h"
#include "tests/unit/rtsp_recorder.h"

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})
#define SPS                                                                                   \
    0x67, 0x64, 0x00, 0x0d, 0xac, 0xb2, 0x02, 0x83, 0xf6, 0x02, 0x20, 0x00, 0x00, 0x03, 0x00, \
        0x20, 0x00, 0x00, 0x07, 0x81, 0xe2, 0x85, 0x49
#define PPS 0x68, 0xeb, 0xc3, 0xcb, 0x22, 0xc0
#define IDR 0x65, 0x88, 0x84, 0x11
#define P   0x41, 0x9a, 0x23, 0x11

// ---- in place of the allocator ----

static bool starving;

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    return starving ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return starving ? NULL : __real_realloc(old, size);
}

// ---- the pool ----

static void test_the_last_room_comes_first(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_unit_room *a = rtsp_unit_pool_borrow(&pool);
    struct rtsp_unit_room *b = rtsp_unit_pool_borrow(&pool);

    (void)state;
    assert_ptr_not_equal(a, b);
    assert_int_equal(pool.borrowed, 2);
    rtsp_unit_pool_give_back(&pool, b);
    rtsp_unit_pool_give_back(&pool, a);
    assert_int_equal(pool.borrowed, 0);
    assert_int_equal(pool.idle_count, 2);
    assert_ptr_equal(rtsp_unit_pool_borrow(&pool), a);
    assert_ptr_equal(rtsp_unit_pool_borrow(&pool), b);
    assert_int_equal(pool.idle_count, 0);
    rtsp_unit_pool_give_back(&pool, a);
    rtsp_unit_pool_give_back(&pool, b);
    rtsp_unit_pool_fini(&pool);
    assert_null(pool.idle);
}

static void test_few_are_kept(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_unit_room *rooms[RTSP_UNIT_POOL_IDLE_MAX + 3];
    size_t count = sizeof(rooms) / sizeof(rooms[0]);

    (void)state;
    for (size_t i = 0; i < count; i++)
        rooms[i] = rtsp_unit_pool_borrow(&pool);
    for (size_t i = 0; i < count; i++)
        rtsp_unit_pool_give_back(&pool, rooms[i]);
    assert_int_equal(pool.idle_count, RTSP_UNIT_POOL_IDLE_MAX);
    for (size_t i = RTSP_UNIT_POOL_IDLE_MAX; i-- > 0;)
        assert_ptr_equal(rooms[i], rtsp_unit_pool_borrow(&pool));
    assert_null(pool.idle);
    for (size_t i = 0; i < RTSP_UNIT_POOL_IDLE_MAX; i++)
        rtsp_unit_pool_give_back(&pool, rooms[i]);
    rtsp_unit_pool_fini(&pool);
}

static void test_a_room_grows(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_unit_room *room = rtsp_unit_pool_borrow(&pool);
    size_t first = room->capacity;

    (void)state;
    memset(room->data, 0x5a, first);
    room->part[0].len = 77;
    assert_ptr_equal(rtsp_unit_pool_grow(room, first), room);
    room = rtsp_unit_pool_grow(room, RTSP_UNIT_POOL_BYTES_MAX);
    assert_int_equal(room->capacity, RTSP_UNIT_POOL_BYTES_MAX);
    assert_int_equal(room->part[0].len, 77);
    for (size_t i = 0; i < first; i++)
        assert_int_equal(room->data[i], 0x5a);
    memset(room->data, 0, room->capacity);
    rtsp_unit_pool_give_back(&pool, room);
    assert_int_equal(pool.idle_count, 1);

    // As large as a unit may be, and one that is too large to be kept.
    room = rtsp_unit_pool_grow(rtsp_unit_pool_borrow(&pool), RTSP_UNIT_BYTES_MAX);
    assert_int_equal(room->capacity, RTSP_UNIT_BYTES_MAX);
    rtsp_unit_pool_give_back(&pool, room);
    assert_int_equal(pool.idle_count, 0);
    assert_int_equal(pool.borrowed, 0);
    rtsp_unit_pool_fini(&pool);
}

static void test_no_memory_for_a_room(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_unit_room *room;

    (void)state;
    starving = true;
    assert_null(rtsp_unit_pool_borrow(&pool));
    starving = false;
    assert_int_equal(pool.borrowed, 0);
    room = rtsp_unit_pool_borrow(&pool);
    room->data[0] = 0x5a;
    starving = true;
    assert_null(rtsp_unit_pool_grow(room, RTSP_UNIT_BYTES_MAX));
    starving = false;
    assert_int_equal(room->data[0], 0x5a);
    rtsp_unit_pool_give_back(&pool, room);
    assert_int_equal(pool.idle_count, 1);
    rtsp_unit_pool_fini(&pool);
}

// ---- units without memory ----

static void take_nal(struct rtsp_access_unit *au, const uint8_t *nal, size_t len)
{
    rtsp_access_unit_part_begin(au);
    rtsp_access_unit_part_append(au, nal, len);
    rtsp_access_unit_part_end(au);
}

// One packet, and one unit of it. True: published.
static bool take_unit(struct rtsp_access_unit *au, uint32_t timestamp, const uint8_t *nal,
                      size_t len)
{
    struct rtsp_unit unit;
    bool published;

    rtsp_access_unit_open(au, timestamp);
    take_nal(au, nal, len);
    rtsp_access_unit_ends_after(au, true);
    published = rtsp_access_unit_finish(au, &unit);
    rtsp_access_unit_release(au);
    return published;
}

static void begin(struct rtsp_access_unit *au, struct rtsp_unit_pool *pool)
{
    rtsp_access_unit_init(au, pool);
    rtsp_access_unit_begin(au, &rtsp_video_h264);
    assert_int_equal(rtsp_access_unit_take_set(au, BYTES(SPS)), 0);
    assert_int_equal(rtsp_access_unit_take_set(au, BYTES(PPS)), 0);
    assert_true(take_unit(au, 0, BYTES(IDR)));
    assert_true(take_unit(au, 1, BYTES(P)));
}

static void test_no_memory_for_a_unit(void **state)
{
    struct rtsp_unit_pool pool = {0};
    struct rtsp_access_unit au;

    (void)state;
    begin(&au, &pool);
    rtsp_unit_pool_fini(&pool); // nothing idle
    starving = true;
    assert_false(take_unit(&au, 2, BYTES(P)));
    rtsp_access_unit_open(&au, 3); // as a fragment that is lost has it
    rtsp_access_unit_part_begin(&au);
    rtsp_access_unit_part_append(&au, BYTES(P));
    rtsp_access_unit_part_lost(&au, false);
    rtsp_access_unit_release(&au);
    starving = false;
    assert_int_equal(au.oversize_units, 1);
    assert_int_equal(pool.borrowed, 0);
    // What was lost may have been an IDR picture: nothing before the next one.
    assert_false(take_unit(&au, 4, BYTES(P)));
    assert_int_equal(au.dropped_units, 1);
    assert_true(take_unit(&au, 5, BYTES(IDR)));
    assert_true(take_unit(&au, 6, BYTES(P)));
    rtsp_access_unit_fini(&au);
    rtsp_unit_pool_fini(&pool);
}

static void test_no_memory_for_more_of_a_unit(void **state)
{
    static const uint8_t block[64 * 1024];
    struct rtsp_unit_pool pool = {0};
    struct rtsp_access_unit au;
    struct rtsp_unit unit;

    (void)state;
    begin(&au, &pool);
    rtsp_access_unit_open(&au, 2);
    rtsp_access_unit_part_begin(&au);
    rtsp_access_unit_part_append(&au, BYTES(P));
    starving = true;
    for (size_t len = 0; len < RTSP_UNIT_POOL_BYTES_MAX; len += sizeof(block))
        rtsp_access_unit_part_append(&au, block, sizeof(block));
    rtsp_access_unit_part_end(&au);
    assert_false(rtsp_access_unit_finish(&au, &unit));
    rtsp_access_unit_release(&au);
    starving = false;
    assert_int_equal(au.oversize_units, 1);
    assert_true(take_unit(&au, 3, BYTES(P)));
    rtsp_access_unit_fini(&au);
    rtsp_unit_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_room_comes_first),
        cmocka_unit_test(test_few_are_kept),
        cmocka_unit_test(test_a_room_grows),
        cmocka_unit_test(test_no_memory_for_a_room),
        cmocka_unit_test(test_no_memory_for_a_unit),
        cmocka_unit_test(test_no_memory_for_more_of_a_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
