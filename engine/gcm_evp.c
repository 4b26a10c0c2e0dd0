// SPDX-License-Identifier: Apache-2.0
#include "engine/gcm.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

static EVP_CIPHER_CTX *ctx_of(const struct eng_gcm *gcm)
{
    EVP_CIPHER_CTX *ctx;

    memcpy(&ctx, gcm->state, sizeof(ctx));
    return ctx;
}

static bool evp_available(void)
{
    return true;
}

static int evp_init(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN])
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!ctx || EVP_CipherInit_ex(ctx, EVP_aes_128_gcm(), NULL, key, NULL, 1) != 1) {
        EVP_CIPHER_CTX_free(ctx);
        return -ENOMEM;
    }
    memcpy(gcm->state, &ctx, sizeof(ctx));
    return 0;
}

static void evp_rekey(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN])
{
    int ok = EVP_CipherInit_ex(ctx_of(gcm), NULL, NULL, key, NULL, 1);

    assert(ok == 1);
}

static void evp_fini(struct eng_gcm *gcm)
{
    EVP_CIPHER_CTX_free(ctx_of(gcm));
    explicit_bzero(gcm, sizeof(*gcm));
}

// Feeds additional data, then the text. Neither call can fail once the key is set.
static void evp_run(EVP_CIPHER_CTX *ctx, const uint8_t *iv, int encrypt, const uint8_t *aad,
                    size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    int n, ok = EVP_CipherInit_ex(ctx, NULL, NULL, NULL, iv, encrypt);

    ok &= EVP_CipherUpdate(ctx, NULL, &n, aad, (int)aad_len);
    ok &= EVP_CipherUpdate(ctx, out, &n, in, (int)len);
    assert(ok == 1);
}

static void evp_seal(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                     size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = ctx_of(gcm);
    int n, ok;

    evp_run(ctx, iv, 1, aad, aad_len, in, len, out);
    ok = EVP_EncryptFinal_ex(ctx, out + len, &n);
    ok &= EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, ENG_GCM_TAG_LEN, out + len);
    assert(ok == 1);
}

static bool evp_open(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                     size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = ctx_of(gcm);
    uint8_t tag[ENG_GCM_TAG_LEN];
    int n;

    memcpy(tag, in + len, sizeof(tag)); // the call below takes no const, and in may be out
    evp_run(ctx, iv, 0, aad, aad_len, in, len, out);
    return EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, ENG_GCM_TAG_LEN, tag) == 1 &&
           EVP_DecryptFinal_ex(ctx, out + len, &n) == 1;
}

const struct eng_gcm_ops eng_gcm_evp = {
    .name = "OpenSSL EVP",
    .available = evp_available,
    .init = evp_init,
    .fini = evp_fini,
    .rekey = evp_rekey,
    .seal = evp_seal,
    .open = evp_open,
};
