// SPDX-License-Identifier: Apache-2.0
#include "control/candidates.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>

#include "control/addr.h"
#include "control/clock.h"
#include "control/hosts.h"
#include "control/log.h"
#include "control/netlink.h"

// Reading the interfaces costs tens of microseconds, as much as the rest of an answer.
static const int64_t READ_AGAIN_NS = 5 * CTL_NS_PER_SECOND;

static bool from_sockaddr(const struct sockaddr *sa, uint16_t port, struct eng_addr *out)
{
    memset(out, 0, sizeof(*out));
    if (sa->sa_family == AF_INET)
        out->in4 = *(const struct sockaddr_in *)sa;
    else if (sa->sa_family == AF_INET6)
        out->in6 = *(const struct sockaddr_in6 *)sa;
    else
        return false;
    eng_addr_set_port(out, port);
    return true;
}

static bool is_loopback(const struct eng_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
    return ntohl(a->in4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool is_link_local(const struct eng_addr *a)
{
    return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr);
}

static void add(struct ctl_candidates *candidates, const struct eng_addr *addr)
{
    for (size_t i = 0; i < candidates->count; i++)
        if (eng_addr_equal(&candidates->addr[i], addr))
            return;
    if (candidates->count < WRTC_CANDIDATES_MAX)
        candidates->addr[candidates->count++] = *addr;
}

static void add_interfaces(struct ctl_candidates *candidates, const struct ifaddrs *list,
                           sa_family_t family, bool loopback)
{
    const unsigned wanted = IFF_UP | IFF_RUNNING;

    for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
        struct eng_addr addr;

        if (!i->ifa_addr || i->ifa_addr->sa_family != family || (i->ifa_flags & wanted) != wanted)
            continue;
        if (!from_sockaddr(i->ifa_addr, eng_addr_port(&candidates->listen), &addr))
            continue;
        if (is_loopback(&addr) == loopback && !is_link_local(&addr))
            add(candidates, &addr);
    }
}

void ctl_candidates_read(struct ctl_candidates *candidates, const struct ifaddrs *list)
{
    bool ipv6 = candidates->listen.sa.sa_family == AF_INET6;
    size_t routable;

    candidates->count = 0;
    candidates->loopbacks = 0;
    for (size_t i = 0; i < candidates->extra_count; i++)
        add(candidates, &candidates->extra[i]);
    if (!ctl_addr_is_any(&candidates->listen)) {
        add(candidates, &candidates->listen);
        return;
    }
    add_interfaces(candidates, list, AF_INET, false);
    if (ipv6)
        add_interfaces(candidates, list, AF_INET6, false);
    routable = candidates->count;
    add_interfaces(candidates, list, AF_INET, true);
    if (ipv6)
        add_interfaces(candidates, list, AF_INET6, true);
    candidates->loopbacks = candidates->count - routable;
}

static void read_all(struct ctl_candidates *candidates, int64_t now_ns)
{
    const size_t max = sizeof(candidates->extra) / sizeof(candidates->extra[0]);
    struct ifaddrs *list = NULL;

    candidates->extra_count = ctl_hosts_get(candidates->hosts, candidates->extra, max);
    // Where the interfaces cannot be read, the hosts that are configured still stand.
    if (getifaddrs(&list) != 0)
        ctl_log(CTL_LOG_WARN, "candidates", "cannot list the network interfaces: %s",
                strerror(errno));
    ctl_candidates_read(candidates, list);
    if (list)
        freeifaddrs(list);
    candidates->read_ns = now_ns;
}

size_t ctl_candidates_get(struct ctl_candidates *candidates, bool with_loopback, int64_t now_ns,
                          struct eng_addr out[WRTC_CANDIDATES_MAX])
{
    size_t count;

    if (!candidates->read_ns ||
        (!candidates->netlink && now_ns - candidates->read_ns > READ_AGAIN_NS))
        read_all(candidates, now_ns);
    count = candidates->count;
    if (!with_loopback && count > candidates->loopbacks)
        count -= candidates->loopbacks;
    memcpy(out, candidates->addr, count * sizeof(*out));
    return count;
}

static void on_change(void *ctx)
{
    struct ctl_candidates *candidates = ctx;

    candidates->read_ns = 0;
}

int ctl_candidates_init(struct ctl_candidates *candidates, struct event_base *base,
                        const struct ctl_config *config, uint16_t port)
{
    int rc;

    memset(candidates, 0, sizeof(*candidates));
    candidates->listen = config->webrtc_listen;
    eng_addr_set_port(&candidates->listen, port);
    rc = ctl_hosts_create(base, config->additional_hosts, config->additional_host_count, port,
                          on_change, candidates, &candidates->hosts);
    if (rc != 0)
        return rc;
    rc = ctl_netlink_create(base, on_change, candidates, &candidates->netlink);
    if (rc != 0)
        ctl_log(CTL_LOG_WARN, "candidates",
                "the kernel does not say when addresses change (%s): looking each 5 s",
                strerror(-rc));
    return 0;
}

void ctl_candidates_stop(struct ctl_candidates *candidates)
{
    ctl_hosts_stop(candidates->hosts);
}

void ctl_candidates_fini(struct ctl_candidates *candidates)
{
    ctl_netlink_destroy(candidates->netlink);
    ctl_hosts_destroy(candidates->hosts);
}
