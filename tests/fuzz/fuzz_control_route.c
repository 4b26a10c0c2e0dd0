// SPDX-License-Identifier: Apache-2.0
//
// The path of an HTTP request. Input: the path.
#include "control/name.h"
#include "control/route.h"
#include "input.h"

// What stands behind the name (and before the id); NULL: the route has no name.
static const char *tail_of(enum ctl_route_kind kind)
{
    switch (kind) {
    case CTL_ROUTE_PLAYER_BARE:
        return "";
    case CTL_ROUTE_PLAYER:
        return "/";
    case CTL_ROUTE_WHEP:
        return "/whep";
    case CTL_ROUTE_WHEP_SESSION:
        return "/whep/";
    default:
        return NULL;
    }
}

// Put together again, its parts are the path.
static void check_parts(const struct ctl_route *route, const char *path)
{
    const char *tail = tail_of(route->kind);
    size_t tail_len = strlen(tail);

    assert(route->name == path + 1);
    assert(1 + route->name_len + tail_len + route->id_len == strlen(path));
    assert(memcmp(path + 1 + route->name_len, tail, tail_len) == 0);
    assert(route->id_len == 0 || route->id == path + 1 + route->name_len + tail_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *path = input_text((struct input){data, len});
    struct ctl_route route = ctl_route_parse(path);

    if (tail_of(route.kind)) {
        check_parts(&route, path);
    } else {
        assert(!route.name && !route.id);
        assert((route.kind == CTL_ROUTE_NONE) == (path[0] != '/'));
    }
    // A stream's name leads to its own pages.
    if (path[0] == '/' && !ctl_name_fault(path + 1) && strcmp(path, "/api/streams") != 0)
        assert(route.kind == CTL_ROUTE_PLAYER_BARE && route.name_len == strlen(path + 1));
    free(path);
    return 0;
}
