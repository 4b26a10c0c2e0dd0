// SPDX-License-Identifier: Apache-2.0
//
// One RTSP connection: answers requests (RFC 2326) and plays one stream, into the same socket or
// over UDP. Event loop's thread only. Frees itself when the other side closes or talks nonsense.
#pragma once

struct source_client;
struct source_server;

// Takes the socket, which is closed in any case. Joins server->clients.
int source_client_create(struct source_server *server, int fd);
void source_client_destroy(struct source_client *client);
