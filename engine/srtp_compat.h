// SPDX-License-Identifier: Apache-2.0
//
// AES128_CM_HMAC_SHA1_80 through libsrtp2, for viewers without GCM. The functions, their
// threads and errors are those of srtp.h. This is libsrtp2's only door.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

struct eng_srtp_compat;

int eng_srtp_compat_create(const struct eng_srtp_keying *keying, const uint32_t *ssrcs,
                           size_t ssrc_count, struct eng_srtp_compat **out);
void eng_srtp_compat_destroy(struct eng_srtp_compat *compat);

// In place; len counts header and payload. Return the new length, 0 on failure.
size_t eng_srtp_compat_seal(struct eng_srtp_compat *compat, uint8_t *packet, size_t len);
size_t eng_srtp_compat_seal_rtcp(struct eng_srtp_compat *compat, uint8_t *packet, size_t len);

// In place. Returns the new length or -EBADMSG.
int eng_srtp_compat_open_rtcp(struct eng_srtp_compat *compat, uint8_t *packet, size_t len);
