// SPDX-License-Identifier: Apache-2.0
#include "control/netlink.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <event2/event.h>

struct ctl_netlink {
    int fd;
    struct event *readable;
    void (*changed)(void *ctx);
    void *ctx;
};

// The messages are not read: that there is one, or that there were too many (ENOBUFS), says enough.
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct ctl_netlink *netlink = arg;
    char message[256];

    (void)what;
    while (recv(fd, message, sizeof(message), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
        continue;
    netlink->changed(netlink->ctx);
}

static int open_socket(void)
{
    struct sockaddr_nl groups = {
        .nl_family = AF_NETLINK,
        .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR,
    };
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) != 0) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    return fd;
}

int ctl_netlink_create(struct event_base *base, void (*changed)(void *ctx), void *ctx,
                       struct ctl_netlink **out)
{
    struct ctl_netlink *netlink = calloc(1, sizeof(*netlink));
    int rc;

    if (!netlink)
        return -ENOMEM;
    netlink->changed = changed;
    netlink->ctx = ctx;
    netlink->fd = open_socket();
    if (netlink->fd < 0) {
        rc = netlink->fd;
        free(netlink);
        return rc;
    }
    netlink->readable = event_new(base, netlink->fd, EV_READ | EV_PERSIST, on_readable, netlink);
    if (!netlink->readable || event_add(netlink->readable, NULL)) {
        ctl_netlink_destroy(netlink);
        return -ENOMEM;
    }
    *out = netlink;
    return 0;
}

void ctl_netlink_destroy(struct ctl_netlink *netlink)
{
    if (!netlink)
        return;
    if (netlink->readable)
        event_free(netlink->readable);
    close(netlink->fd);
    free(netlink);
}
