// SPDX-License-Identifier: Apache-2.0
//
// SRTP key derivation, AES-CM PRF with a key derivation rate of 0 (RFC 3711 4.3.1 to 4.3.3; RFC
// 7714 11 uses the same for GCM). Control thread: it allocates for the time of the call.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

enum eng_srtp_label {
    ENG_SRTP_LABEL_RTP_KEY = 0,
    ENG_SRTP_LABEL_RTP_AUTH = 1,
    ENG_SRTP_LABEL_RTP_SALT = 2,
    ENG_SRTP_LABEL_RTCP_KEY = 3,
    ENG_SRTP_LABEL_RTCP_AUTH = 4,
    ENG_SRTP_LABEL_RTCP_SALT = 5,
};

// Writes len bytes (at most 32) of session key. 0 or -EIO.
int eng_srtp_derive(const struct eng_srtp_key *master, enum eng_srtp_label label, uint8_t *out,
                    size_t len);
