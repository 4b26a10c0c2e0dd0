// SPDX-License-Identifier: Apache-2.0
#include "bench/source_server.h"

#include <errno.h>
#include <event2/listener.h>
#include <string.h>
#include <unistd.h>

#include "bench/source_client.h"

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int address_len, void *ctx)
{
    struct source_server *server = ctx;
    (void)listener;
    (void)address;
    (void)address_len;

    if (server->client_count >= SOURCE_CLIENTS_MAX)
        close(fd);
    else
        source_client_create(server, fd);
}

int source_server_init(struct source_server *server, struct sockaddr_storage *address,
                       socklen_t address_len)
{
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;

    LIST_INIT(&server->clients);
    server->listener = evconnlistener_new_bind(server->base, on_accept, server, flags, SOMAXCONN,
                                               (struct sockaddr *)address, (int)address_len);
    if (server->listener == NULL)
        return -errno;
    int fd = evconnlistener_get_fd(server->listener), rc = 0;
    if (getsockname(fd, (struct sockaddr *)address, &address_len) < 0)
        rc = -errno;
    else if (server->served[SOURCE_TRANSPORT_UDP])
        rc = source_udp_init(&server->udp, address, address_len);
    if (rc < 0)
        evconnlistener_free(server->listener);
    return rc;
}

void source_server_fini(struct source_server *server)
{
    evconnlistener_free(server->listener);
    while (!LIST_EMPTY(&server->clients))
        source_client_destroy(LIST_FIRST(&server->clients));
    if (server->served[SOURCE_TRANSPORT_UDP])
        source_udp_fini(&server->udp);
}

struct source_stream *source_server_find(const struct source_server *server, const char *name)
{
    for (size_t i = 0; i < server->stream_count; i++) {
        if (strcmp(server->streams[i].name, name) == 0)
            return &server->streams[i];
    }
    return NULL;
}
