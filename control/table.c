// SPDX-License-Identifier: Apache-2.0
#include "control/table.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum {
    ENTRIES_MAX = 1 << 24
};

int ctl_table_init(struct ctl_table *table, size_t entries, uint64_t seed)
{
    size_t chains = 1;

    assert(entries >= 1 && entries <= ENTRIES_MAX);
    while (chains < entries)
        chains *= 2;
    table->chains = calloc(chains, sizeof(*table->chains));
    if (!table->chains)
        return -ENOMEM;
    table->mask = chains - 1;
    table->seed = seed;
    return 0;
}

void ctl_table_fini(struct ctl_table *table)
{
    free(table->chains);
    table->chains = NULL;
}

// FNV-1a from a secret start, and a final mix that spreads it over all bits.
uint64_t ctl_table_hash(const struct ctl_table *table, const void *key, size_t len)
{
    const uint8_t *bytes = key;
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ table->seed;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

void ctl_table_insert(struct ctl_table *table, struct ctl_table_node *node, uint64_t hash)
{
    struct ctl_table_node **chain = &table->chains[hash & table->mask];

    node->hash = hash;
    node->next = *chain;
    *chain = node;
}

void ctl_table_remove(struct ctl_table *table, struct ctl_table_node *node)
{
    struct ctl_table_node **at = &table->chains[node->hash & table->mask];

    while (*at != node) {
        assert(*at);
        at = &(*at)->next;
    }
    *at = node->next;
    node->next = NULL;
}

struct ctl_table_node *ctl_table_first(const struct ctl_table *table, uint64_t hash)
{
    struct ctl_table_node *node = table->chains[hash & table->mask];

    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct ctl_table_node *ctl_table_next(const struct ctl_table_node *node)
{
    uint64_t hash = node->hash;

    do
        node = node->next;
    while (node && node->hash != hash);
    return (struct ctl_table_node *)node;
}
