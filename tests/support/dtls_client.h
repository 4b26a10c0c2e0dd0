// SPDX-License-Identifier: Apache-2.0
//
// The viewer's side of DTLS-SRTP: an OpenSSL client in memory. Its keys are exported here a second
// time, by the text of RFC 5764 4.2, to compare with what the code under test hands out.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "engine/types.h"
#include "webrtc/dgram_bio.h"
#include "webrtc/sdp.h"

struct dtls_client_config {
    const char *profiles; // SRTP, in the client's order; NULL: GCM and SHA1_80; "": none
    const char *ciphers;  // NULL: OpenSSL's choice
    const char *groups;
    bool no_certificate;
    bool long_hello; // grows the ClientHello beyond two datagrams of the MTU
    unsigned mtu;    // 0: 1,200
    int version;     // highest; 0: DTLS 1.2
};

struct dtls_client {
    BIO_METHOD *method;
    SSL_CTX *ctx;
    SSL *ssl;
    struct wrtc_dgram_link link;
    X509 *certificate;
    bool connected;
    bool failed;
};

static inline struct wrtc_fingerprint test_fingerprint(const X509 *certificate, const char *name,
                                                       const EVP_MD *digest)
{
    struct wrtc_fingerprint fingerprint = {0};
    unsigned len = 0;
    snprintf(fingerprint.algorithm, sizeof(fingerprint.algorithm), "%s", name);
    int ok = X509_digest(certificate, digest, fingerprint.bytes, &len);
    assert(ok == 1);
    fingerprint.len = len;
    return fingerprint;
}

static inline X509 *test_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"viewer", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    int ok = X509_sign(certificate, key, EVP_sha256());
    assert(ok > 0);
    return certificate;
}

static inline int dtls_client_trust(int preverified, X509_STORE_CTX *store)
{
    (void)preverified;
    (void)store;
    return 1;
}

// As Chromium does it: 50 ms, and twice as long each time; here at most 1.6 s.
static inline unsigned dtls_client_timeout_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0)
        return 50000;
    return last_us < 1600000 ? 2 * last_us : last_us;
}

static inline void dtls_client_init(struct dtls_client *client,
                                    const struct dtls_client_config *config)
{
    *client = (struct dtls_client){0};
    client->method = wrtc_dgram_bio_method_create();
    client->ctx = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_options(client->ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_verify(client->ctx, SSL_VERIFY_PEER, dtls_client_trust);
    if (config->version) {
        SSL_CTX_set_security_level(client->ctx, 0);
        SSL_CTX_set_min_proto_version(client->ctx, config->version);
        SSL_CTX_set_max_proto_version(client->ctx, config->version);
    }
    const char *profiles =
        config->profiles ? config->profiles : "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80";
    int bad = *profiles ? SSL_CTX_set_tlsext_use_srtp(client->ctx, profiles) : 0;
    assert(bad == 0);
    if (config->ciphers)
        SSL_CTX_set_cipher_list(client->ctx, config->ciphers);
    if (config->groups)
        SSL_CTX_set1_groups_list(client->ctx, config->groups);

    EVP_PKEY *key = EVP_EC_gen("P-256");
    client->certificate = test_certificate(key);
    if (!config->no_certificate) {
        SSL_CTX_use_certificate(client->ctx, client->certificate);
        SSL_CTX_use_PrivateKey(client->ctx, key);
    }
    EVP_PKEY_free(key);

    client->ssl = SSL_new(client->ctx);
    BIO *bio = wrtc_dgram_bio_create(client->method, &client->link);
    SSL_set_bio(client->ssl, bio, bio);
    SSL_set_mtu(client->ssl, config->mtu ? config->mtu : WRTC_DGRAM_MTU);
    DTLS_set_timer_cb(client->ssl, dtls_client_timeout_us);
    if (config->long_hello) {
        uint8_t alpn[2000];
        memset(alpn, 249, sizeof(alpn)); // eight names of 249 bytes
        SSL_set_alpn_protos(client->ssl, alpn, sizeof(alpn));
    }
    SSL_set_connect_state(client->ssl);
}

static inline void dtls_client_fini(struct dtls_client *client)
{
    SSL_free(client->ssl);
    X509_free(client->certificate);
    SSL_CTX_free(client->ctx);
    BIO_meth_free(client->method);
}

static inline struct wrtc_fingerprint dtls_client_fingerprint(const struct dtls_client *client)
{
    return test_fingerprint(client->certificate, "sha-256", EVP_sha256());
}

// One step: with a datagram, or (NULL) to begin.
static inline void dtls_client_receive(struct dtls_client *client, const uint8_t *data, size_t len)
{
    uint8_t text[2048];
    client->link.in = data;
    client->link.in_len = len;
    int rc =
        client->connected ? SSL_read(client->ssl, text, sizeof(text)) : SSL_connect(client->ssl);
    client->link.in = NULL;
    if (rc == 1 && !client->connected)
        client->connected = true;
    else if (rc <= 0 && SSL_get_error(client->ssl, rc) == SSL_ERROR_SSL)
        client->failed = true;
}

static inline void dtls_client_tick(struct dtls_client *client)
{
    if (!client->failed && DTLSv1_handle_timeout(client->ssl) < 0)
        client->failed = true;
}

// When the client's own timer wants a tick; INT64_MAX: it does not.
static inline int64_t dtls_client_deadline_ns(const struct dtls_client *client, int64_t now_ns)
{
    struct timeval left;
    if (client->failed || DTLSv1_get_timeout(client->ssl, &left) != 1)
        return INT64_MAX;
    return now_ns + (int64_t)left.tv_sec * 1000000000 + (int64_t)left.tv_usec * 1000;
}

static inline bool dtls_client_saw_close(const struct dtls_client *client)
{
    return SSL_get_shutdown(client->ssl) & SSL_RECEIVED_SHUTDOWN;
}

// The keys as the server should see them: what the client sends with, it receives with.
static inline struct eng_srtp_keying dtls_client_keying(struct dtls_client *client)
{
    struct eng_srtp_keying keying = {0};
    uint8_t material[60];
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(client->ssl);
    if (!profile)
        return keying;
    size_t salt = profile->id == 7 ? 12 : 14;
    int ok = SSL_export_keying_material(client->ssl, material, 32 + 2 * salt, "EXTRACTOR-dtls_srtp",
                                        19, NULL, 0, 0);
    assert(ok == 1);
    keying.profile = (enum eng_srtp_profile)profile->id;
    memcpy(keying.receive.key, material, 16);
    memcpy(keying.send.key, material + 16, 16);
    memcpy(keying.receive.salt, material + 32, salt);
    memcpy(keying.send.salt, material + 32 + salt, salt);
    return keying;
}
