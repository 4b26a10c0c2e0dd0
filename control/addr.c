// SPDX-License-Identifier: Apache-2.0
#include "control/addr.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>

static int parse_port(const char *text, uint16_t *out)
{
    unsigned port = 0;
    size_t i;

    for (i = 0; text[i] >= '0' && text[i] <= '9' && i < 5; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    if (i == 0 || text[i] != '\0' || port == 0 || port > UINT16_MAX)
        return -EINVAL;
    *out = (uint16_t)port;
    return 0;
}

static void set_in4(struct eng_addr *out, struct in_addr host, uint16_t port)
{
    *out = (struct eng_addr){0};
    out->in4 = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr = host,
    };
}

static int set_in6(struct eng_addr *out, const char *host, uint16_t port)
{
    struct in6_addr in6;
    struct in_addr in4;

    if (inet_pton(AF_INET6, host, &in6) != 1)
        return -EINVAL;
    if (IN6_IS_ADDR_V4MAPPED(&in6)) {
        memcpy(&in4, &in6.s6_addr[12], sizeof(in4));
        set_in4(out, in4, port);
        return 0;
    }
    *out = (struct eng_addr){0};
    out->in6 = (struct sockaddr_in6){
        .sin6_family = AF_INET6,
        .sin6_port = htons(port),
        .sin6_addr = in6,
    };
    return 0;
}

int ctl_addr_parse(const char *text, struct eng_addr *out)
{
    const char *colon = strrchr(text, ':');
    char host[CTL_ADDR_TEXT_MAX];
    struct in_addr in4 = {.s_addr = htonl(INADDR_ANY)};
    uint16_t port;
    size_t len;

    if (!colon || parse_port(colon + 1, &port))
        return -EINVAL;
    len = (size_t)(colon - text);
    if (len >= sizeof(host))
        return -EINVAL;
    memcpy(host, text, len);
    host[len] = '\0';

    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        return set_in6(out, host + 1, port);
    }
    if (len > 0 && inet_pton(AF_INET, host, &in4) != 1)
        return -EINVAL;
    set_in4(out, in4, port);
    return 0;
}

const char *ctl_addr_format(const struct eng_addr *addr, char out[CTL_ADDR_TEXT_MAX])
{
    bool v6 = addr->sa.sa_family == AF_INET6;
    const void *raw = v6 ? (const void *)&addr->in6.sin6_addr : &addr->in4.sin_addr;
    char host[INET6_ADDRSTRLEN];

    assert(v6 || addr->sa.sa_family == AF_INET);
    inet_ntop(addr->sa.sa_family, raw, host, sizeof(host));
    snprintf(out, CTL_ADDR_TEXT_MAX, v6 ? "[%s]:%u" : "%s:%u", host, eng_addr_port(addr));
    return out;
}

bool ctl_addr_is_any(const struct eng_addr *addr)
{
    if (addr->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&addr->in6.sin6_addr);
    return addr->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

void ctl_addr_make_concrete(struct eng_addr *addr)
{
    uint16_t port = eng_addr_port(addr);
    struct ifaddrs *all, *i;

    if (!ctl_addr_is_any(addr))
        return;
    // IPv4 in both cases: a socket on :: takes it too, and people can read it.
    set_in4(addr, (struct in_addr){htonl(INADDR_LOOPBACK)}, port);
    if (getifaddrs(&all))
        return;
    for (i = all; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
            (i->ifa_flags & IFF_LOOPBACK))
            continue;
        memcpy(&addr->in4, i->ifa_addr, sizeof(addr->in4));
        eng_addr_set_port(addr, port);
        break;
    }
    freeifaddrs(all);
}
