// SPDX-License-Identifier: Apache-2.0
#include "engine/srtp_kdf.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

int eng_srtp_derive(const struct eng_srtp_key *master, enum eng_srtp_label label, uint8_t *out,
                    size_t len)
{
    static const uint8_t zeros[32];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t iv[16] = {0};
    int done, err = -EIO;

    assert(len <= sizeof(zeros));
    // x = (label || r) XOR salt with r = 0: the label stands 6 bytes above the salt's end.
    memcpy(iv, master->salt, sizeof(master->salt));
    iv[7] ^= (uint8_t)label;
    if (ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ctr(), NULL, master->key, iv) == 1 &&
        EVP_EncryptUpdate(ctx, out, &done, zeros, (int)len) == 1)
        err = 0;
    EVP_CIPHER_CTX_free(ctx);
    return err;
}
