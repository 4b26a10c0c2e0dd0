// SPDX-License-Identifier: Apache-2.0
#include "control/http_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "control/file_watch.h"
#include "control/log.h"

struct ctl_http_tls {
    struct event_base *base;
    const char *cert, *key;
    SSL_CTX *ssl;
    struct ctl_file_watch *watch;
};

// A key with a passphrase is not taken: nobody is there to type it.
static int no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return -1;
}

static int fail(char error[CTL_HTTP_TLS_ERROR_MAX], const char *path, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    snprintf(error, CTL_HTTP_TLS_ERROR_MAX, "%s %s (%s)", path, what,
             reason ? reason : "no reason given");
    ERR_clear_error();
    return -EINVAL;
}

static int load_files(SSL_CTX *ssl, const char *cert, const char *key,
                      char error[CTL_HTTP_TLS_ERROR_MAX])
{
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(ssl, cert) != 1)
        return fail(error, cert, "cannot be read as a certificate in PEM");
    if (SSL_CTX_use_PrivateKey_file(ssl, key, SSL_FILETYPE_PEM) != 1)
        return fail(error, key,
                    "cannot be read as the certificate's key in PEM, without passphrase");
    return SSL_CTX_check_private_key(ssl) == 1
               ? 0
               : fail(error, key, "is not the key of the certificate");
}

static int load(const char *cert, const char *key, SSL_CTX **out,
                char error[CTL_HTTP_TLS_ERROR_MAX])
{
    SSL_CTX *ssl = SSL_CTX_new(TLS_server_method());
    int rc;

    if (!ssl || SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(ssl);
        snprintf(error, CTL_HTTP_TLS_ERROR_MAX, "%s: out of memory", cert);
        return -ENOMEM;
    }
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    rc = load_files(ssl, cert, key, error);
    if (rc != 0)
        SSL_CTX_free(ssl);
    else
        *out = ssl;
    return rc;
}

int ctl_http_tls_check(const char *cert, const char *key, char error[CTL_HTTP_TLS_ERROR_MAX])
{
    SSL_CTX *ssl;
    int rc = load(cert, key, &ssl, error);

    if (rc == 0)
        SSL_CTX_free(ssl);
    return rc;
}

static void on_changed(void *ctx)
{
    struct ctl_http_tls *tls = ctx;
    char error[CTL_HTTP_TLS_ERROR_MAX];
    SSL_CTX *ssl;

    if (load(tls->cert, tls->key, &ssl, error) != 0) {
        ctl_log(CTL_LOG_ERROR, "http", "%s; the certificate that it had stays in use", error);
        return;
    }
    // Connections hold a reference to the one they were accepted with.
    SSL_CTX_free(tls->ssl);
    tls->ssl = ssl;
    ctl_log(CTL_LOG_INFO, "http", "%s was read again", tls->cert);
}

int ctl_http_tls_create(struct event_base *base, const char *cert, const char *key,
                        struct ctl_http_tls **out, char error[CTL_HTTP_TLS_ERROR_MAX])
{
    const char *paths[] = {cert, key};
    struct ctl_http_tls *tls = calloc(1, sizeof(*tls));
    int rc;

    snprintf(error, CTL_HTTP_TLS_ERROR_MAX, "%s: out of memory", cert);
    if (!tls)
        return -ENOMEM;
    tls->base = base;
    tls->cert = cert;
    tls->key = key;
    rc = load(cert, key, &tls->ssl, error);
    if (rc == 0)
        rc = ctl_file_watch_create(base, paths, 2, on_changed, tls, &tls->watch);
    if (rc != 0) {
        ctl_http_tls_destroy(tls);
        return rc;
    }
    *out = tls;
    return 0;
}

struct bufferevent *ctl_http_tls_accept(struct ctl_http_tls *tls)
{
    SSL *ssl = SSL_new(tls->ssl);
    struct bufferevent *bev = NULL;

    if (ssl)
        bev = bufferevent_openssl_socket_new(tls->base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                             BEV_OPT_CLOSE_ON_FREE);
    if (!bev)
        SSL_free(ssl);
    return bev;
}

void ctl_http_tls_destroy(struct ctl_http_tls *tls)
{
    if (!tls)
        return;
    ctl_file_watch_destroy(tls->watch);
    SSL_CTX_free(tls->ssl);
    free(tls);
}
