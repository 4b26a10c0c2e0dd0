// SPDX-License-Identifier: Apache-2.0
#include "engine/srtp_compat.h"

#include <errno.h>
#include <pthread.h>
#include <srtp2/srtp.h>
#include <stdlib.h>
#include <string.h>

enum {
    REPLAY_WINDOW = 1024
}; // packets; also how far back a resend can reach

struct eng_srtp_compat {
    srtp_t send;
    srtp_t receive;
};

static int init_result;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_library(void)
{
    init_result = srtp_init() == srtp_err_status_ok ? 0 : -EIO;
}

static int create_session(srtp_t *out, const struct eng_srtp_key *master, srtp_ssrc_type_t type,
                          const uint32_t *ssrcs, size_t ssrc_count)
{
    uint8_t key[ENG_SRTP_KEY_LEN + ENG_SRTP_SALT_MAX];
    srtp_policy_t policy = {.window_size = REPLAY_WINDOW, .allow_repeat_tx = 1};
    int err = 0;

    memcpy(key, master->key, ENG_SRTP_KEY_LEN);
    memcpy(key + ENG_SRTP_KEY_LEN, master->salt, ENG_SRTP_SALT_MAX);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    policy.key = key;
    policy.ssrc.type = type;
    if (srtp_create(out, type == ssrc_specific ? NULL : &policy) != srtp_err_status_ok)
        err = -ENOMEM;
    // One policy per SSRC of ours, so that libsrtp2 has nothing left to allocate when sending.
    for (size_t i = 0; !err && i < ssrc_count; i++) {
        policy.ssrc.value = ssrcs[i];
        if (srtp_add_stream(*out, &policy) != srtp_err_status_ok)
            err = -ENOMEM;
    }
    explicit_bzero(key, sizeof(key));
    return err;
}

int eng_srtp_compat_create(const struct eng_srtp_keying *keying, const uint32_t *ssrcs,
                           size_t ssrc_count, struct eng_srtp_compat **out)
{
    struct eng_srtp_compat *compat;
    int err;

    pthread_once(&once, init_library);
    if (init_result)
        return init_result;
    compat = calloc(1, sizeof(*compat));
    if (!compat)
        return -ENOMEM;
    err = create_session(&compat->send, &keying->send, ssrc_specific, ssrcs, ssrc_count);
    if (!err)
        err = create_session(&compat->receive, &keying->receive, ssrc_any_inbound, NULL, 0);
    if (err) {
        eng_srtp_compat_destroy(compat);
        return err;
    }
    *out = compat;
    return 0;
}

void eng_srtp_compat_destroy(struct eng_srtp_compat *compat)
{
    if (!compat)
        return;
    if (compat->send)
        srtp_dealloc(compat->send);
    if (compat->receive)
        srtp_dealloc(compat->receive);
    free(compat);
}

size_t eng_srtp_compat_seal(struct eng_srtp_compat *compat, uint8_t *packet, size_t len)
{
    int n = (int)len;

    return srtp_protect(compat->send, packet, &n) == srtp_err_status_ok ? (size_t)n : 0;
}

size_t eng_srtp_compat_seal_rtcp(struct eng_srtp_compat *compat, uint8_t *packet, size_t len)
{
    int n = (int)len;

    return srtp_protect_rtcp(compat->send, packet, &n) == srtp_err_status_ok ? (size_t)n : 0;
}

int eng_srtp_compat_open_rtcp(struct eng_srtp_compat *compat, uint8_t *packet, size_t len)
{
    int n = (int)len;

    return srtp_unprotect_rtcp(compat->receive, packet, &n) == srtp_err_status_ok ? n : -EBADMSG;
}
