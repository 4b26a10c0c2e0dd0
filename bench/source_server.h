// SPDX-License-Identifier: Apache-2.0
//
// The cameras' RTSP server: one listening socket, one connection per client, any of the streams to
// any of them (RFC 2326; RTP interleaved in the connection or over UDP). Event loop's thread only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "bench/source_stream.h"
#include "bench/source_transport.h"
#include "bench/source_udp.h"

struct evconnlistener;
struct source_client;

// Connections at one time: every stream pulled by a few clients. One more is closed at once.
enum {
    SOURCE_CLIENTS_MAX = 4096
};

struct source_server {
    struct event_base *base;       // the owner's
    const struct bench_clip *clip; // the owner's
    struct source_stream *streams; // the owner's
    size_t stream_count;
    bool served[SOURCE_TRANSPORTS];
    struct source_udp udp; // where UDP is served
    struct evconnlistener *listener;
    LIST_HEAD(, source_client) clients;
    size_t client_count;
};

// Base, clip, streams and what is served are set. Listens; *address gets the real port where it
// asks for port 0.
int source_server_init(struct source_server *server, struct sockaddr_storage *address,
                       socklen_t address_len);

// Closes all connections.
void source_server_fini(struct source_server *server);

// NULL: no stream of that name.
struct source_stream *source_server_find(const struct source_server *server, const char *name);
