// SPDX-License-Identifier: Apache-2.0
//
// From a host and a port to a connected TCP socket, on an event_base and without blocking it:
// name lookup (the name servers of /etc/resolv.conf, and /etc/hosts), then each address in turn.
// Ingest thread. A name is looked up anew by each dial, so that cameras may move.
#pragma once

#include <stdint.h>

#include "rtsp/life.h"

struct event_base;
struct rtsp_dial;

enum {
    RTSP_DIAL_MS = 5000,        // for the lookup, and again for each address
    RTSP_DIAL_ADDRESSES_MAX = 4 // tried of one name: two families on two interfaces
};

// done is called once, from the event loop, never from rtsp_dial_start(): with a connected,
// non-blocking socket (TCP_NODELAY is set) that is the callee's now, or with -errno for fd
// (-ENOENT: the lookup found nothing) and one line that says what, where and what to do. 0 or
// -ENOMEM.
int rtsp_dial_start(struct event_base *base, const char *host, uint16_t port,
                    void (*done)(void *ctx, int fd, const char *error), void *ctx,
                    struct rtsp_dial **out);

// What such an -errno means for a source.
enum rtsp_cause rtsp_dial_cause(int rc);

// Ends it: done is not called any more. May be called from done, and with NULL. What belongs to a
// lookup under way is freed by the event loop's next turn.
void rtsp_dial_destroy(struct rtsp_dial *dial);
