// SPDX-License-Identifier: Apache-2.0
#include "control/route.h"

#include <stdbool.h>
#include <string.h>

static bool ends_with(const char *s, size_t len, const char *tail)
{
    size_t tail_len = strlen(tail);

    return len >= tail_len && memcmp(s + len - tail_len, tail, tail_len) == 0;
}

// "<name>/whep/<id>": no name has "whep" as a segment.
static bool split_session(struct ctl_route *route, const char *s, size_t len)
{
    static const char infix[] = "/whep/";
    const char *at = strstr(s, infix);

    if (!at)
        return false;
    route->kind = CTL_ROUTE_WHEP_SESSION;
    route->name_len = (size_t)(at - s);
    route->id = at + strlen(infix);
    route->id_len = len - route->name_len - strlen(infix);
    return true;
}

struct ctl_route ctl_route_parse(const char *path)
{
    struct ctl_route route = {.kind = CTL_ROUTE_NONE};
    size_t len;

    if (path[0] != '/')
        return route;
    route.resource = ctl_resource_find(CTL_RESOURCE_PAGES, path);
    if (route.resource) {
        route.kind = CTL_ROUTE_RESOURCE;
        return route;
    }
    path++;
    len = strlen(path);
    if (len == 0) {
        route.kind = CTL_ROUTE_INDEX;
        return route;
    }
    if (strcmp(path, "api/streams") == 0) {
        route.kind = CTL_ROUTE_STREAMS;
        return route;
    }
    route.name = path;
    if (split_session(&route, path, len))
        return route;
    if (ends_with(path, len, "/whep")) {
        route.kind = CTL_ROUTE_WHEP;
        route.name_len = len - strlen("/whep");
    } else if (path[len - 1] == '/') {
        route.kind = CTL_ROUTE_PLAYER;
        route.name_len = len - 1;
    } else {
        route.kind = CTL_ROUTE_PLAYER_BARE;
        route.name_len = len;
    }
    return route;
}
