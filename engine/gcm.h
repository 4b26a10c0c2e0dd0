// SPDX-License-Identifier: Apache-2.0
//
// AES-128-GCM with an expanded key, by one of the libraries that were built in: intel-ipsec-mb
// (x86-64, 80 ns per 1,200 bytes) or OpenSSL's EVP (anywhere, 360 ns). init and fini are the
// control thread's (EVP allocates); rekey, seal and open run on the worker and allocate nothing.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ENG_GCM_KEY_LEN = 16,
    ENG_GCM_IV_LEN = 12,
    ENG_GCM_TAG_LEN = 16,
#if ENG_HAVE_IPSEC_MB
    ENG_GCM_STATE_LEN = 1024, // at least its expanded key (checked where it is used)
    ENG_GCM_STATE_ALIGN = 64,
#else
    ENG_GCM_STATE_LEN = 16, // a pointer
    ENG_GCM_STATE_ALIGN = 16,
#endif
};

struct eng_gcm {
    _Alignas(ENG_GCM_STATE_ALIGN) uint8_t state[ENG_GCM_STATE_LEN];
};

struct eng_gcm_ops {
    const char *name;
    bool (*available)(void); // the CPU has what it takes
    int (*init)(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN]); // 0 or -ENOMEM
    void (*fini)(struct eng_gcm *gcm);                                    // wipes the key
    // Another key in place of the one before, in what init has made.
    void (*rekey)(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN]);
    // out gets len bytes of ciphertext and the tag. in and out may be the same, not overlap.
    void (*seal)(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                 size_t aad_len, const uint8_t *in, size_t len, uint8_t *out);
    // in: len bytes of ciphertext and the tag. False: not authentic, out is worthless.
    bool (*open)(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                 size_t aad_len, const uint8_t *in, size_t len, uint8_t *out);
};

extern const struct eng_gcm_ops eng_gcm_ipsec_mb; // only where ENG_HAVE_IPSEC_MB
extern const struct eng_gcm_ops eng_gcm_evp;

// The fastest that works here.
const struct eng_gcm_ops *eng_gcm_best(void);
