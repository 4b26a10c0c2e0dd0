// SPDX-License-Identifier: Apache-2.0
#include "engine/srtp.h"

#include <errno.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/srtp_compat.h"
#include "engine/srtp_kdf.h"

enum {
    RTCP_HEADER_LEN = 8, // fixed header and sender SSRC: authenticated, not encrypted
    INDEX_WORD_LEN = 4,
    REPLAY_WINDOW = 64,
};

#define SRTCP_E_BIT     UINT32_C(0x80000000)
#define SRTCP_INDEX_MAX UINT32_C(0x7fffffff)

static int derive(const struct eng_srtp_key *master, enum eng_srtp_label key_label,
                  enum eng_srtp_label salt_label, struct eng_srtp_session_key *out)
{
    int err = eng_srtp_derive(master, key_label, out->key, sizeof(out->key));

    return err ? err : eng_srtp_derive(master, salt_label, out->salt, sizeof(out->salt));
}

static int init_gcm(struct eng_srtp *srtp, const struct eng_srtp_keying *keying)
{
    int err = derive(&keying->send, ENG_SRTP_LABEL_RTP_KEY, ENG_SRTP_LABEL_RTP_SALT, &srtp->rtp);

    if (!err)
        err = derive(&keying->send, ENG_SRTP_LABEL_RTCP_KEY, ENG_SRTP_LABEL_RTCP_SALT,
                     &srtp->rtcp_send);
    if (!err)
        err = derive(&keying->receive, ENG_SRTP_LABEL_RTCP_KEY, ENG_SRTP_LABEL_RTCP_SALT,
                     &srtp->rtcp_receive);
    srtp->ops = eng_gcm_best();
    if (!err)
        err = srtp->ops->init(&srtp->gcm, srtp->rtp.key);
    if (err)
        explicit_bzero(srtp, sizeof(*srtp));
    return err;
}

int eng_srtp_init(struct eng_srtp *srtp, const struct eng_srtp_keying *keying,
                  const uint32_t *ssrcs, size_t ssrc_count)
{
    int err = -EINVAL;

    memset(srtp, 0, sizeof(*srtp));
    if (keying->profile == ENG_SRTP_AEAD_AES_128_GCM)
        err = init_gcm(srtp, keying);
    else if (keying->profile == ENG_SRTP_AES128_CM_HMAC_SHA1_80)
        err = eng_srtp_compat_create(keying, ssrcs, ssrc_count, &srtp->compat);
    if (!err)
        srtp->profile = keying->profile;
    return err;
}

void eng_srtp_fini(struct eng_srtp *srtp)
{
    if (srtp->profile == ENG_SRTP_AEAD_AES_128_GCM)
        srtp->ops->fini(&srtp->gcm);
    eng_srtp_compat_destroy(srtp->compat);
    explicit_bzero(srtp, sizeof(*srtp));
}

size_t eng_srtp_overhead(const struct eng_srtp *srtp)
{
    return srtp->compat ? 10 : ENG_GCM_TAG_LEN;
}

// The 96 bits of an IV, high and low, XOR salt.
static void make_iv(uint64_t high, uint32_t low, const uint8_t salt[ENG_GCM_IV_LEN],
                    uint8_t iv[ENG_GCM_IV_LEN])
{
    eng_put64(iv, high ^ eng_get64(salt));
    eng_put32(iv + 8, low ^ eng_get32(salt + 8));
}

size_t eng_srtp_seal(struct eng_srtp *srtp, const uint8_t *header, size_t header_len,
                     uint64_t index, const uint8_t *payload, size_t len, uint8_t *out)
{
    uint8_t iv[ENG_GCM_IV_LEN];

    memcpy(out, header, header_len);
    if (srtp->compat) {
        memmove(out + header_len, payload, len);
        return eng_srtp_compat_seal(srtp->compat, out, header_len + len);
    }
    // RFC 7714 8.1: 0x0000 || SSRC || ROC || SEQ, XOR salt.
    make_iv((uint64_t)eng_get32(header + 8) << 16 | (index >> 32 & 0xffff), (uint32_t)index,
            srtp->rtp.salt, iv);
    srtp->ops->seal(&srtp->gcm, iv, header, header_len, payload, len, out + header_len);
    return header_len + len + ENG_GCM_TAG_LEN;
}

// RFC 7714 9.1: 0x0000 || SSRC || 0x0000 || 0 and 31 bits of index, XOR salt. 9.2: the additional
// data are the first 8 bytes and the word with the E bit and the index.
static void rtcp_nonce(const uint8_t *packet, uint32_t word, const uint8_t *salt, uint8_t *iv,
                       uint8_t *aad)
{
    make_iv((uint64_t)eng_get32(packet + 4) << 16, word & SRTCP_INDEX_MAX, salt, iv);
    memcpy(aad, packet, RTCP_HEADER_LEN);
    eng_put32(aad + RTCP_HEADER_LEN, word);
}

size_t eng_srtp_seal_rtcp(struct eng_srtp *srtp, uint8_t *packet, size_t len)
{
    uint8_t iv[ENG_GCM_IV_LEN], aad[RTCP_HEADER_LEN + INDEX_WORD_LEN];
    uint32_t word;

    if (srtp->compat)
        return eng_srtp_compat_seal_rtcp(srtp->compat, packet, len);
    if (srtp->rtcp_index == SRTCP_INDEX_MAX)
        return 0;
    word = SRTCP_E_BIT | srtp->rtcp_index++;
    rtcp_nonce(packet, word, srtp->rtcp_send.salt, iv, aad);
    srtp->ops->rekey(&srtp->gcm, srtp->rtcp_send.key);
    srtp->ops->seal(&srtp->gcm, iv, aad, sizeof(aad), packet + RTCP_HEADER_LEN,
                    len - RTCP_HEADER_LEN, packet + RTCP_HEADER_LEN);
    srtp->ops->rekey(&srtp->gcm, srtp->rtp.key);
    len += ENG_GCM_TAG_LEN;
    eng_put32(packet + len, word);
    return len + INDEX_WORD_LEN;
}

static struct eng_srtcp_replay *find_sender(struct eng_srtp *srtp, uint32_t ssrc)
{
    for (int i = 0; i < ENG_SRTCP_SENDERS_MAX; i++) {
        if (srtp->replay[i].used && srtp->replay[i].ssrc == ssrc)
            return &srtp->replay[i];
    }
    return NULL;
}

static bool replayed(struct eng_srtp *srtp, uint32_t ssrc, uint32_t index)
{
    const struct eng_srtcp_replay *r = find_sender(srtp, ssrc);

    if (!r || index > r->newest)
        return false;
    return r->newest - index >= REPLAY_WINDOW || (r->window >> (r->newest - index) & 1);
}

// Only for what was authentic: nobody else can fill the table.
static void remember(struct eng_srtp *srtp, uint32_t ssrc, uint32_t index)
{
    struct eng_srtcp_replay *r = find_sender(srtp, ssrc);

    if (!r) {
        r = srtp->replay;
        memmove(r + 1, r, (ENG_SRTCP_SENDERS_MAX - 1) * sizeof(*r));
        *r = (struct eng_srtcp_replay){.used = true, .ssrc = ssrc, .newest = index};
    }
    if (index > r->newest) {
        uint32_t ahead = index - r->newest;

        r->window = ahead < REPLAY_WINDOW ? r->window << ahead : 0;
        r->newest = index;
    }
    r->window |= UINT64_C(1) << (r->newest - index);
}

static int open_rtcp_gcm(struct eng_srtp *srtp, const uint8_t *data, size_t len, uint8_t *out)
{
    uint8_t iv[ENG_GCM_IV_LEN], aad[RTCP_HEADER_LEN + INDEX_WORD_LEN];
    size_t text_len;
    uint32_t word, ssrc;
    bool authentic;

    if (len < RTCP_HEADER_LEN + ENG_GCM_TAG_LEN + INDEX_WORD_LEN)
        return -EBADMSG;
    text_len = len - RTCP_HEADER_LEN - ENG_GCM_TAG_LEN - INDEX_WORD_LEN;
    word = eng_get32(data + len - INDEX_WORD_LEN);
    ssrc = eng_get32(data + 4);
    // WebRTC allows no unencrypted SRTCP (RFC 8827 6.5).
    if (!(word & SRTCP_E_BIT) || replayed(srtp, ssrc, word & SRTCP_INDEX_MAX))
        return -EBADMSG;
    rtcp_nonce(data, word, srtp->rtcp_receive.salt, iv, aad);
    srtp->ops->rekey(&srtp->gcm, srtp->rtcp_receive.key);
    authentic = srtp->ops->open(&srtp->gcm, iv, aad, sizeof(aad), data + RTCP_HEADER_LEN, text_len,
                                out + RTCP_HEADER_LEN);
    srtp->ops->rekey(&srtp->gcm, srtp->rtp.key);
    if (!authentic)
        return -EBADMSG;
    remember(srtp, ssrc, word & SRTCP_INDEX_MAX);
    memcpy(out, data, RTCP_HEADER_LEN);
    return (int)(RTCP_HEADER_LEN + text_len);
}

int eng_srtp_open_rtcp(struct eng_srtp *srtp, const uint8_t *data, size_t len, uint8_t *out)
{
    if (!srtp->compat)
        return open_rtcp_gcm(srtp, data, len, out);
    memcpy(out, data, len);
    return eng_srtp_compat_open_rtcp(srtp->compat, out, len);
}
