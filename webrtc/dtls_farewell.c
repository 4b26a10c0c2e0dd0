// SPDX-License-Identifier: Apache-2.0
#include "webrtc/dtls_farewell.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "webrtc/dtls_record.h"

enum {
    GCM_SALT_LEN = 4,
    GCM_EXPLICIT_LEN = 8,
    TAG_LEN = 16,
    AAD_LEN = 13,
    ALERT_LEN = 2,
    ALERT_FATAL = 2,
    ALERT_CLOSE_NOTIFY = 0,
    FINISHED_LEN = 24, // header 12 (RFC 6347 4.2.2), verify_data 12 (RFC 5246 7.4.9)
    FINISHED = 20,
    TEXT_MAX = FINISHED_LEN,
    MASTER_SECRET_LEN = 48,
};

struct suite {
    int nid;
    size_t key_len;
    size_t iv_len;
    const EVP_CIPHER *(*cipher)(void);
};

static const struct suite suites[] = {
    {NID_aes_128_gcm, 16, GCM_SALT_LEN, EVP_aes_128_gcm},
    {NID_aes_256_gcm, 32, GCM_SALT_LEN, EVP_aes_256_gcm},
    {NID_chacha20_poly1305, 32, WRTC_FAREWELL_IV_MAX, EVP_chacha20_poly1305},
};

static const struct suite *find_suite(int nid)
{
    for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
        if (suites[i].nid == nid)
            return &suites[i];
    }
    return NULL;
}

// PRF(master secret, "key expansion", server random + client random): RFC 5246 6.3.
static bool expand(SSL *ssl, uint8_t *out, size_t len)
{
    const char label[] = "key expansion";
    uint8_t seed[sizeof(label) - 1 + 2 * (size_t)SSL3_RANDOM_SIZE];
    memcpy(seed, label, sizeof(label) - 1);
    SSL_get_server_random(ssl, seed + sizeof(label) - 1, SSL3_RANDOM_SIZE);
    SSL_get_client_random(ssl, seed + sizeof(label) - 1 + SSL3_RANDOM_SIZE, SSL3_RANDOM_SIZE);

    uint8_t master[MASTER_SECRET_LEN];
    size_t master_len = SSL_SESSION_get_master_key(SSL_get_session(ssl), master, sizeof(master));
    const EVP_MD *digest = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_TLS1_PRF, NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    bool ok = false;
    if (ctx && digest) {
        OSSL_PARAM params[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
                                             (char *)EVP_MD_get0_name(digest), 0),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master, master_len),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof(seed)),
            OSSL_PARAM_construct_end(),
        };
        ok = EVP_KDF_derive(ctx, out, len, params) == 1;
    }
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    explicit_bzero(master, sizeof(master));
    return ok;
}

// Client key, server key, client IV, server IV; an AEAD has no MAC keys before them.
static bool take_keys(struct wrtc_dtls_farewell *farewell, SSL *ssl)
{
    const struct suite *suite = find_suite(SSL_CIPHER_get_cipher_nid(SSL_get_current_cipher(ssl)));
    uint8_t block[2 * (WRTC_FAREWELL_KEY_MAX + WRTC_FAREWELL_IV_MAX)];
    assert(suite); // the context allows no other
    if (!expand(ssl, block, 2 * (suite->key_len + suite->iv_len)))
        return false;
    farewell->cipher = suite->nid;
    memcpy(farewell->key, block, suite->key_len);
    memcpy(farewell->iv, block + 2 * suite->key_len, suite->iv_len);
    explicit_bzero(block, sizeof(block));
    return true;
}

// The newest datagram that waits; those before it are repetitions of an earlier flight. Returns its
// length, 0: there is none of at most `size` bytes.
static size_t take_newest(struct wrtc_dgram_link *link, uint8_t *out, size_t size)
{
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    while (wrtc_dgram_next(link, data, &len))
        continue;
    if (len > size)
        return 0;
    memcpy(out, data, len);
    return len;
}

int wrtc_dtls_farewell_init(struct wrtc_dtls_farewell *farewell, SSL *ssl,
                            struct wrtc_dgram_link *link)
{
    *farewell = (struct wrtc_dtls_farewell){0};
    farewell->flight_len = take_newest(link, farewell->flight, sizeof(farewell->flight));
    SSL_shutdown(ssl);
    farewell->record_len = take_newest(link, farewell->record, sizeof(farewell->record));
    if (farewell->flight_len > 0 && farewell->record_len > 0 && take_keys(farewell, ssl))
        return 0;
    wrtc_dtls_farewell_fini(farewell);
    return -ENOMEM;
}

void wrtc_dtls_farewell_fini(struct wrtc_dtls_farewell *farewell)
{
    explicit_bzero(farewell, sizeof(*farewell));
}

// RFC 5288 3: salt, then the explicit part; RFC 7905 2: the IV XOR epoch and sequence number.
static void make_nonce(const struct wrtc_dtls_farewell *farewell, const struct suite *suite,
                       const struct wrtc_dtls_record *record, uint8_t nonce[WRTC_FAREWELL_IV_MAX])
{
    memcpy(nonce, farewell->iv, WRTC_FAREWELL_IV_MAX);
    if (suite->iv_len == GCM_SALT_LEN) {
        memcpy(nonce + GCM_SALT_LEN, record->header + WRTC_DTLS_RECORD_HEADER_LEN,
               GCM_EXPLICIT_LEN);
        return;
    }
    for (size_t i = 0; i < 8; i++)
        nonce[4 + i] ^= record->header[3 + i];
}

// RFC 6347 4.1.2.1: epoch and sequence number, type, version, length of the plaintext.
static void make_aad(const struct wrtc_dtls_record *record, size_t text_len, uint8_t aad[AAD_LEN])
{
    memcpy(aad, record->header + 3, 8);
    memcpy(aad + 8, record->header, 3);
    aad[11] = 0;
    aad[12] = (uint8_t)text_len;
}

// Opens a record whose plaintext has that length. False: it has another, or is not authentic.
static bool open_record(const struct wrtc_dtls_farewell *farewell,
                        const struct wrtc_dtls_record *record, uint8_t *text, size_t text_len)
{
    const struct suite *suite = find_suite(farewell->cipher);
    size_t explicit_len = suite->iv_len == GCM_SALT_LEN ? GCM_EXPLICIT_LEN : 0;
    if (record->body_len != explicit_len + text_len + TAG_LEN)
        return false;

    uint8_t nonce[WRTC_FAREWELL_IV_MAX];
    uint8_t aad[AAD_LEN];
    uint8_t tag[TAG_LEN];
    make_nonce(farewell, suite, record, nonce);
    make_aad(record, text_len, aad);
    const uint8_t *sealed = record->header + WRTC_DTLS_RECORD_HEADER_LEN + explicit_len;
    memcpy(tag, sealed + text_len, TAG_LEN);

    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok = ctx && EVP_DecryptInit_ex(ctx, suite->cipher(), NULL, farewell->key, nonce) &&
              EVP_DecryptUpdate(ctx, NULL, &n, aad, AAD_LEN) &&
              EVP_DecryptUpdate(ctx, text, &n, sealed, (int)text_len) &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, tag) &&
              EVP_DecryptFinal_ex(ctx, text + text_len, &n);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool is_goodbye(const struct wrtc_dtls_farewell *farewell,
                       const struct wrtc_dtls_record *record)
{
    uint8_t text[TEXT_MAX];
    return record->content == WRTC_DTLS_ALERT && open_record(farewell, record, text, ALERT_LEN) &&
           (text[0] == ALERT_FATAL || text[1] == ALERT_CLOSE_NOTIFY);
}

static bool is_repetition(struct wrtc_dtls_farewell *farewell,
                          const struct wrtc_dtls_record *record)
{
    uint8_t text[TEXT_MAX];
    uint64_t number = wrtc_dtls_record_read_number(record->header);
    if (record->content != WRTC_DTLS_HANDSHAKE_MESSAGE || number < farewell->answered ||
        !open_record(farewell, record, text, FINISHED_LEN) || text[0] != FINISHED)
        return false;
    farewell->answered = number + 1;
    return true;
}

enum wrtc_dtls_word wrtc_dtls_farewell_read(struct wrtc_dtls_farewell *farewell,
                                            const uint8_t *data, size_t len)
{
    struct wrtc_dtls_cursor cursor = {data, len};
    enum wrtc_dtls_word word = WRTC_DTLS_NOTHING;
    struct wrtc_dtls_record record;
    while (wrtc_dtls_record_next(&cursor, &record)) {
        if (record.epoch != 1)
            continue;
        if (is_goodbye(farewell, &record))
            return WRTC_DTLS_GOODBYE;
        if (is_repetition(farewell, &record))
            word = WRTC_DTLS_REPETITION;
    }
    return word;
}
