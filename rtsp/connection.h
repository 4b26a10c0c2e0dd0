// SPDX-License-Identifier: Apache-2.0
//
// A TCP connection to a camera on an event_base, with TLS in it if the URL is one of rtsps. Ingest
// thread. One system call for each time that bytes have come, and no copy of them: with 64 cameras
// that is 5,000 times a second.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rtsp/life.h"
#include "rtsp/tls.h"
#include "rtsp/url.h"

struct event_base;
struct rtsp_connection;

enum {
    RTSP_CONNECTION_READ_MAX = 64 * 1024, // bytes taken at once: one keyframe of most cameras
    // Unsent bytes; a camera that asks and never reads is not served for ever.
    RTSP_CONNECTION_UNSENT_MAX = 64 * 1024,
    RTSP_CONNECTION_TLS_MS = 5000, // for the handshake; slow cameras take a second
};

// Called from the event loop. Each may destroy the connection; on_end has to, sooner or later.
struct rtsp_connection_owner {
    // Bytes that came. They are gone when it returns.
    void (*on_bytes)(void *ctx, const uint8_t *data, size_t len);
    // Nothing comes or goes any more. error: one line that says what, where and what to do. Called
    // once.
    void (*on_end)(void *ctx, enum rtsp_cause cause, const char *error);
    void *ctx;
};

// Takes over fd, a non-blocking socket that is connected to the URL's host: it is closed with the
// connection, and also if there is none. trust is used for rtsps alone. 0 or -ENOMEM.
int rtsp_connection_create(struct event_base *base, int fd, const struct rtsp_url *url,
                           const struct rtsp_trust *trust,
                           const struct rtsp_connection_owner *owner, struct rtsp_connection **out);

// Copies the bytes; they leave from the event loop, after the handshake. 0, -ENOBUFS:
// RTSP_CONNECTION_UNSENT_MAX would be passed, or -ENOMEM.
int rtsp_connection_send(struct rtsp_connection *connection, const uint8_t *data, size_t len);

// Bytes of those that have not left yet.
size_t rtsp_connection_unsent(const struct rtsp_connection *connection);

// Closes at once; what is unsent is lost. NULL does no harm.
void rtsp_connection_destroy(struct rtsp_connection *connection);
