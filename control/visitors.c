// SPDX-License-Identifier: Apache-2.0
#include "control/visitors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "control/bucket.h"
#include "control/random.h"
#include "control/table.h"
#include "control/visitor_key.h"
#include "engine/addr.h"

struct visitor {
    struct ctl_table_node node;
    TAILQ_ENTRY(visitor) link; // heard of last comes first
    struct ctl_bucket requests;
    struct ctl_bucket failures;
    uint8_t key[CTL_VISITOR_KEY_LEN];
    bool listed;
};

struct ctl_visitors {
    unsigned requests_per_second;
    struct ctl_visitors_stats stats;
    struct ctl_table table;
    TAILQ_HEAD(order, visitor) order;
    struct visitor all[CTL_VISITORS_MAX];
};

// False: not to be counted.
static bool make_key(const char *text, uint8_t key[CTL_VISITOR_KEY_LEN])
{
    struct sockaddr_storage address = {0};
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
    struct sockaddr_in *in4 = (struct sockaddr_in *)&address;
    char plain[INET6_ADDRSTRLEN];
    struct eng_addr addr;

    snprintf(plain, sizeof(plain), "%.*s", (int)strcspn(text, "%"), text); // without a scope
    if (inet_pton(AF_INET6, plain, &in6->sin6_addr) == 1)
        address.ss_family = AF_INET6;
    else if (inet_pton(AF_INET, plain, &in4->sin_addr) == 1)
        address.ss_family = AF_INET;
    else
        return false;
    eng_addr_from_socket(&addr, &address);
    return ctl_visitor_key(&addr, key);
}

static struct visitor *find(struct ctl_visitors *all, const uint8_t key[CTL_VISITOR_KEY_LEN],
                            uint64_t hash)
{
    struct ctl_table_node *node = ctl_table_first(&all->table, hash);

    while (node && memcmp(((struct visitor *)(void *)node)->key, key, CTL_VISITOR_KEY_LEN) != 0)
        node = ctl_table_next(node);
    return (struct visitor *)(void *)node;
}

static struct visitor *renew(struct ctl_visitors *all, const uint8_t key[CTL_VISITOR_KEY_LEN],
                             uint64_t hash)
{
    struct visitor *v = TAILQ_LAST(&all->order, order);

    if (v->listed)
        ctl_table_remove(&all->table, &v->node);
    v->listed = true;
    memcpy(v->key, key, CTL_VISITOR_KEY_LEN);
    if (all->requests_per_second > 0)
        ctl_bucket_init(&v->requests, all->requests_per_second,
                        all->requests_per_second * CTL_VISITOR_BURST_S);
    ctl_bucket_init(&v->failures, 1, CTL_VISITOR_FAILURES);
    ctl_table_insert(&all->table, &v->node, hash);
    return v;
}

// NULL: one that is not counted.
static struct visitor *look_up(struct ctl_visitors *all, const char *addr)
{
    uint8_t key[CTL_VISITOR_KEY_LEN];
    struct visitor *v;
    uint64_t hash;

    _Static_assert(offsetof(struct visitor, node) == 0, "a node is its visitor");
    if (!make_key(addr, key))
        return NULL;
    hash = ctl_table_hash(&all->table, key, sizeof(key));
    v = find(all, key, hash);
    if (!v)
        v = renew(all, key, hash);
    TAILQ_REMOVE(&all->order, v, link);
    TAILQ_INSERT_HEAD(&all->order, v, link);
    return v;
}

int ctl_visitors_create(unsigned requests_per_second, struct ctl_visitors **out)
{
    struct ctl_visitors *all = calloc(1, sizeof(*all));

    if (!all)
        return -ENOMEM;
    if (ctl_table_init(&all->table, CTL_VISITORS_MAX, ctl_random_u64())) {
        free(all);
        return -ENOMEM;
    }
    all->requests_per_second = requests_per_second;
    TAILQ_INIT(&all->order);
    for (size_t i = 0; i < CTL_VISITORS_MAX; i++)
        TAILQ_INSERT_TAIL(&all->order, &all->all[i], link);
    *out = all;
    return 0;
}

void ctl_visitors_destroy(struct ctl_visitors *all)
{
    if (!all)
        return;
    ctl_table_fini(&all->table);
    free(all);
}

bool ctl_visitors_request(struct ctl_visitors *all, const char *addr, int64_t now_ns)
{
    struct visitor *v = all->requests_per_second > 0 ? look_up(all, addr) : NULL;
    bool ok = !v || ctl_bucket_take(&v->requests, now_ns);

    if (!ok)
        all->stats.requests_refused++;
    return ok;
}

bool ctl_visitors_may_try(struct ctl_visitors *all, const char *addr, int64_t now_ns)
{
    struct visitor *v = look_up(all, addr);
    bool ok = !v || ctl_bucket_has(&v->failures, now_ns);

    if (!ok)
        all->stats.tries_refused++;
    return ok;
}

void ctl_visitors_failed(struct ctl_visitors *all, const char *addr, int64_t now_ns)
{
    struct visitor *v = look_up(all, addr);

    if (v)
        ctl_bucket_take(&v->failures, now_ns);
}

void ctl_visitors_read_stats(const struct ctl_visitors *all, struct ctl_visitors_stats *out)
{
    *out = all->stats;
}
