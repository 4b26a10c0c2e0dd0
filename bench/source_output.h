// SPDX-License-Identifier: Apache-2.0
//
// Bytes out to a TCP socket that never blocks: what the socket does not take at once waits here
// and follows as soon as it does. Event loop's thread only. Embedded by its owner, who bounds what
// waits by asking for the backlog before sending more.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct event;
struct event_base;
struct evbuffer;

struct source_output {
    int fd; // the owner's
    struct evbuffer *pending;
    struct event *writable;
};

int source_output_init(struct source_output *output, struct event_base *base, int fd);
void source_output_fini(struct source_output *output);

// In order, all of it or, when the connection is broken, nothing: it is then shut down, so that the
// owner's read event sees its end.
void source_output_send(struct source_output *output, const void *data, size_t len);

// Bytes that wait because the socket's own buffer is full.
size_t source_output_backlog(const struct source_output *output);
