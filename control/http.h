// SPDX-License-Identifier: Apache-2.0
//
// The HTTP server (libevent's evhttp): routes, limits and deadlines; HTTPS where http.tls names a
// certificate, but for the metrics. Control thread.
//
//     http listen      /                index of the streams        pages.h
//                      /wall, /*.js ... wall, scripts, styles       resource.h
//                      /<path>/         player                      pages.h
//                      /<path>/whep     WHEP endpoint               whep.h
//                      /<path>/whep/ID  WHEP session                whep.h
//     metrics listen   /metrics         Prometheus text             metrics.h
//                      /viewers         each viewer                 resource.h
//                      /api/viewers     the same as JSON            viewers_json.h
#pragma once

#include <stddef.h>

#include "control/config.h"
#include "control/sessions.h"
#include "control/streams.h"

struct ctl_relay;
struct event_base;
struct ctl_http;

struct ctl_http_config {
    const struct ctl_config *config;
    struct eng_engine *engine;
    struct ctl_streams *streams;
    struct ctl_sessions *sessions;
    const struct ctl_relay *relay; // NULL: none
};

// Binds both listeners. -errno with one line in error[] ("file:line: ..." form) when a port is in
// use or not ours.
int ctl_http_create(struct event_base *base, const struct ctl_http_config *config,
                    struct ctl_http **out, char *error, size_t error_size);

// There are news of the stream, for requests that wait for it.
void ctl_http_news(struct ctl_http *http, struct ctl_stream *stream);

// Takes no further requests; running answers go out, and those that wait are given.
void ctl_http_stop(struct ctl_http *http);
void ctl_http_destroy(struct ctl_http *http);
