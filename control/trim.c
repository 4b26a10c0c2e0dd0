// SPDX-License-Identifier: Apache-2.0
#include "control/trim.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>

#include <event2/event.h>

struct ctl_trim {
    struct event *timer;
    struct timeval every;
};

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    (void)ctx;
    malloc_trim(0);
}

int ctl_trim_create(struct event_base *base, unsigned every_ms, struct ctl_trim **out)
{
    struct ctl_trim *trim = calloc(1, sizeof(*trim));

    if (!trim)
        return -ENOMEM;
    trim->timer = evtimer_new(base, on_timer, trim);
    if (!trim->timer) {
        free(trim);
        return -ENOMEM;
    }
    trim->every = (struct timeval){every_ms / 1000, every_ms % 1000 * 1000L};
    *out = trim;
    return 0;
}

void ctl_trim_destroy(struct ctl_trim *trim)
{
    if (!trim)
        return;
    event_free(trim->timer);
    free(trim);
}

void ctl_trim_want(struct ctl_trim *trim)
{
    if (!evtimer_pending(trim->timer, NULL))
        evtimer_add(trim->timer, &trim->every);
}
