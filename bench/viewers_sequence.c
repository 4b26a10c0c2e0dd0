// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_sequence.h"

#include <string.h>

enum {
    HALF = 0x8000
};

static uint64_t bit(int64_t index)
{
    return UINT64_C(1) << ((uint64_t)index % 64);
}

static uint64_t *word(struct viewers_sequence *s, int64_t index)
{
    return &s->seen[(uint64_t)index % VIEWERS_SEQUENCE_WINDOW / 64];
}

int64_t viewers_sequence_index(const struct viewers_sequence *s, uint16_t seq)
{
    if (!s->started)
        return seq;
    // The nearest to the newest one: up to 32,767 ahead, up to 32,768 behind.
    uint16_t ahead = (uint16_t)(seq - (uint16_t)s->newest);
    return ahead < HALF ? s->newest + ahead : s->newest + ahead - 2 * HALF;
}

// Makes room for what lies between the newest one and index.
static void advance(struct viewers_sequence *s, int64_t index)
{
    if (index - s->newest >= VIEWERS_SEQUENCE_WINDOW) {
        memset(s->seen, 0, sizeof(s->seen));
    } else {
        for (int64_t i = s->newest + 1; i <= index; i++)
            *word(s, i) &= ~bit(i);
    }
    s->newest = index;
}

enum viewers_arrival viewers_sequence_take(struct viewers_sequence *s, int64_t index,
                                           uint32_t *missing)
{
    *missing = 0;
    if (!s->started) {
        s->started = true;
        s->first = index;
        s->newest = index;
        *word(s, index) |= bit(index);
        return VIEWERS_NEXT;
    }
    if (index > s->newest) {
        *missing = (uint32_t)(index - s->newest - 1);
        advance(s, index);
        *word(s, index) |= bit(index);
        return VIEWERS_NEXT;
    }
    if (index < s->first || s->newest - index >= VIEWERS_SEQUENCE_WINDOW)
        return VIEWERS_TOO_LATE;
    if (*word(s, index) & bit(index))
        return VIEWERS_DUPLICATE;
    *word(s, index) |= bit(index);
    return VIEWERS_LATE;
}
