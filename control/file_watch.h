// SPDX-License-Identifier: Apache-2.0
//
// Notices that files have changed, by looking at their times once a second: on any file system, and
// whether they are written or replaced. A change counts once they have been left alone for a
// second, so that nobody reads half of one. Control thread.
#pragma once

#include <stddef.h>

struct event_base;
struct ctl_file_watch;

enum {
    CTL_FILE_WATCH_MAX = 2, // files that belong together, such as a certificate and its key
};

// paths stay the caller's, and valid. changed is called from the loop. 0 or -ENOMEM.
int ctl_file_watch_create(struct event_base *base, const char *const *paths, size_t count,
                          void (*changed)(void *ctx), void *ctx, struct ctl_file_watch **out);
void ctl_file_watch_destroy(struct ctl_file_watch *watch);
