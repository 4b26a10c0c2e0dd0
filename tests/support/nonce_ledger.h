// SPDX-License-Identifier: Apache-2.0
//
// A book of all that the engine ever sealed, and a struct eng_gcm_ops that writes into it instead
// of encrypting. For tests that run the engine in their own thread; the program must define
// eng_gcm_best() to return &ledger_gcm, and tell ledger_learn() of each viewer it adds.
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/viewer.h"

enum {
    LANES_MAX = 8, // SSRCs that one key may seal for
    TORN_MAX = ENG_SENDS_MAX * ENG_TRAIN_MAX,
};

enum use {
    USE_RTP,
    USE_RTCP,
    USES
};

// One SSRC under one key: a digest of what each index was sealed with, 0: not used yet.
struct lane {
    bool used;
    uint32_t ssrc;
    uint64_t *digests;
    uint64_t size;
};

// One viewer's keys, from join to leave. The fake cipher keeps a pointer to it and the current use
// in its state.
struct life {
    struct eng_srtp_session_key session[USES];
    struct lane lanes[USES][LANES_MAX];
};

struct cipher {
    struct life *life;
    enum use use;
};

_Static_assert(sizeof(struct cipher) <= ENG_GCM_STATE_LEN, "the cipher's state is the life's");

static struct {
    // Called while a packet is being sealed: true if something may have been published meanwhile.
    bool (*disturb)(void);
    uint64_t sealed, resealed, wrapped, torn, conflicts;
    // Ciphertexts whose text changed while it was being read: none may be pushed.
    const uint8_t *torn_at[TORN_MAX];
    size_t torn_count;
} ledger;

static uint64_t digest(uint64_t hash, const uint8_t *data, size_t len)
{
    uint64_t word;

    for (; len >= 8; len -= 8, data += 8) {
        memcpy(&word, data, 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    word = len;
    memcpy(&word, data, len < 7 ? len : 7);
    hash = (hash ^ word ^ (uint64_t)len << 56) * UINT64_C(0xbf58476d1ce4e5b9);
    return hash ^ hash >> 32;
}

static struct lane *lane_of(struct life *life, enum use use, uint32_t ssrc)
{
    struct lane *lane = life->lanes[use];

    for (; lane < life->lanes[use] + LANES_MAX; lane++) {
        if (!lane->used) {
            lane->used = true;
            lane->ssrc = ssrc;
        }
        if (lane->ssrc == ssrc)
            return lane;
    }
    abort();
}

static void make_room(struct lane *lane, uint64_t index)
{
    uint64_t size = lane->size > 0 ? lane->size : 1024;

    if (index < lane->size)
        return;
    while (size <= index)
        size *= 2;
    lane->digests = realloc(lane->digests, size * sizeof(*lane->digests));
    assert_non_null(lane->digests);
    memset(lane->digests + lane->size, 0, (size - lane->size) * sizeof(*lane->digests));
    lane->size = size;
}

// False: this nonce has sealed something else before.
static bool note(struct life *life, enum use use, const uint8_t iv[ENG_GCM_IV_LEN], uint64_t what)
{
    uint8_t nonce[ENG_GCM_IV_LEN];
    struct lane *lane;
    uint64_t index;

    for (int i = 0; i < ENG_GCM_IV_LEN; i++)
        nonce[i] = iv[i] ^ life->session[use].salt[i];
    // RFC 7714 8.1 and 9.1: what is no SSRC and no index is zero.
    assert_int_equal(eng_get16(nonce), 0);
    index = (uint64_t)eng_get16(nonce + 6) << 32 | eng_get32(nonce + 8);
    lane = lane_of(life, use, eng_get32(nonce + 2));
    make_room(lane, index);
    what |= 1;
    ledger.sealed++;
    ledger.wrapped += use == USE_RTP && index > UINT16_MAX;
    ledger.resealed += lane->digests[index] != 0;
    if (lane->digests[index] != 0 && lane->digests[index] != what)
        return false;
    lane->digests[index] = what;
    return true;
}

static void free_life(struct life *life)
{
    for (int use = 0; use < USES; use++) {
        for (int i = 0; i < LANES_MAX; i++)
            free(life->lanes[use][i].digests);
    }
    free(life);
}

// ---- in place of the cipher ----

static struct cipher *cipher_of(struct eng_gcm *gcm)
{
    return (struct cipher *)(void *)gcm->state;
}

static bool always(void)
{
    return true;
}

static int fake_init(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN])
{
    struct life *life = calloc(1, sizeof(*life));

    if (!life)
        return -ENOMEM;
    memcpy(life->session[USE_RTP].key, key, ENG_GCM_KEY_LEN);
    *cipher_of(gcm) = (struct cipher){life, USE_RTP};
    return 0;
}

static void fake_fini(struct eng_gcm *gcm)
{
    free_life(cipher_of(gcm)->life);
}

static void fake_rekey(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN])
{
    struct cipher *cipher = cipher_of(gcm);
    bool rtp = memcmp(key, cipher->life->session[USE_RTP].key, ENG_GCM_KEY_LEN) == 0;

    cipher->use = rtp ? USE_RTP : USE_RTCP;
}

enum {
    INDEX_LEN = 4 // behind the tag of SRTCP; in front of a tag lie more bytes of header than that
};

// The place is written anew: what was torn there is no more.
static void forget_torn(const uint8_t *out, size_t header_len, size_t len)
{
    const uint8_t *begin = out - header_len, *end = out + len + ENG_GCM_TAG_LEN + INDEX_LEN;

    for (size_t i = 0; i < ledger.torn_count; i++) {
        if (ledger.torn_at[i] >= begin && ledger.torn_at[i] < end)
            ledger.torn_at[i--] = ledger.torn_at[--ledger.torn_count];
    }
}

static void fake_seal(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                      size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    struct cipher *cipher = cipher_of(gcm);
    uint64_t what = digest(digest(0, aad, aad_len), in, len);

    if (ledger.torn_count > 0)
        forget_torn(out, aad_len, len);
    if (cipher->use == USE_RTP && ledger.disturb() &&
        what != digest(digest(0, aad, aad_len), in, len)) {
        ledger.torn++;
        assert_true(ledger.torn_count < sizeof(ledger.torn_at) / sizeof(*ledger.torn_at));
        ledger.torn_at[ledger.torn_count++] = out;
        return;
    }
    if (!note(cipher->life, cipher->use, iv, what))
        ledger.conflicts++;
}

static bool fake_open(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                      size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    (void)gcm;
    (void)iv;
    (void)aad;
    (void)aad_len;
    memcpy(out, in, len);
    return true;
}

static const struct eng_gcm_ops ledger_gcm = {
    .name = "ledger",
    .available = always,
    .init = fake_init,
    .fini = fake_fini,
    .rekey = fake_rekey,
    .seal = fake_seal,
    .open = fake_open,
};

// The rest of a viewer's keys; SRTCP's are not in the cipher when it is made.
static inline void ledger_learn(struct eng_viewer *viewer)
{
    struct life *life = cipher_of(&viewer->srtp.gcm)->life;

    life->session[USE_RTP] = viewer->srtp.rtp;
    life->session[USE_RTCP] = viewer->srtp.rtcp_send;
}

// None of this may leave: its text changed while it was read.
static inline bool ledger_is_torn(const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < ledger.torn_count; i++) {
        if (ledger.torn_at[i] >= data && ledger.torn_at[i] < data + len)
            return true;
    }
    return false;
}
