// SPDX-License-Identifier: Apache-2.0
//
// HTTPS: a certificate and its key, and TLS 1.2 or newer for connections that are accepted. Both
// files are read again when they change, for connections to come; if the new ones are no good, the
// old ones stay. Control thread.
#pragma once

#include <stddef.h>

struct bufferevent;
struct event_base;
struct ctl_http_tls;

enum {
    CTL_HTTP_TLS_ERROR_MAX = 256,
};

// What is wrong with the files, in words with the name of the one; 0: nothing. -EINVAL, -ENOMEM.
int ctl_http_tls_check(const char *cert, const char *key, char error[CTL_HTTP_TLS_ERROR_MAX]);

// cert: PEM, the server's own certificate first and then those of its CAs; key: PEM, without
// passphrase. Both texts stay valid. 0, or -errno with what is wrong.
int ctl_http_tls_create(struct event_base *base, const char *cert, const char *key,
                        struct ctl_http_tls **out, char error[CTL_HTTP_TLS_ERROR_MAX]);

// For a connection whose socket is set later; the handshake comes first. NULL: memory is out.
struct bufferevent *ctl_http_tls_accept(struct ctl_http_tls *tls);

// Connections may outlive it. NULL does no harm.
void ctl_http_tls_destroy(struct ctl_http_tls *tls);
