// SPDX-License-Identifier: Apache-2.0
#include "webrtc/dtls_context.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/x509.h>

#include "webrtc/dgram_bio.h"

// AES128-GCM is the one that RFC 8827 6.5 demands. AEADs only: see dtls_farewell.c.
#define CIPHERS                                                    \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" \
    "ECDHE-ECDSA-CHACHA20-POLY1305"

#define GROUPS "P-256:X25519"

enum {
    SERIAL_BITS = 64,            // RFC 5280 4.1.2.2 allows up to 159
    VALID_BEFORE_S = 24 * 3600,  // for viewers whose clock is behind
    VALID_AFTER_DAYS = 10 * 365, // a server may run for long; trust rests on the fingerprint

    // Bytes of a client's certificate message; self-signed ones are below 1 KiB.
    CLIENT_CERTIFICATE_MAX = 16384,

    SRTP_LIST_MAX = 64, // of profiles, as OpenSSL names them
};

const struct wrtc_srtp_profiles wrtc_srtp_profiles_all = {
    .item = {ENG_SRTP_AEAD_AES_128_GCM, ENG_SRTP_AES128_CM_HMAC_SHA1_80},
    .count = 2,
};

// ---- certificate ----

static bool set_random_serial(X509 *certificate)
{
    BIGNUM *serial = BN_new();
    bool ok = serial && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(certificate));
    BN_free(serial);
    return ok;
}

static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, X509_VERSION_3) && set_random_serial(certificate) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"rtcfan", -1,
                                      -1, 0) &&
           X509_set_issuer_name(certificate, name) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -VALID_BEFORE_S) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), VALID_AFTER_DAYS, 0, NULL) &&
           X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool read_fingerprint(const X509 *certificate, struct wrtc_fingerprint *out)
{
    struct wrtc_fingerprint fingerprint = {.algorithm = "sha-256"};
    unsigned len = 0;
    if (!X509_digest(certificate, EVP_sha256(), fingerprint.bytes, &len))
        return false;
    fingerprint.len = len;
    *out = fingerprint;
    return true;
}

static bool use_new_certificate(SSL_CTX *ssl, struct wrtc_fingerprint *fingerprint)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    bool ok = key && certificate && fill_certificate(certificate, key) &&
              SSL_CTX_use_certificate(ssl, certificate) == 1 &&
              SSL_CTX_use_PrivateKey(ssl, key) == 1 && read_fingerprint(certificate, fingerprint);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

// ---- settings ----

// Any certificate passes here; dtls.c compares its fingerprint once the handshake has proved that
// the client holds the key.
static int accept_any(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

// The order is ours: OpenSSL's server takes the first of these that the client offers at all.
static void list_profiles(const struct wrtc_srtp_profiles *profiles, char list[SRTP_LIST_MAX])
{
    size_t len = 0;

    assert(profiles->count > 0 && profiles->count <= WRTC_SRTP_PROFILES_MAX);
    for (size_t i = 0; i < profiles->count; i++) {
        bool gcm = profiles->item[i] == ENG_SRTP_AEAD_AES_128_GCM;
        len += (size_t)snprintf(list + len, SRTP_LIST_MAX - len, "%s%s", i > 0 ? ":" : "",
                                gcm ? "SRTP_AEAD_AES_128_GCM" : "SRTP_AES128_CM_SHA1_80");
        assert(len < SRTP_LIST_MAX);
    }
}

static bool configure(SSL_CTX *ssl, const struct wrtc_srtp_profiles *profiles)
{
    char list[SRTP_LIST_MAX];

    list_profiles(profiles, list);
    SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_max_cert_list(ssl, CLIENT_CERTIFICATE_MAX);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, accept_any, NULL);
    // set_tlsext_use_srtp alone answers 0 when all is well.
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_cipher_list(ssl, CIPHERS) && SSL_CTX_set1_groups_list(ssl, GROUPS) &&
           SSL_CTX_set_tlsext_use_srtp(ssl, list) == 0;
}

// NULL: out of memory.
static struct wrtc_dtls_identity *create_identity(const struct wrtc_srtp_profiles *profiles)
{
    struct wrtc_dtls_identity *identity = calloc(1, sizeof(*identity));
    if (!identity)
        return NULL;
    identity->held = 1;
    identity->ssl = SSL_CTX_new(DTLS_server_method());
    if (identity->ssl && configure(identity->ssl, profiles) &&
        use_new_certificate(identity->ssl, &identity->fingerprint))
        return identity;
    wrtc_dtls_identity_release(identity);
    return NULL;
}

struct wrtc_dtls_identity *wrtc_dtls_identity_hold(struct wrtc_dtls_context *ctx)
{
    ctx->identity->held++;
    return ctx->identity;
}

void wrtc_dtls_identity_release(struct wrtc_dtls_identity *identity)
{
    if (!identity || --identity->held > 0)
        return;
    SSL_CTX_free(identity->ssl);
    free(identity);
}

int wrtc_dtls_context_create(const struct wrtc_srtp_profiles *profiles,
                             struct wrtc_dtls_context **out)
{
    struct wrtc_dtls_context *ctx = calloc(1, sizeof(*ctx));
    if (!ctx)
        return -ENOMEM;
    ctx->bio = wrtc_dgram_bio_method_create();
    ctx->profiles = *profiles;
    ctx->identity = create_identity(&ctx->profiles);
    if (!ctx->bio || !ctx->identity) {
        wrtc_dtls_context_destroy(ctx);
        return -ENOMEM;
    }
    *out = ctx;
    return 0;
}

int wrtc_dtls_context_renew(struct wrtc_dtls_context *ctx)
{
    struct wrtc_dtls_identity *identity = create_identity(&ctx->profiles);
    if (!identity)
        return -ENOMEM;
    wrtc_dtls_identity_release(ctx->identity);
    ctx->identity = identity;
    return 0;
}

void wrtc_dtls_context_destroy(struct wrtc_dtls_context *ctx)
{
    if (!ctx)
        return;
    wrtc_dtls_identity_release(ctx->identity);
    BIO_meth_free(ctx->bio);
    free(ctx);
}

const struct wrtc_fingerprint *wrtc_dtls_context_fingerprint(const struct wrtc_dtls_context *ctx)
{
    return &ctx->identity->fingerprint;
}
