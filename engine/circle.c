// SPDX-License-Identifier: Apache-2.0
#include "engine/circle.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int eng_circle_init(struct eng_circle *circle, size_t count)
{
    assert(count > 0 && count <= UINT32_MAX);
    *circle = (struct eng_circle){
        .parts = malloc(count * sizeof(*circle->parts)),
        .count = (uint32_t)count,
        .used = 1,
    };
    if (!circle->parts)
        return -ENOMEM;
    circle->parts[0] = (struct eng_circle_part){0};
    return 0;
}

void eng_circle_fini(struct eng_circle *circle)
{
    free(circle->parts);
    *circle = (struct eng_circle){0};
}

uint64_t eng_circle_turn(struct eng_circle *circle, uint64_t wanted)
{
    struct eng_circle_part *last = &circle->parts[circle->current];

    if (circle->parts[last->next].end > wanted && circle->used < circle->count) {
        uint32_t fresh = circle->used++;

        circle->parts[fresh] = (struct eng_circle_part){.next = last->next};
        last->next = fresh;
    }
    circle->current = last->next;
    return circle->parts[circle->current].end;
}
