// SPDX-License-Identifier: Apache-2.0
//
// What is served as it was compiled in (pages.h): scripts and styles of all pages, each at the path
// of its name. Constants; any thread.
#pragma once

#include <stddef.h>

struct ctl_resource {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    const size_t *len;
};

// NULL: there is none at this path.
const struct ctl_resource *ctl_resource_find(const char *path);
