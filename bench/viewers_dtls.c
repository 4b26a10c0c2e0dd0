// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_dtls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

enum {
    FIRST_TIMEOUT_US = 50000, // as Chromium, and twice as long each time
    LONGEST_TIMEOUT_US = 1600000,
    GCM_SALT_LEN = 12,
    CM_SALT_LEN = 14,
    DAY_S = 86400,
};

struct viewers_dtls_context {
    BIO_METHOD *bio;
    SSL_CTX *ssl;
    char fingerprint[VIEWERS_FINGERPRINT_TEXT_MAX];
};

struct viewers_dtls {
    SSL *ssl;
    struct wrtc_fingerprint expected;
    bool connected;
    const char *failure;
    struct wrtc_dgram_link link;
};

// ---- the context ----

static bool fill_certificate(X509 *certificate, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(certificate);

    return X509_set_version(certificate, X509_VERSION_3) &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"viewers",
                                      -1, -1, 0) &&
           X509_set_issuer_name(certificate, name) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -DAY_S) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 30L * DAY_S) &&
           X509_set_pubkey(certificate, key) && X509_sign(certificate, key, EVP_sha256()) > 0;
}

static bool write_fingerprint(const X509 *certificate, char *out)
{
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (!X509_digest(certificate, EVP_sha256(), bytes, &len) ||
        3 * (size_t)len > VIEWERS_FINGERPRINT_TEXT_MAX)
        return false;
    for (unsigned i = 0; i < len; i++)
        snprintf(out + 3 * i, 4, "%02X%s", bytes[i], i + 1 < len ? ":" : "");
    return true;
}

static bool use_new_certificate(struct viewers_dtls_context *ctx)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    bool ok = key && certificate && fill_certificate(certificate, key) &&
              SSL_CTX_use_certificate(ctx->ssl, certificate) == 1 &&
              SSL_CTX_use_PrivateKey(ctx->ssl, key) == 1 &&
              write_fingerprint(certificate, ctx->fingerprint);

    X509_free(certificate);
    EVP_PKEY_free(key);
    return ok;
}

// The fingerprint is what counts, and is compared once the handshake has finished.
static int accept_any(X509_STORE_CTX *store, void *unused)
{
    (void)store;
    (void)unused;
    return 1;
}

static bool configure(SSL_CTX *ssl, const char *profiles)
{
    SSL_CTX_set_options(ssl, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(ssl, accept_any, NULL);
    // set_tlsext_use_srtp alone answers 0 when all is well.
    return SSL_CTX_set_min_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_max_proto_version(ssl, DTLS1_2_VERSION) &&
           SSL_CTX_set_tlsext_use_srtp(ssl, profiles) == 0;
}

int viewers_dtls_context_create(const char *profiles, struct viewers_dtls_context **out)
{
    struct viewers_dtls_context *ctx = calloc(1, sizeof(*ctx));

    if (!ctx)
        return -ENOMEM;
    ctx->bio = wrtc_dgram_bio_method_create();
    ctx->ssl = SSL_CTX_new(DTLS_method());
    if (!ctx->bio || !ctx->ssl || !configure(ctx->ssl, profiles) || !use_new_certificate(ctx)) {
        viewers_dtls_context_destroy(ctx);
        return -ENOMEM;
    }
    *out = ctx;
    return 0;
}

void viewers_dtls_context_destroy(struct viewers_dtls_context *ctx)
{
    if (!ctx)
        return;
    SSL_CTX_free(ctx->ssl);
    BIO_meth_free(ctx->bio);
    free(ctx);
}

const char *viewers_dtls_context_fingerprint(const struct viewers_dtls_context *ctx)
{
    return ctx->fingerprint;
}

// ---- one handshake ----

static unsigned next_timeout_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0)
        return FIRST_TIMEOUT_US;
    return last_us * 2 < LONGEST_TIMEOUT_US ? last_us * 2 : LONGEST_TIMEOUT_US;
}

int viewers_dtls_create(struct viewers_dtls_context *ctx, const struct wrtc_fingerprint *expected,
                        bool server, struct viewers_dtls **out)
{
    struct viewers_dtls *dtls = calloc(1, sizeof(*dtls));
    SSL *ssl = SSL_new(ctx->ssl);
    BIO *bio = dtls ? wrtc_dgram_bio_create(ctx->bio, &dtls->link) : NULL;

    if (!dtls || !ssl || !bio) {
        BIO_free(bio);
        SSL_free(ssl);
        free(dtls);
        return -ENOMEM;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, WRTC_DGRAM_MTU);
    DTLS_set_timer_cb(ssl, next_timeout_us);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    dtls->ssl = ssl;
    dtls->expected = *expected;
    *out = dtls;
    return 0;
}

void viewers_dtls_destroy(struct viewers_dtls *dtls)
{
    if (!dtls)
        return;
    SSL_free(dtls->ssl);
    free(dtls);
}

static const EVP_MD *digest_of(const char *algorithm)
{
    if (strcasecmp(algorithm, "sha-256") == 0)
        return EVP_sha256();
    if (strcasecmp(algorithm, "sha-384") == 0)
        return EVP_sha384();
    if (strcasecmp(algorithm, "sha-512") == 0)
        return EVP_sha512();
    return strcasecmp(algorithm, "sha-1") == 0 ? EVP_sha1() : NULL;
}

static bool fingerprint_matches(const struct viewers_dtls *dtls)
{
    const EVP_MD *digest = digest_of(dtls->expected.algorithm);
    const X509 *certificate = SSL_get0_peer_certificate(dtls->ssl);
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return digest && certificate && X509_digest(certificate, digest, bytes, &len) &&
           len == dtls->expected.len && CRYPTO_memcmp(bytes, dtls->expected.bytes, len) == 0;
}

static void finish(struct viewers_dtls *dtls)
{
    if (!fingerprint_matches(dtls))
        dtls->failure = "the certificate does not match the answer's fingerprint";
    else if (!SSL_get_selected_srtp_profile(dtls->ssl))
        dtls->failure = "no SRTP protection profile in common";
    else
        dtls->connected = true;
}

static void fail(struct viewers_dtls *dtls)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    dtls->failure = reason ? reason : "the handshake failed";
}

static void shake_hands(struct viewers_dtls *dtls)
{
    int rc = SSL_do_handshake(dtls->ssl);

    if (rc == 1)
        finish(dtls);
    else if (SSL_get_error(dtls->ssl, rc) != SSL_ERROR_WANT_READ)
        fail(dtls);
}

void viewers_dtls_start(struct viewers_dtls *dtls)
{
    ERR_clear_error();
    shake_hands(dtls);
}

void viewers_dtls_receive(struct viewers_dtls *dtls, const uint8_t *data, size_t len)
{
    uint8_t text[WRTC_DGRAM_MTU];

    if (dtls->failure || len == 0)
        return;
    ERR_clear_error();
    dtls->link.in = data;
    dtls->link.in_len = len;
    if (!dtls->connected)
        shake_hands(dtls);
    else
        (void)SSL_read(dtls->ssl, text, sizeof(text)); // answers a repeated flight
    dtls->link.in = NULL;
}

void viewers_dtls_tick(struct viewers_dtls *dtls)
{
    ERR_clear_error();
    if (!dtls->failure && !dtls->connected && DTLSv1_handle_timeout(dtls->ssl) < 0)
        fail(dtls);
}

int64_t viewers_dtls_next_ns(const struct viewers_dtls *dtls, int64_t now_ns)
{
    struct timeval left;

    if (dtls->failure || dtls->connected || DTLSv1_get_timeout(dtls->ssl, &left) != 1)
        return INT64_MAX;
    return now_ns + (int64_t)left.tv_sec * 1000000000 + (int64_t)left.tv_usec * 1000;
}

bool viewers_dtls_next(struct viewers_dtls *dtls, uint8_t out[WRTC_DGRAM_MTU], size_t *len)
{
    return wrtc_dgram_next(&dtls->link, out, len);
}

bool viewers_dtls_connected(const struct viewers_dtls *dtls)
{
    return dtls->connected;
}

const char *viewers_dtls_failure(const struct viewers_dtls *dtls)
{
    return dtls->failure;
}

// RFC 5764 4.2: client key, server key, client salt, server salt.
void viewers_dtls_keying(const struct viewers_dtls *dtls, struct eng_srtp_keying *out)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    bool gcm = SSL_get_selected_srtp_profile(dtls->ssl)->id == SRTP_AEAD_AES_128_GCM;
    size_t salt_len = gcm ? GCM_SALT_LEN : CM_SALT_LEN;
    uint8_t material[2 * (ENG_SRTP_KEY_LEN + ENG_SRTP_SALT_MAX)] = {0};
    bool server = SSL_is_server(dtls->ssl);
    struct eng_srtp_key *of_client = server ? &out->receive : &out->send;
    struct eng_srtp_key *of_server = server ? &out->send : &out->receive;
    const uint8_t *salts = material + 2 * (size_t)ENG_SRTP_KEY_LEN;
    int ok = SSL_export_keying_material(dtls->ssl, material, 2 * (ENG_SRTP_KEY_LEN + salt_len),
                                        label, sizeof(label) - 1, NULL, 0, 0);

    assert(dtls->connected && ok == 1);
    memset(out, 0, sizeof(*out));
    out->profile = gcm ? ENG_SRTP_AEAD_AES_128_GCM : ENG_SRTP_AES128_CM_HMAC_SHA1_80;
    memcpy(of_client->key, material, ENG_SRTP_KEY_LEN);
    memcpy(of_server->key, material + ENG_SRTP_KEY_LEN, ENG_SRTP_KEY_LEN);
    memcpy(of_client->salt, salts, salt_len);
    memcpy(of_server->salt, salts + salt_len, salt_len);
    explicit_bzero(material, sizeof(material));
}

size_t viewers_dtls_farewell(struct viewers_dtls *dtls, uint8_t *out, size_t size)
{
    uint8_t datagram[WRTC_DGRAM_MTU];
    size_t len;

    wrtc_dgram_discard(&dtls->link);
    SSL_shutdown(dtls->ssl);
    if (!wrtc_dgram_next(&dtls->link, datagram, &len) || len > size)
        return 0;
    memcpy(out, datagram, len);
    return len;
}
