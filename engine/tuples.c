// SPDX-License-Identifier: Apache-2.0
#include "engine/tuples.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int eng_tuples_init(struct eng_tuples *table, size_t limit, uint64_t seed)
{
    assert(limit > 0 && (limit & (limit - 1)) == 0);
    table->entries = calloc(2 * limit, sizeof(*table->entries));
    table->mask = 2 * limit - 1;
    table->count = 0;
    table->limit = limit;
    table->seed = seed | 1;
    return table->entries ? 0 : -ENOMEM;
}

void eng_tuples_fini(struct eng_tuples *table)
{
    free(table->entries);
    table->entries = NULL;
}

static uint64_t mix(uint64_t h, uint64_t value)
{
    h = (h ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 32;
}

static uint64_t mix_addr(uint64_t h, const struct eng_addr *a)
{
    uint64_t words[2];

    h = mix(h, eng_addr_port(a));
    if (a->sa.sa_family != AF_INET6)
        return mix(h, a->in4.sin_addr.s_addr);
    memcpy(words, &a->in6.sin6_addr, sizeof(words));
    return mix(mix(h, words[0]), words[1]);
}

static size_t home_of(const struct eng_tuples *table, const struct eng_tuple *tuple)
{
    return mix_addr(mix_addr(table->seed, &tuple->remote), &tuple->local) & table->mask;
}

// Where the tuple stands, or the free place where it would.
static size_t place_of(const struct eng_tuples *table, const struct eng_tuple *tuple)
{
    size_t i = home_of(table, tuple);

    while (table->entries[i] && !eng_tuple_equal(table->entries[i], tuple))
        i = (i + 1) & table->mask;
    return i;
}

struct eng_tuple *eng_tuples_find(const struct eng_tuples *table, const struct eng_tuple *tuple)
{
    return table->entries[place_of(table, tuple)];
}

int eng_tuples_add(struct eng_tuples *table, struct eng_tuple *tuple)
{
    size_t i = place_of(table, tuple);

    if (table->entries[i])
        return -EEXIST;
    if (table->count == table->limit)
        return -ENOSPC;
    table->entries[i] = tuple;
    table->count++;
    return 0;
}

void eng_tuples_remove(struct eng_tuples *table, const struct eng_tuple *tuple)
{
    size_t hole = place_of(table, tuple);

    if (table->entries[hole] != tuple)
        return;
    // Move up what the hole would hide: entries that probed past it.
    for (size_t i = (hole + 1) & table->mask; table->entries[i]; i = (i + 1) & table->mask) {
        size_t home = home_of(table, table->entries[i]);

        if (((i - home) & table->mask) < ((i - hole) & table->mask))
            continue;
        table->entries[hole] = table->entries[i];
        hole = i;
    }
    table->entries[hole] = NULL;
    table->count--;
}
