// SPDX-License-Identifier: Apache-2.0
#include "control/hosts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>

#include "control/config.h"
#include "control/log.h"

struct host {
    struct ctl_hosts *all;
    const char *name;
    bool is_name; // to be looked up, not an address
    bool looking_up;
    bool failed; // the last time
    struct eng_addr addr[CTL_HOST_ADDRESSES_MAX];
    size_t count;
};

struct ctl_hosts {
    struct event_base *base;
    struct evdns_base *dns; // of this round; NULL: none has begun, or stopped
    struct event *timer;    // NULL: stopped
    uint16_t port;
    void (*changed)(void *ctx);
    void *ctx;
    size_t count;
    struct host host[CTL_HOSTS_MAX];
};

static bool holds(const struct host *host, const struct eng_addr *addr, size_t count)
{
    if (count != host->count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!eng_addr_equal(&host->addr[i], &addr[i]))
            return false;
    return true;
}

// Whether the host has other addresses than before.
static bool take(struct host *host, const struct evutil_addrinfo *list)
{
    struct eng_addr found[CTL_HOST_ADDRESSES_MAX] = {0};
    size_t n = 0;

    for (const struct evutil_addrinfo *i = list; i && n < CTL_HOST_ADDRESSES_MAX; i = i->ai_next) {
        if (i->ai_family == AF_INET)
            memcpy(&found[n].in4, i->ai_addr, sizeof(found[n].in4));
        else if (i->ai_family == AF_INET6)
            memcpy(&found[n].in6, i->ai_addr, sizeof(found[n].in6));
        else
            continue;
        eng_addr_set_port(&found[n++], host->all->port);
    }
    if (holds(host, found, n))
        return false;
    memcpy(host->addr, found, sizeof(found));
    host->count = n;
    return true;
}

static void on_found(int error, struct evutil_addrinfo *list, void *ctx)
{
    struct host *host = ctx;

    host->looking_up = false;
    if (error == 0) {
        host->failed = false;
        if (take(host, list))
            host->all->changed(host->all->ctx);
    } else if (!host->failed && host->all->timer) {
        host->failed = true;
        ctl_log(CTL_LOG_WARN, "candidates",
                "additional host %s cannot be looked up: %s; %s; trying again each minute",
                host->name, evutil_gai_strerror(error),
                host->count > 0 ? "it keeps its address" : "it is left out");
    }
    if (list)
        evutil_freeaddrinfo(list);
}

static bool is_busy(const struct ctl_hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++)
        if (hosts->host[i].looking_up)
            return true;
    return false;
}

// Each round reads resolv.conf and /etc/hosts anew.
static void begin_round(struct ctl_hosts *hosts)
{
    const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM};

    if (hosts->dns)
        evdns_base_free(hosts->dns, 0);
    hosts->dns = evdns_base_new(hosts->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (!hosts->dns)
        return;
    evdns_base_resolv_conf_parse(hosts->dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    for (size_t i = 0; i < hosts->count; i++) {
        struct host *host = &hosts->host[i];

        if (!host->is_name)
            continue;
        host->looking_up = true;
        evdns_getaddrinfo(hosts->dns, host->name, NULL, &hints, on_found, host);
    }
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    const struct timeval again = {.tv_sec = CTL_HOSTS_AGAIN_S};
    struct ctl_hosts *hosts = ctx;

    (void)fd;
    (void)what;
    evtimer_add(hosts->timer, &again);
    if (!is_busy(hosts))
        begin_round(hosts);
}

static bool add_host(struct ctl_hosts *hosts, const char *name)
{
    const struct evutil_addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = EVUTIL_AI_NUMERICHOST};
    struct host *host = &hosts->host[hosts->count++];
    struct evutil_addrinfo *list = NULL;

    host->all = hosts;
    host->name = name;
    host->is_name = evutil_getaddrinfo(name, NULL, &hints, &list) != 0;
    if (list) {
        take(host, list);
        evutil_freeaddrinfo(list);
    }
    return host->is_name;
}

int ctl_hosts_create(struct event_base *base, char *const *names, size_t count, uint16_t port,
                     void (*changed)(void *ctx), void *ctx, struct ctl_hosts **out)
{
    struct ctl_hosts *hosts = calloc(1, sizeof(*hosts));
    bool any = false;

    if (!hosts)
        return -ENOMEM;
    hosts->base = base;
    hosts->port = port;
    hosts->changed = changed;
    hosts->ctx = ctx;
    hosts->timer = evtimer_new(base, on_timer, hosts);
    if (!hosts->timer) {
        free(hosts);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        any |= add_host(hosts, names[i]);
    if (any)
        evtimer_add(hosts->timer, &(struct timeval){0});
    *out = hosts;
    return 0;
}

size_t ctl_hosts_get(const struct ctl_hosts *hosts, struct eng_addr *out, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < hosts->count; i++)
        for (size_t k = 0; k < hosts->host[i].count && n < max; k++)
            out[n++] = hosts->host[i].addr[k];
    return n;
}

void ctl_hosts_stop(struct ctl_hosts *hosts)
{
    if (hosts->timer)
        event_free(hosts->timer);
    hosts->timer = NULL;
    if (hosts->dns)
        evdns_base_free(hosts->dns, 1);
    hosts->dns = NULL;
}

void ctl_hosts_destroy(struct ctl_hosts *hosts)
{
    if (!hosts)
        return;
    ctl_hosts_stop(hosts);
    free(hosts);
}
