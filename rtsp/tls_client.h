// SPDX-License-Identifier: Apache-2.0
//
// What every TLS client here has in common, of a camera (tls.h) or of another program: TLS 1.2 and
// newer, without renegotiation, and whom to believe. The server is whoever has a certificate for
// its host, name or address, from a CA that this system knows. SSL_CERT_FILE and SSL_CERT_DIR
// replace those CAs, as everywhere with OpenSSL. Any thread.
#pragma once

#include <stdbool.h>

struct ssl_ctx_st;
struct ssl_st;

// Settings and CA certificates, for SSL_CTX_free(). Where there are no CAs, all certificates are
// refused. NULL: no memory.
struct ssl_ctx_st *rtsp_tls_client_create(void);

// A connection to this host begins: its certificate has to be for that, and the server is told it,
// if it is a name (RFC 6066 3). False: no memory.
bool rtsp_tls_client_expect(struct ssl_st *ssl, const char *host);
