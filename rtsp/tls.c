// SPDX-License-Identifier: Apache-2.0
#include "rtsp/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/tls_client.h"

struct rtsp_tls {
    SSL *ssl;
    struct rtsp_fingerprint expected;
    char where[80]; // host and port, for messages
    bool shaken;    // the handshake is over; OpenSSL forgets that when it fails later
    bool wants_to_write;
    int failure; // -errno, which stays
    char error[RTSP_TLS_ERROR_MAX];
};

__attribute__((format(printf, 2, 3))) static int fail(struct rtsp_tls *tls, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(tls->error, sizeof(tls->error), format, args);
    va_end(args);
    tls->failure = -EPROTO;
    return tls->failure;
}

// ---- whom to believe ----

// OpenSSL asks here once it has the camera's certificate; 1: go on. Whether the camera has its key
// is for the handshake to find out, afterwards.
static int judge(X509_STORE_CTX *store, void *unused)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct rtsp_tls *tls = SSL_get_app_data(ssl);
    struct rtsp_fingerprint shown;
    char text[RTSP_FINGERPRINT_TEXT];

    (void)unused;
    if (X509_digest(X509_STORE_CTX_get0_cert(store), EVP_sha256(), shown.sha256, NULL) != 1)
        return 0;
    rtsp_fingerprint_format(&shown, text);
    if (tls->expected.set) {
        if (memcmp(shown.sha256, tls->expected.sha256, sizeof(shown.sha256)) == 0)
            return 1;
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        fail(tls,
             "%s has another certificate than the configuration says; if it was renewed, set "
             "fingerprint = \"%s\"",
             tls->where, text);
        return 0;
    }
    if (X509_verify_cert(store) == 1)
        return 1;
    fail(tls, "certificate of %s: %s; if it is the camera's own, set fingerprint = \"%s\"",
         tls->where, X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)), text);
    return 0;
}

// ---- settings ----

static int load(struct rtsp_tls_context *context)
{
    SSL_CTX *ssl = rtsp_tls_client_create();

    if (!ssl)
        return -ENOMEM;
    // What is unsent may grow, and move with that, before it is tried again.
    SSL_CTX_set_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Otherwise each record takes two system calls, and many cameras make one of each packet.
    SSL_CTX_set_read_ahead(ssl, 1);
    // Fingerprints do without CAs.
    SSL_CTX_set_cert_verify_callback(ssl, judge, NULL);
    context->ssl = ssl;
    return 0;
}

void rtsp_tls_context_fini(struct rtsp_tls_context *context)
{
    SSL_CTX_free(context->ssl);
    context->ssl = NULL;
}

int rtsp_tls_create(const struct rtsp_trust *trust, const struct rtsp_url *url, int fd,
                    struct rtsp_tls **out)
{
    struct rtsp_tls *tls = calloc(1, sizeof(*tls));

    if (!tls)
        return -ENOMEM;
    if (!trust->context->ssl && load(trust->context) < 0)
        goto fail;
    tls->expected = trust->fingerprint;
    snprintf(tls->where, sizeof(tls->where), "%.64s:%u", url->host, url->port);
    tls->ssl = SSL_new(trust->context->ssl);
    if (!tls->ssl || SSL_set_fd(tls->ssl, fd) != 1 || !rtsp_tls_client_expect(tls->ssl, url->host))
        goto fail;
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_connect_state(tls->ssl);
    *out = tls;
    return 0;
fail:
    ERR_clear_error();
    rtsp_tls_destroy(tls);
    return -ENOMEM;
}

void rtsp_tls_destroy(struct rtsp_tls *tls)
{
    if (!tls)
        return;
    if (tls->ssl && rtsp_tls_is_open(tls))
        SSL_shutdown(tls->ssl);
    SSL_free(tls->ssl);
    ERR_clear_error();
    free(tls);
}

// ---- bytes ----

bool rtsp_tls_wants_to_write(const struct rtsp_tls *tls)
{
    return tls->wants_to_write;
}

bool rtsp_tls_is_open(const struct rtsp_tls *tls)
{
    return tls->shaken && tls->failure == 0;
}

const char *rtsp_tls_error(const struct rtsp_tls *tls)
{
    return tls->error;
}

// OpenSSL has given up. judge() may have said why.
static int explain(struct rtsp_tls *tls)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);

    if (tls->error[0])
        return -EPROTO;
    if (!reason)
        reason = "unknown error";
    if (tls->shaken)
        return fail(tls, "TLS with %s broke: %s; check the network", tls->where, reason);
    if (ERR_GET_REASON(error) == SSL_R_WRONG_VERSION_NUMBER)
        return fail(tls, "%s does not answer with TLS; is this its port for rtsps?", tls->where);
    return fail(tls, "TLS with %s failed: %s; can it do TLS 1.2 or newer?", tls->where, reason);
}

// What became of an OpenSSL call that returned rc.
static ssize_t conclude(struct rtsp_tls *tls, int rc)
{
    int saved = errno;
    int what = SSL_get_error(tls->ssl, rc);

    tls->wants_to_write = what == SSL_ERROR_WANT_WRITE;
    switch (what) {
    case SSL_ERROR_NONE:
        return rc;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
        if (!tls->shaken)
            return fail(tls, "%s hangs up on TLS; is this its port for rtsps?", tls->where);
        tls->failure = what == SSL_ERROR_SYSCALL && saved ? -saved : 0;
        return tls->failure;
    default:
        return explain(tls);
    }
}

// Goes on with the handshake. 1: it is over; otherwise as rtsp_tls_read().
static ssize_t begin(struct rtsp_tls *tls)
{
    ssize_t rc = 1;

    // SSL_get_error() would take what other calls of this thread have left for its own.
    ERR_clear_error();
    errno = 0;
    if (tls->failure < 0)
        return tls->failure;
    if (!tls->shaken)
        rc = conclude(tls, SSL_do_handshake(tls->ssl));
    tls->shaken = rc == 1;
    return rc;
}

static int clamp(size_t len)
{
    return len < INT32_MAX ? (int)len : INT32_MAX;
}

ssize_t rtsp_tls_read(struct rtsp_tls *tls, uint8_t *data, size_t size)
{
    ssize_t rc = begin(tls);

    return rc <= 0 ? rc : conclude(tls, SSL_read(tls->ssl, data, clamp(size)));
}

ssize_t rtsp_tls_write(struct rtsp_tls *tls, const uint8_t *data, size_t len)
{
    ssize_t rc = begin(tls);

    if (rc <= 0 || len == 0)
        return rc < 0 ? rc : 0;
    return conclude(tls, SSL_write(tls->ssl, data, clamp(len)));
}
