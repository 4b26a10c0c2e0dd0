// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdbool.h>
#include <stdio.h>
#include <cmocka.h>

#include "rtsp/plan.h"
#include "tests/unit/rtsp_recorder.h"

enum {
    HEADER_LEN = 1, // of a NAL unit, as H.264 has it
};

struct tally {
    size_t packets;
    size_t trains;
    size_t open;
};

static void tally_packet(struct tally *t, size_t size)
{
    t->packets++;
    if (size > t->open) {
        t->trains++;
        t->open = size;
    } else if (size < t->open) {
        t->open = 0;
    }
}

static void tally_fragments(struct tally *t, size_t nal_size, size_t size)
{
    for (size_t left = nal_size - 1; left > 0;) {
        size_t part = left < size - 2 ? left : size - 2;

        tally_packet(t, part + 2);
        left -= part;
    }
}

// Lays out the plan's packets one by one and checks that it is a legal one.
static struct tally tally_plan(const struct rtsp_plan *plan, const size_t *size, size_t count,
                               size_t payload_max, size_t open)
{
    struct tally t = {.open = open};
    size_t done = 0;

    for (size_t i = 0; i < plan->groups; i++) {
        const struct rtsp_plan_group *g = &plan->group[i];
        size_t before = t.packets;

        assert_true(g->size <= payload_max);
        assert_true(done + g->nals <= count);
        if (g->packets > 1) {
            assert_int_equal(g->nals, 1);
            tally_fragments(&t, size[done], g->size);
        } else if (g->nals > 1) {
            size_t total = 1;

            for (size_t n = 0; n < g->nals; n++)
                total += 2 + size[done + n];
            assert_int_equal(total, g->size);
            tally_packet(&t, total);
        } else {
            assert_int_equal(size[done], g->size);
            tally_packet(&t, size[done]);
        }
        assert_int_equal(t.packets - before, g->packets);
        done += g->nals;
    }
    assert_int_equal(done, count);
    return t;
}

static size_t cost(const struct tally *t)
{
    return RTSP_PLAN_TRAIN_COST * t->trains + t->packets;
}

// Tries all there is. A NAL unit that must be cut may take any fragment size that needs no more
// packets than the fewest, which is more than the plan allows itself.
static size_t best_cost(const size_t *size, size_t count, size_t payload_max, struct tally t)
{
    size_t best = SIZE_MAX;
    size_t total = 1;

    if (count == 0)
        return cost(&t);
    if (size[0] > payload_max) {
        size_t n = (size[0] - 1 + payload_max - 3) / (payload_max - 2);

        for (size_t f = (size[0] - 1 + n - 1) / n + 2; f <= payload_max; f++) {
            struct tally next = t;
            size_t c;

            tally_fragments(&next, size[0], f);
            c = best_cost(size + 1, count - 1, payload_max, next);
            best = c < best ? c : best;
        }
        return best;
    }
    for (size_t n = 1; n <= count; n++) {
        struct tally next = t;
        size_t c;

        total += 2 + size[n - 1];
        if ((n == 1 ? size[0] : total) > payload_max)
            break;
        tally_packet(&next, n == 1 ? size[0] : total);
        c = best_cost(size + n, count - n, payload_max, next);
        best = c < best ? c : best;
    }
    return best;
}

static struct tally plan(const size_t *size, size_t count, size_t payload_max)
{
    static struct rtsp_plan p;
    size_t open = rtsp_plan(&p, HEADER_LEN, size, count, payload_max, 0);
    struct tally t = tally_plan(&p, size, count, payload_max, 0);

    assert_int_equal(open, t.open);
    return t;
}

static void test_one_slice_is_one_train(void **state)
{
    (void)state;
    for (size_t payload_max = 256; payload_max <= 1400; payload_max += 7) {
        for (size_t size = 1; size < 60000; size += 97) {
            struct tally t = plan(&size, 1, payload_max);

            assert_int_equal(t.trains, 1);
            if (size > payload_max)
                assert_int_equal(t.packets, (size - 1 + payload_max - 3) / (payload_max - 2));
            else
                assert_int_equal(t.packets, 1);
        }
    }
}

static void test_keyframe_is_two_trains(void **state)
{
    (void)state;
    for (size_t slice = 1200; slice < 60000; slice += 101) {
        size_t size[] = {23, 6, 700, slice}; // SPS, PPS, SEI with an encoder's name

        assert_true(plan(size, 4, 1180).trains <= 2);
    }
}

static void test_fragments_take_the_size_of_an_open_train(void **state)
{
    // 3 fragments of 1002 would do; behind a packet of 1100 they become 1100, 1100, 806.
    size_t size[] = {1100, 3001};
    struct tally t = plan(size, 2, 1180);

    (void)state;
    assert_int_equal(t.trains, 1);
    assert_int_equal(t.packets, 4);
}

static void test_tiny_units_share_a_packet(void **state)
{
    size_t size[] = {10, 500, 20, 30, 400};
    struct tally t = plan(size, 5, 1180);

    (void)state;
    assert_int_equal(t.trains, 1);
    assert_int_equal(t.packets, 1);
}

// Within the choices that the header lists, no plan is cheaper; with fragment sizes left free, next
// to none is.
static void test_against_all_plans(void **state)
{
    uint64_t seed = 42;
    size_t dearer = 0;
    size_t rounds = 3000;

    (void)state;
    for (size_t round = 0; round < rounds; round++) {
        size_t size[6];
        size_t count = random_between(&seed, 1, 6);
        bool cut = false;

        for (size_t i = 0; i < count; i++) {
            size_t most = next_random(&seed) % 8 ? 90 : 300;

            size[i] = random_between(&seed, 1, most);
            cut |= size[i] > 100;
        }
        struct tally t = plan(size, count, 100);
        size_t best = best_cost(size, count, 100, (struct tally){0});
        if (!cut)
            assert_int_equal(cost(&t), best);
        assert_true(cost(&t) >= best);
        dearer += cost(&t) > best;
    }
    assert_true(dearer < rounds / 50);
}

static void test_continues_an_open_train(void **state)
{
    static struct rtsp_plan p;
    size_t size[] = {900, 900};

    (void)state;
    assert_int_equal(rtsp_plan(&p, HEADER_LEN, size, 2, 1180, 900), 900);
    assert_int_equal(tally_plan(&p, size, 2, 1180, 900).trains, 0);
    assert_int_equal(rtsp_plan(&p, HEADER_LEN, size, 1, 1180, 1000), 0);
    assert_int_equal(tally_plan(&p, size, 1, 1180, 1000).trains, 0);
}

static void test_full_plans(void **state)
{
    uint64_t seed = 9;

    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t size[RTSP_PLAN_NALS_MAX];
        size_t most = random_between(&seed, 1, 5000);

        for (size_t i = 0; i < RTSP_PLAN_NALS_MAX; i++)
            size[i] = random_between(&seed, 1, most);
        plan(size, RTSP_PLAN_NALS_MAX, random_between(&seed, 256, 1400));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_slice_is_one_train),
        cmocka_unit_test(test_keyframe_is_two_trains),
        cmocka_unit_test(test_fragments_take_the_size_of_an_open_train),
        cmocka_unit_test(test_tiny_units_share_a_packet),
        cmocka_unit_test(test_against_all_plans),
        cmocka_unit_test(test_continues_an_open_train),
        cmocka_unit_test(test_full_plans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
