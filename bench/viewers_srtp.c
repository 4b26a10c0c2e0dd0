// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_srtp.h"

#include <assert.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/gcm.h"
#include "engine/srtp_kdf.h"

enum {
    RTCP_HEADER_LEN = 8, // fixed header and sender SSRC: authenticated, not encrypted
    WORD_LEN = 4,        // SRTCP's index with the E bit; RTP's ROC under the HMAC
    CM_TAG_LEN = 10,
    SHA1_LEN = 20,
    IV_LEN = 16,
};

#define SRTCP_E_BIT UINT32_C(0x80000000)

struct viewers_cipher {
    struct eng_gcm gcm;
    const struct eng_gcm_ops *ops;
    uint8_t gcm_key[ENG_GCM_KEY_LEN]; // that is expanded in gcm
    EVP_CIPHER_CTX *ctr;
};

int viewers_cipher_create(struct viewers_cipher **out)
{
    struct viewers_cipher *c = aligned_alloc(_Alignof(struct viewers_cipher), sizeof(*c));

    if (!c)
        return -ENOMEM;
    memset(c, 0, sizeof(*c));
    c->ops = eng_gcm_best();
    c->ctr = EVP_CIPHER_CTX_new();
    if (!c->ctr || EVP_EncryptInit_ex(c->ctr, EVP_aes_128_ctr(), NULL, NULL, NULL) != 1 ||
        c->ops->init(&c->gcm, c->gcm_key) != 0) {
        EVP_CIPHER_CTX_free(c->ctr);
        free(c);
        return -ENOMEM;
    }
    *out = c;
    return 0;
}

void viewers_cipher_destroy(struct viewers_cipher *cipher)
{
    if (!cipher)
        return;
    cipher->ops->fini(&cipher->gcm);
    EVP_CIPHER_CTX_free(cipher->ctr);
    explicit_bzero(cipher, sizeof(*cipher));
    free(cipher);
}

// ---- keys ----

// The labels of one kind of packet follow each other: key, authentication, salt (RFC 3711 4.3.2).
static int derive(const struct eng_srtp_key *master, unsigned label, bool gcm,
                  struct viewers_srtp_key *out)
{
    size_t salt_len = gcm ? ENG_GCM_IV_LEN : ENG_SRTP_SALT_MAX;
    int err = eng_srtp_derive(master, (enum eng_srtp_label)label, out->key, sizeof(out->key));

    if (!err && !gcm)
        err =
            eng_srtp_derive(master, (enum eng_srtp_label)(label + 1), out->auth, sizeof(out->auth));
    if (!err)
        err = eng_srtp_derive(master, (enum eng_srtp_label)(label + 2), out->salt, salt_len);
    return err;
}

int viewers_srtp_init(struct viewers_srtp *srtp, const struct eng_srtp_keying *keying)
{
    bool gcm = keying->profile == ENG_SRTP_AEAD_AES_128_GCM;
    int err;

    memset(srtp, 0, sizeof(*srtp));
    err = derive(&keying->receive, ENG_SRTP_LABEL_RTP_KEY, gcm, &srtp->rtp);
    if (!err)
        err = derive(&keying->receive, ENG_SRTP_LABEL_RTCP_KEY, gcm, &srtp->rtcp_receive);
    if (!err)
        err = derive(&keying->send, ENG_SRTP_LABEL_RTCP_KEY, gcm, &srtp->rtcp_send);
    if (!err)
        srtp->profile = keying->profile;
    return err;
}

void viewers_srtp_fini(struct viewers_srtp *srtp)
{
    explicit_bzero(srtp, sizeof(*srtp));
}

static struct eng_gcm *expand(struct viewers_cipher *c, const uint8_t key[ENG_GCM_KEY_LEN])
{
    if (memcmp(c->gcm_key, key, ENG_GCM_KEY_LEN) != 0) {
        memcpy(c->gcm_key, key, ENG_GCM_KEY_LEN);
        c->ops->rekey(&c->gcm, key);
    }
    return &c->gcm;
}

// ---- AES-CM and HMAC-SHA1 ----

// RFC 3711 4.1.1: salt * 2^16 XOR SSRC * 2^64 XOR index * 2^16.
static void crypt_cm(struct viewers_cipher *c, const struct viewers_srtp_key *key, uint32_t ssrc,
                     uint64_t index, const uint8_t *in, size_t len, uint8_t *out)
{
    uint8_t iv[IV_LEN] = {0}, mask[IV_LEN] = {0};
    int done, ok;

    memcpy(iv, key->salt, sizeof(key->salt));
    eng_put32(mask + 4, ssrc);
    eng_put16(mask + 8, (uint16_t)(index >> 32));
    eng_put32(mask + 10, (uint32_t)index);
    for (int i = 0; i < IV_LEN; i++)
        iv[i] ^= mask[i];
    ok = EVP_EncryptInit_ex(c->ctr, NULL, NULL, key->key, iv);
    ok &= EVP_EncryptUpdate(c->ctr, out, &done, in, (int)len);
    assert(ok == 1);
}

static void hmac(const struct viewers_srtp_key *key, const uint8_t *data, size_t len,
                 uint8_t out[SHA1_LEN])
{
    const uint8_t *done = HMAC(EVP_sha1(), key->auth, sizeof(key->auth), data, len, out, NULL);

    assert(done);
}

// The HMAC covers the packet and the ROC, which takes the tag's place for the moment.
static bool rtp_is_authentic(const struct viewers_srtp_key *key, uint8_t *packet, size_t covered,
                             uint32_t roc)
{
    uint8_t tag[CM_TAG_LEN], want[SHA1_LEN];

    memcpy(tag, packet + covered, sizeof(tag));
    eng_put32(packet + covered, roc);
    hmac(key, packet, covered + WORD_LEN, want);
    memcpy(packet + covered, tag, sizeof(tag));
    return CRYPTO_memcmp(tag, want, sizeof(tag)) == 0;
}

static int open_cm(struct viewers_cipher *c, const struct viewers_srtp *srtp, uint8_t *packet,
                   size_t len, size_t header_len, uint64_t index, uint8_t *out)
{
    size_t covered = len - CM_TAG_LEN;

    if (len < header_len + CM_TAG_LEN ||
        !rtp_is_authentic(&srtp->rtp, packet, covered, (uint32_t)(index >> 16)))
        return -EBADMSG;
    crypt_cm(c, &srtp->rtp, eng_get32(packet + 8), index, packet + header_len, covered - header_len,
             out);
    return (int)(covered - header_len);
}

static int open_rtcp_cm(struct viewers_cipher *c, const struct viewers_srtp *srtp, uint8_t *packet,
                        size_t len)
{
    uint8_t want[SHA1_LEN];
    size_t covered = len - CM_TAG_LEN, text_len = covered - WORD_LEN - RTCP_HEADER_LEN;
    uint32_t word;

    if (len < RTCP_HEADER_LEN + WORD_LEN + CM_TAG_LEN)
        return -EBADMSG;
    hmac(&srtp->rtcp_receive, packet, covered, want);
    word = eng_get32(packet + covered - WORD_LEN);
    if (CRYPTO_memcmp(packet + covered, want, CM_TAG_LEN) != 0 || !(word & SRTCP_E_BIT))
        return -EBADMSG;
    crypt_cm(c, &srtp->rtcp_receive, eng_get32(packet + 4), word & ~SRTCP_E_BIT,
             packet + RTCP_HEADER_LEN, text_len, packet + RTCP_HEADER_LEN);
    return (int)(RTCP_HEADER_LEN + text_len);
}

static size_t seal_rtcp_cm(struct viewers_cipher *c, const struct viewers_srtp *srtp, uint32_t word,
                           uint8_t *packet, size_t len)
{
    uint8_t tag[SHA1_LEN];

    crypt_cm(c, &srtp->rtcp_send, eng_get32(packet + 4), word & ~SRTCP_E_BIT,
             packet + RTCP_HEADER_LEN, len - RTCP_HEADER_LEN, packet + RTCP_HEADER_LEN);
    eng_put32(packet + len, word);
    hmac(&srtp->rtcp_send, packet, len + WORD_LEN, tag);
    memcpy(packet + len + WORD_LEN, tag, CM_TAG_LEN);
    return len + WORD_LEN + CM_TAG_LEN;
}

// ---- AES-GCM ----

static void xor_salt(uint8_t iv[ENG_GCM_IV_LEN], const struct viewers_srtp_key *key)
{
    for (int i = 0; i < ENG_GCM_IV_LEN; i++)
        iv[i] ^= key->salt[i];
}

// RFC 7714 8.1: 0x0000 || SSRC || ROC || SEQ, XOR salt.
static int open_gcm(struct viewers_cipher *c, const struct viewers_srtp *srtp,
                    const uint8_t *packet, size_t len, size_t header_len, uint64_t index,
                    uint8_t *out)
{
    uint8_t iv[ENG_GCM_IV_LEN] = {0};
    size_t text_len = len - header_len - ENG_GCM_TAG_LEN;

    if (len < header_len + ENG_GCM_TAG_LEN)
        return -EBADMSG;
    memcpy(iv + 2, packet + 8, 4);
    eng_put32(iv + 6, (uint32_t)(index >> 16));
    eng_put16(iv + 10, (uint16_t)index);
    xor_salt(iv, &srtp->rtp);
    if (!c->ops->open(expand(c, srtp->rtp.key), iv, packet, header_len, packet + header_len,
                      text_len, out))
        return -EBADMSG;
    return (int)text_len;
}

// RFC 7714 9.1: 0x0000 || SSRC || 0x0000 || index, XOR salt. 9.2: the additional data are the first
// 8 bytes and the word with the E bit and the index.
static void rtcp_nonce(const struct viewers_srtp_key *key, const uint8_t *packet, uint32_t word,
                       uint8_t iv[ENG_GCM_IV_LEN], uint8_t aad[RTCP_HEADER_LEN + WORD_LEN])
{
    memset(iv, 0, ENG_GCM_IV_LEN);
    memcpy(iv + 2, packet + 4, 4);
    eng_put32(iv + 8, word & ~SRTCP_E_BIT);
    xor_salt(iv, key);
    memcpy(aad, packet, RTCP_HEADER_LEN);
    eng_put32(aad + RTCP_HEADER_LEN, word);
}

static int open_rtcp_gcm(struct viewers_cipher *c, const struct viewers_srtp *srtp, uint8_t *packet,
                         size_t len)
{
    uint8_t iv[ENG_GCM_IV_LEN], aad[RTCP_HEADER_LEN + WORD_LEN];
    size_t text_len = len - RTCP_HEADER_LEN - ENG_GCM_TAG_LEN - WORD_LEN;
    uint32_t word;

    if (len < RTCP_HEADER_LEN + ENG_GCM_TAG_LEN + WORD_LEN)
        return -EBADMSG;
    word = eng_get32(packet + len - WORD_LEN);
    rtcp_nonce(&srtp->rtcp_receive, packet, word, iv, aad);
    if (!(word & SRTCP_E_BIT) ||
        !c->ops->open(expand(c, srtp->rtcp_receive.key), iv, aad, sizeof(aad),
                      packet + RTCP_HEADER_LEN, text_len, packet + RTCP_HEADER_LEN))
        return -EBADMSG;
    return (int)(RTCP_HEADER_LEN + text_len);
}

static size_t seal_rtcp_gcm(struct viewers_cipher *c, const struct viewers_srtp *srtp,
                            uint32_t word, uint8_t *packet, size_t len)
{
    uint8_t iv[ENG_GCM_IV_LEN], aad[RTCP_HEADER_LEN + WORD_LEN];

    rtcp_nonce(&srtp->rtcp_send, packet, word, iv, aad);
    c->ops->seal(expand(c, srtp->rtcp_send.key), iv, aad, sizeof(aad), packet + RTCP_HEADER_LEN,
                 len - RTCP_HEADER_LEN, packet + RTCP_HEADER_LEN);
    eng_put32(packet + len + ENG_GCM_TAG_LEN, word);
    return len + ENG_GCM_TAG_LEN + WORD_LEN;
}

// ---- either ----

int viewers_srtp_open(struct viewers_cipher *cipher, const struct viewers_srtp *srtp,
                      uint8_t *packet, size_t len, size_t header_len, int64_t index, uint8_t *out)
{
    if (index < 0)
        return -EBADMSG;
    if (srtp->profile == ENG_SRTP_AEAD_AES_128_GCM)
        return open_gcm(cipher, srtp, packet, len, header_len, (uint64_t)index, out);
    return open_cm(cipher, srtp, packet, len, header_len, (uint64_t)index, out);
}

int viewers_srtp_open_rtcp(struct viewers_cipher *cipher, const struct viewers_srtp *srtp,
                           uint8_t *packet, size_t len)
{
    if (srtp->profile == ENG_SRTP_AEAD_AES_128_GCM)
        return open_rtcp_gcm(cipher, srtp, packet, len);
    return open_rtcp_cm(cipher, srtp, packet, len);
}

size_t viewers_srtp_seal_rtcp(struct viewers_cipher *cipher, struct viewers_srtp *srtp,
                              uint8_t *packet, size_t len)
{
    uint32_t word = SRTCP_E_BIT | srtp->rtcp_index++;

    if (srtp->profile == ENG_SRTP_AEAD_AES_128_GCM)
        return seal_rtcp_gcm(cipher, srtp, word, packet, len);
    return seal_rtcp_cm(cipher, srtp, word, packet, len);
}
