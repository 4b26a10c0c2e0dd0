// SPDX-License-Identifier: Apache-2.0
//
// TLS to a camera (RFC 7826 19.2) over a connected, non-blocking socket: the handshake, whom to
// take for the camera, and bytes in and out. Ingest thread. Over OpenSSL directly and not by
// libevent's bufferevent, which copies all that comes once more, into a buffer of its own.
//
// With a fingerprint the camera is whoever holds the key of that very certificate, whatever stands
// in it: cameras sign their own, and most forget to renew them. Without one it is whom tls_client.h
// believes to be the URL's host.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rtsp/fingerprint.h"
#include "rtsp/url.h"

struct ssl_ctx_st;
struct rtsp_tls;

enum {
    RTSP_TLS_ERROR_MAX = 256, // one line with a host and a fingerprint in it, bytes with the NUL
};

// What the connections of a thread share: settings and CA certificates. All zero: not loaded yet,
// which the first connection does. Outlives them.
struct rtsp_tls_context {
    struct ssl_ctx_st *ssl;
};

void rtsp_tls_context_fini(struct rtsp_tls_context *context);

// Whom a source takes for its camera.
struct rtsp_trust {
    struct rtsp_tls_context *context; // of the thread
    struct rtsp_fingerprint fingerprint;
};

// The socket stays the caller's, and outlives it. The URL says whom to expect. Nothing is sent
// before the first read or write. 0 or -ENOMEM.
int rtsp_tls_create(const struct rtsp_trust *trust, const struct rtsp_url *url, int fd,
                    struct rtsp_tls **out);

// Both go on with the handshake first, and so does a write of no bytes. They return the number of
// bytes (0: the camera has closed the connection, or nothing was to be written); -EAGAIN: not
// before the socket is readable, or writable where rtsp_tls_wants_to_write() says so; -EPROTO:
// rtsp_tls_error() says why; or another -errno. After all but -EAGAIN it is of no more use.
ssize_t rtsp_tls_read(struct rtsp_tls *tls, uint8_t *data, size_t size);
ssize_t rtsp_tls_write(struct rtsp_tls *tls, const uint8_t *data, size_t len);

bool rtsp_tls_wants_to_write(const struct rtsp_tls *tls);

// The handshake is over, and the camera is who it should be.
bool rtsp_tls_is_open(const struct rtsp_tls *tls);

// One line: what, where, what to do; of a certificate that was refused also its fingerprint. Empty:
// nothing was wrong.
const char *rtsp_tls_error(const struct rtsp_tls *tls);

// Says goodbye (close_notify) if the socket takes it at once, and frees. NULL does no harm.
void rtsp_tls_destroy(struct rtsp_tls *tls);
