// SPDX-License-Identifier: Apache-2.0
//
// HTTP requests whose answer waits for their stream: until it is live, until it cannot be soon, or
// until on_demand_start_timeout seconds are over. Each holds its stream, so that one that is on
// demand starts. A client that goes away meanwhile is forgotten. Control thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/streams.h"

struct event_base;
struct evhttp_request;
struct ctl_waiting;

enum {
    // Half of the HTTP connections that there are: who does not wait gets through.
    CTL_WAITING_MAX = 256,
};

struct ctl_waiting_times {
    int64_t came_ns;  // when the request came
    int64_t until_ns; // when its sender's permission ends, INT64_MAX: never
};

// answer: sends the request's answer and returns true, or returns false: it waits on. last: it
// cannot wait any longer. 0 or -ENOMEM.
int ctl_waiting_create(struct event_base *base,
                       bool (*answer)(void *ctx, struct ctl_stream *stream,
                                      struct evhttp_request *req,
                                      const struct ctl_waiting_times *times, bool last),
                       void *ctx, struct ctl_waiting **out);

// times are handed to answer. False: CTL_WAITING_MAX requests wait already, or memory is out; the
// request is still the caller's.
bool ctl_waiting_add(struct ctl_waiting *waiting, struct ctl_stream *stream,
                     struct evhttp_request *req, const struct ctl_waiting_times *times);

// There are news of the stream: asks for the answers of all that wait for it.
void ctl_waiting_look(struct ctl_waiting *waiting, const struct ctl_stream *stream);

// Has all answered that wait, for the last time.
void ctl_waiting_end(struct ctl_waiting *waiting);

// Forgets those that wait; before evhttp_free(). NULL does no harm.
void ctl_waiting_destroy(struct ctl_waiting *waiting);
