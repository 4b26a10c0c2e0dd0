// SPDX-License-Identifier: Apache-2.0
//
// A TLS server in memory, for a socket whose other end a client holds: bytes move when the test
// says so, as many at once as it likes. And certificates to show.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtsp/fingerprint.h"

// ---- certificates ----

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static inline void add_extension(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

// names: "DNS:cam,IP:127.0.0.1"; NULL: it is a CA. ca NULL: signed by itself. Good for one day up
// to days from now.
static inline struct identity make_identity(const char *names, const struct identity *ca, int days)
{
    struct identity made = {EVP_EC_gen("P-256"), X509_new()};
    X509_NAME *name = X509_get_subject_name(made.certificate);
    static long serial;

    assert_non_null(made.key);
    X509_set_version(made.certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               (const unsigned char *)(names ? "camera" : "test CA"), -1, -1, 0);
    X509_set_issuer_name(made.certificate, ca ? X509_get_subject_name(ca->certificate) : name);
    X509_time_adj_ex(X509_getm_notBefore(made.certificate), days - 1, 0, NULL);
    X509_time_adj_ex(X509_getm_notAfter(made.certificate), days, 0, NULL);
    X509_set_pubkey(made.certificate, made.key);
    if (names)
        add_extension(made.certificate, NID_subject_alt_name, names);
    else
        add_extension(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
    assert_true(X509_sign(made.certificate, ca ? ca->key : made.key, EVP_sha256()) > 0);
    return made;
}

static inline void free_identity(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

static inline struct rtsp_fingerprint fingerprint_of(const struct identity *identity)
{
    struct rtsp_fingerprint out = {.set = true};

    assert_int_equal(X509_digest(identity->certificate, EVP_sha256(), out.sha256, NULL), 1);
    return out;
}

// ---- server ----

struct tls_server {
    SSL_CTX *ctx;
    SSL *ssl;
    BIO *in, *out; // the server's
    int fd;
    size_t piece; // bytes that one call of tls_server_turn() moves each way
};

// version: TLS1_3_VERSION or an older one, and no other.
static inline void tls_server_init(struct tls_server *s, const struct identity *identity,
                                   int version, int fd)
{
    *s = (struct tls_server){.ctx = SSL_CTX_new(TLS_server_method()),
                             .in = BIO_new(BIO_s_mem()),
                             .out = BIO_new(BIO_s_mem()),
                             .fd = fd,
                             .piece = SIZE_MAX};
    SSL_CTX_set_min_proto_version(s->ctx, version);
    SSL_CTX_set_max_proto_version(s->ctx, version);
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_cipher_list(s->ctx, "DEFAULT@SECLEVEL=0");
    assert_int_equal(SSL_CTX_use_certificate(s->ctx, identity->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s->ctx, identity->key), 1);
    s->ssl = SSL_new(s->ctx);
    assert_non_null(s->ssl);
    SSL_set_bio(s->ssl, s->in, s->out);
    SSL_set_accept_state(s->ssl);
}

static inline void tls_server_fini(struct tls_server *s)
{
    SSL_free(s->ssl);
    SSL_CTX_free(s->ctx);
}

// What the server has to send that fits into the socket; the handshake goes on by itself.
static inline void tls_server_send(struct tls_server *s)
{
    char *data;
    size_t len = (size_t)BIO_get_mem_data(s->out, &data);
    ssize_t sent;

    if (len == 0)
        return;
    sent = write(s->fd, data, len < s->piece ? len : s->piece);
    for (ssize_t left = sent; left > 0;) {
        char bytes[4096];

        left -=
            BIO_read(s->out, bytes, left < (ssize_t)sizeof(bytes) ? (int)left : (int)sizeof(bytes));
    }
}

static inline void tls_server_turn(struct tls_server *s)
{
    char bytes[16384];
    size_t piece = s->piece < sizeof(bytes) ? s->piece : sizeof(bytes);
    ssize_t len = read(s->fd, bytes, piece);

    ERR_clear_error();
    if (len > 0)
        assert_int_equal(BIO_write(s->in, bytes, (int)len), len);
    if (!SSL_is_init_finished(s->ssl))
        SSL_do_handshake(s->ssl);
    tls_server_send(s);
}
