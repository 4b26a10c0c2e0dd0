// SPDX-License-Identifier: Apache-2.0
#include "engine/gcm.h"

#if ENG_HAVE_IPSEC_MB

#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <string.h>

_Static_assert(sizeof(struct gcm_key_data) <= ENG_GCM_STATE_LEN, "state holds an expanded key");

// The manager is a table of functions for this CPU; the direct GCM calls keep no state in it, so
// all threads share it.
static IMB_MGR *manager;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_manager(void)
{
    manager = alloc_mb_mgr(0);
    if (manager)
        init_mb_mgr_auto(manager, NULL);
}

static bool ipsec_available(void)
{
    pthread_once(&once, make_manager);
    return manager && imb_get_errno(manager) == 0;
}

static struct gcm_key_data *key_of(struct eng_gcm *gcm)
{
    return (struct gcm_key_data *)(void *)gcm->state;
}

static void ipsec_rekey(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN])
{
    IMB_AES128_GCM_PRE(manager, key, key_of(gcm));
}

static int ipsec_init(struct eng_gcm *gcm, const uint8_t key[ENG_GCM_KEY_LEN])
{
    pthread_once(&once, make_manager);
    ipsec_rekey(gcm, key);
    return 0;
}

static void ipsec_fini(struct eng_gcm *gcm)
{
    explicit_bzero(gcm, sizeof(*gcm));
}

static void ipsec_seal(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                       size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    struct gcm_context_data ctx;

    IMB_AES128_GCM_ENC(manager, key_of(gcm), &ctx, out, in, len, iv, aad, aad_len, out + len,
                       ENG_GCM_TAG_LEN);
}

static bool ipsec_open(struct eng_gcm *gcm, const uint8_t iv[ENG_GCM_IV_LEN], const uint8_t *aad,
                       size_t aad_len, const uint8_t *in, size_t len, uint8_t *out)
{
    struct gcm_context_data ctx;
    uint8_t tag[ENG_GCM_TAG_LEN], differs = 0;

    IMB_AES128_GCM_DEC(manager, key_of(gcm), &ctx, out, in, len, iv, aad, aad_len, tag,
                       ENG_GCM_TAG_LEN);
    for (int i = 0; i < ENG_GCM_TAG_LEN; i++)
        differs |= tag[i] ^ in[len + (size_t)i];
    return differs == 0;
}

const struct eng_gcm_ops eng_gcm_ipsec_mb = {
    .name = "intel-ipsec-mb",
    .available = ipsec_available,
    .init = ipsec_init,
    .fini = ipsec_fini,
    .rekey = ipsec_rekey,
    .seal = ipsec_seal,
    .open = ipsec_open,
};

#endif
