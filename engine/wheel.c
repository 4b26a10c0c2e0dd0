// SPDX-License-Identifier: Apache-2.0
#include "engine/wheel.h"

#include <assert.h>
#include <string.h>

static unsigned slot_of(int64_t ms)
{
    return (unsigned)((uint64_t)ms % ENG_WHEEL_SLOTS);
}

void eng_wheel_init(struct eng_wheel *wheel, int64_t now_ms)
{
    memset(wheel, 0, sizeof(*wheel));
    wheel->now_ms = now_ms;
}

static void mark(struct eng_wheel *wheel, unsigned slot, bool used)
{
    uint64_t bit = UINT64_C(1) << (slot % 64);

    if (used)
        wheel->used[slot / 64] |= bit;
    else
        wheel->used[slot / 64] &= ~bit;
}

void eng_wheel_disarm(struct eng_wheel *wheel, struct eng_timer *timer)
{
    if (!timer->link)
        return;
    *timer->link = timer->next;
    if (timer->next)
        timer->next->link = timer->link;
    timer->link = NULL;
    if (!wheel->slots[timer->slot])
        mark(wheel, timer->slot, false);
}

void eng_wheel_arm(struct eng_wheel *wheel, struct eng_timer *timer, unsigned delay_ms)
{
    struct eng_timer **head;

    assert(delay_ms >= 1 && delay_ms <= ENG_WHEEL_DELAY_MAX_MS);
    eng_wheel_disarm(wheel, timer);
    timer->slot = slot_of(wheel->now_ms + delay_ms);
    head = &wheel->slots[timer->slot];
    timer->next = *head;
    timer->link = head;
    if (timer->next)
        timer->next->link = &timer->next;
    *head = timer;
    mark(wheel, timer->slot, true);
}

int eng_wheel_next_ms(const struct eng_wheel *wheel)
{
    unsigned start = slot_of(wheel->now_ms);

    // Bit by bit inside a word, word by word where a word is empty.
    for (unsigned delay = 0; delay < ENG_WHEEL_SLOTS;) {
        unsigned slot = (start + delay) % ENG_WHEEL_SLOTS;
        uint64_t left = wheel->used[slot / 64] >> (slot % 64);

        if (left)
            return (int)(delay + (unsigned)__builtin_ctzll(left));
        delay += 64 - slot % 64;
    }
    return -1;
}

struct eng_timer *eng_wheel_expire(struct eng_wheel *wheel, int64_t now_ms)
{
    for (;;) {
        struct eng_timer *timer = wheel->slots[slot_of(wheel->now_ms)];
        int next;

        if (timer) {
            eng_wheel_disarm(wheel, timer);
            return timer;
        }
        next = eng_wheel_next_ms(wheel);
        if (next < 0 || wheel->now_ms + next > now_ms) {
            if (now_ms > wheel->now_ms)
                wheel->now_ms = now_ms;
            return NULL;
        }
        wheel->now_ms += next;
    }
}
