// SPDX-License-Identifier: Apache-2.0
//
// A hash table of nodes that live inside the caller's structs: no allocation after init, a fixed
// number of chains. The hash is seeded at random, so that whoever chooses keys (a 5-tuple) cannot
// choose the chain. Several nodes may have the same hash: the caller compares the keys. One thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct ctl_table_node {
    struct ctl_table_node *next;
    uint64_t hash;
};

struct ctl_table {
    struct ctl_table_node **chains;
    size_t mask;
    uint64_t seed;
};

// Sized for about `entries` nodes (1 to 2^24). 0 or -ENOMEM.
int ctl_table_init(struct ctl_table *table, size_t entries, uint64_t seed);

// Does not touch the nodes that are left.
void ctl_table_fini(struct ctl_table *table);

uint64_t ctl_table_hash(const struct ctl_table *table, const void *key, size_t len);

void ctl_table_insert(struct ctl_table *table, struct ctl_table_node *node, uint64_t hash);

// The node must be in the table.
void ctl_table_remove(struct ctl_table *table, struct ctl_table_node *node);

// The nodes with this hash, one after the other; NULL: no (further) one.
struct ctl_table_node *ctl_table_first(const struct ctl_table *table, uint64_t hash);
struct ctl_table_node *ctl_table_next(const struct ctl_table_node *node);
