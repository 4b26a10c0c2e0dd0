// SPDX-License-Identifier: Apache-2.0
//
// libsrtp2 as the other side of our SRTP, and sockets on loopback to meet it on. Included after
// cmocka.
#pragma once

#include <arpa/inet.h>
#include <srtp2/srtp.h>
#include <string.h>
#include <unistd.h>

#include "engine/srtp.h"

enum {
    ORACLE_REPLAY_WINDOW = 4096,
};

// libsrtp2 wants to be initialised once per process, which the compat profile does. 0 or -errno.
static inline int oracle_init(void)
{
    struct eng_srtp_keying keying = {.profile = ENG_SRTP_AES128_CM_HMAC_SHA1_80};
    struct eng_srtp srtp;
    int err = eng_srtp_init(&srtp, &keying, NULL, 0);

    if (!err)
        eng_srtp_fini(&srtp);
    return err;
}

// One direction. Free with srtp_dealloc.
static inline srtp_t oracle_create(enum eng_srtp_profile profile, const struct eng_srtp_key *master,
                                   srtp_ssrc_type_t type)
{
    srtp_policy_t policy = {.window_size = ORACLE_REPLAY_WINDOW, .allow_repeat_tx = 1};
    uint8_t key[ENG_SRTP_KEY_LEN + ENG_SRTP_SALT_MAX];
    srtp_t session;

    memcpy(key, master->key, ENG_SRTP_KEY_LEN);
    memcpy(key + ENG_SRTP_KEY_LEN, master->salt, ENG_SRTP_SALT_MAX);
    if (profile == ENG_SRTP_AEAD_AES_128_GCM) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
        srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
    } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
    }
    policy.key = key;
    policy.ssrc.type = type;
    assert_int_equal(srtp_create(&session, &policy), srtp_err_status_ok);
    return session;
}

static inline struct eng_addr loopback_addr(uint16_t port)
{
    struct eng_addr a = {0};

    a.in4.sin_family = AF_INET;
    a.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.in4.sin_port = htons(port);
    return a;
}

// A UDP socket on a port that the kernel chose.
static inline int loopback_socket(struct eng_addr *addr)
{
    socklen_t len = sizeof(*addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int size = 1 << 20;

    *addr = loopback_addr(0);
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    assert_int_equal(bind(fd, &addr->sa, sizeof(addr->in4)), 0);
    assert_int_equal(getsockname(fd, &addr->sa, &len), 0);
    return fd;
}
