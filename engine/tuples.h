// SPDX-License-Identifier: Apache-2.0
//
// A worker's table from 5-tuple to whatever embeds it (its viewers). Worker thread. Open addressing
// with linear probing in a table that is never more than half full; allocates at init only.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

struct eng_tuples {
    struct eng_tuple **entries;
    size_t mask;
    size_t count;
    size_t limit;  // entries accepted: half of the table
    uint64_t seed; // random: nobody can choose addresses that collide
};

// limit: most entries, a power of two.
int eng_tuples_init(struct eng_tuples *table, size_t limit, uint64_t seed);
void eng_tuples_fini(struct eng_tuples *table);

// The stored pointer, which lies inside its owner; NULL: unknown.
struct eng_tuple *eng_tuples_find(const struct eng_tuples *table, const struct eng_tuple *tuple);

// The tuple must not change while stored. 0, -EEXIST or -ENOSPC.
int eng_tuples_add(struct eng_tuples *table, struct eng_tuple *tuple);

// Does nothing when this very pointer is not stored.
void eng_tuples_remove(struct eng_tuples *table, const struct eng_tuple *tuple);
