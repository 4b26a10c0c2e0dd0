// SPDX-License-Identifier: Apache-2.0
//
// What is served as it was compiled in (pages.h): the wall, and scripts and styles of all pages. A
// script or style has the path of its name, the wall is at /wall. Index and player are not among
// them: one is filled in (http.c), the other has the streams' paths. Constants; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ctl_resource {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    const size_t *len;
    bool is_page; // else it is part of pages, those of other origins too
};

// NULL: there is none at this path.
const struct ctl_resource *ctl_resource_find(const char *path);
