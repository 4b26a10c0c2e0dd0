// SPDX-License-Identifier: Apache-2.0
//
// What is served as it was compiled in (pages.h): the wall, the list of viewers, and scripts and
// styles of all pages. A script or style has the path of its name, the wall is at /wall, the list
// of viewers at /viewers, where the figures are (metrics.listen). Index and player are not among
// them: one is filled in (http.c), the other has the streams' paths. Constants; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum ctl_resource_side { // bits
    CTL_RESOURCE_PAGES = 1,
    CTL_RESOURCE_FIGURES = 2,
};

struct ctl_resource {
    const char *path;
    const char *content_type;
    const unsigned char *bytes;
    const size_t *len;
    unsigned sides; // where it is served
    bool is_page;   // else it is part of pages, those of other origins too
};

// NULL: there is none at this path on this side.
const struct ctl_resource *ctl_resource_find(enum ctl_resource_side side, const char *path);
