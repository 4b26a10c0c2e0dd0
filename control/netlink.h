// SPDX-License-Identifier: Apache-2.0
//
// Says when addresses or links of this machine have changed (rtnetlink(7)); what they are then is
// for the caller to read. Control thread.
#pragma once

struct event_base;
struct ctl_netlink;

// changed: once for all that has happened since the last time. 0 or -errno: the kernel or a
// container does not let us listen.
int ctl_netlink_create(struct event_base *base, void (*changed)(void *ctx), void *ctx,
                       struct ctl_netlink **out);
void ctl_netlink_destroy(struct ctl_netlink *netlink); // NULL does no harm
