// SPDX-License-Identifier: Apache-2.0
#include "control/file_watch.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <event2/event.h>

// What differs between two versions of a file. All zero: it is not there.
struct look {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
};

struct ctl_file_watch {
    struct event *timer;
    const char *path[CTL_FILE_WATCH_MAX];
    size_t count;
    struct look known[CTL_FILE_WATCH_MAX];
    struct look last[CTL_FILE_WATCH_MAX];
    void (*changed)(void *ctx);
    void *ctx;
};

static void look_at(const char *path, struct look *out)
{
    struct stat st;

    memset(out, 0, sizeof(*out)); // padding too: looks are compared as bytes
    if (stat(path, &st) != 0)
        return;
    out->device = st.st_dev;
    out->inode = st.st_ino;
    out->size = st.st_size;
    out->changed = st.st_ctim;
}

static void look(struct ctl_file_watch *watch, struct look out[CTL_FILE_WATCH_MAX])
{
    memset(out, 0, sizeof(watch->known));
    for (size_t i = 0; i < watch->count; i++)
        look_at(watch->path[i], &out[i]);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_file_watch *watch = ctx;
    struct look now[CTL_FILE_WATCH_MAX];
    bool settled;

    (void)fd;
    (void)what;
    look(watch, now);
    settled = memcmp(now, watch->last, sizeof(now)) == 0;
    memcpy(watch->last, now, sizeof(now));
    if (!settled || memcmp(now, watch->known, sizeof(now)) == 0)
        return;
    memcpy(watch->known, now, sizeof(now));
    watch->changed(watch->ctx);
}

int ctl_file_watch_create(struct event_base *base, const char *const *paths, size_t count,
                          void (*changed)(void *ctx), void *ctx, struct ctl_file_watch **out)
{
    const struct timeval interval = {.tv_sec = 1};
    struct ctl_file_watch *watch = calloc(1, sizeof(*watch));

    assert(count <= CTL_FILE_WATCH_MAX);
    if (!watch)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        watch->path[i] = paths[i];
    watch->count = count;
    watch->changed = changed;
    watch->ctx = ctx;
    look(watch, watch->known);
    memcpy(watch->last, watch->known, sizeof(watch->last));
    watch->timer = event_new(base, -1, EV_PERSIST, on_timer, watch);
    if (!watch->timer || event_add(watch->timer, &interval)) {
        ctl_file_watch_destroy(watch);
        return -ENOMEM;
    }
    *out = watch;
    return 0;
}

void ctl_file_watch_destroy(struct ctl_file_watch *watch)
{
    if (!watch)
        return;
    if (watch->timer)
        event_free(watch->timer);
    free(watch);
}
