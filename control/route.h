// SPDX-License-Identifier: Apache-2.0
//
// What a request path means. Plain functions on the caller's memory; no heap, any thread.
//
//     /                  index            /<name>            redirect to /<name>/
//     /api/streams       JSON             /<name>/           player
//     /wall, /page.css   resource.h       /<name>/whep       WHEP endpoint
//                                         /<name>/whep/<id>  WHEP session
//
// Whether there is such a stream is for the caller to see. Names are matched byte by byte: they
// consist of characters that nobody has to percent-encode (name.h), so an encoded one is unknown.
#pragma once

#include <stddef.h>

#include "control/resource.h"

enum ctl_route_kind {
    CTL_ROUTE_NONE, // no path that could lead anywhere
    CTL_ROUTE_INDEX,
    CTL_ROUTE_STREAMS,
    CTL_ROUTE_RESOURCE,
    CTL_ROUTE_PLAYER_BARE,
    CTL_ROUTE_PLAYER,
    CTL_ROUTE_WHEP,
    CTL_ROUTE_WHEP_SESSION,
};

struct ctl_route {
    enum ctl_route_kind kind;
    const struct ctl_resource *resource; // RESOURCE
    const char *name;                    // into the path, name_len bytes: PLAYER_BARE and below
    size_t name_len;
    const char *id; // into the path, id_len bytes: WHEP_SESSION
    size_t id_len;
};

// path: NUL-terminated, without query.
struct ctl_route ctl_route_parse(const char *path);
