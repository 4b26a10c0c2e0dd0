// SPDX-License-Identifier: Apache-2.0
#include "control/request.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <event2/http.h>

const char *ctl_request_peer(struct evhttp_request *req)
{
    struct evhttp_connection *evcon = evhttp_request_get_connection(req);
    char *peer = NULL;
    ev_uint16_t port;

    if (evcon)
        evhttp_connection_get_peer(evcon, &peer, &port);
    return peer ? peer : "";
}

bool ctl_request_is_local(struct evhttp_request *req)
{
    const char *peer = ctl_request_peer(req);

    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
           strncasecmp(peer, "::ffff:127.", 11) == 0;
}

bool ctl_request_changes(struct evhttp_request *req)
{
    enum evhttp_cmd_type method = evhttp_request_get_command(req);

    return (method & (EVHTTP_REQ_POST | EVHTTP_REQ_PATCH | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE)) !=
           0;
}
