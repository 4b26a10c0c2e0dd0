// SPDX-License-Identifier: Apache-2.0
#include "engine/send.h"

#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/addr.h"

int eng_send_pool_init(struct eng_send_pool *pool, size_t data_size, int family)
{
    memset(pool, 0, sizeof(*pool));
    pool->data = malloc(data_size * ENG_SENDS_MAX);
    if (!pool->data)
        return -ENOMEM;
    pool->data_size = data_size;
    pool->family = family;
    // The first to be used is the first in memory, and the last put back: it is in the cache.
    for (size_t i = ENG_SENDS_MAX; i-- > 0;) {
        pool->sends[i].data = pool->data + i * data_size;
        eng_send_put(pool, &pool->sends[i]);
    }
    return 0;
}

void eng_send_pool_fini(struct eng_send_pool *pool)
{
    free(pool->data);
    pool->data = NULL;
}

struct eng_send *eng_send_get(struct eng_send_pool *pool)
{
    struct eng_send *send = pool->free;

    if (send)
        pool->free = send->next_free;
    return send;
}

void eng_send_put(struct eng_send_pool *pool, struct eng_send *send)
{
    send->viewer = NULL;
    send->next_free = pool->free;
    pool->free = send;
}

static struct cmsghdr *append(struct eng_send *send, struct cmsghdr *at, int level, int type,
                              const void *data, size_t len)
{
    at->cmsg_level = level;
    at->cmsg_type = type;
    at->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(at), data, len);
    send->msg.msg_controllen += CMSG_SPACE(len);
    return (struct cmsghdr *)(void *)((uint8_t *)at + CMSG_SPACE(len));
}

// Fixes the source address; the kernel chooses when none is given.
static struct cmsghdr *append_source(struct eng_send *send, struct cmsghdr *at,
                                     const struct eng_addr *local)
{
    struct in_pktinfo info4 = {0};
    struct in6_pktinfo info6 = {0};

    if (local->sa.sa_family == AF_INET) {
        info4.ipi_spec_dst = local->in4.sin_addr;
        return append(send, at, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
    }
    if (local->sa.sa_family == AF_INET6) {
        info6.ipi6_addr = local->in6.sin6_addr;
        info6.ipi6_ifindex = local->in6.sin6_scope_id;
        return append(send, at, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
    }
    return at;
}

void eng_send_address(const struct eng_send_pool *pool, struct eng_send *send,
                      const struct eng_tuple *tuple, size_t segment)
{
    struct cmsghdr *at = (struct cmsghdr *)(void *)send->control;
    uint16_t gso_size = (uint16_t)segment;

    assert(send->len > 0 && send->len <= pool->data_size);
    send->iov = (struct iovec){.iov_base = send->data, .iov_len = send->len};
    send->msg = (struct msghdr){
        .msg_name = &send->to,
        .msg_namelen = eng_addr_to_socket(&send->to, &tuple->remote, pool->family),
        .msg_iov = &send->iov,
        .msg_iovlen = 1,
        .msg_control = send->control,
    };
    at = append_source(send, at, &tuple->local);
    if (send->len > segment)
        append(send, at, SOL_UDP, UDP_SEGMENT, &gso_size, sizeof(gso_size));
    if (send->msg.msg_controllen == 0)
        send->msg.msg_control = NULL;
}
