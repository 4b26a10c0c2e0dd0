// SPDX-License-Identifier: Apache-2.0
//
// What SRTP protection profiles are called in the configuration, in the log and by the API: as IANA
// does (RFC 5764 4.1.2, RFC 7714 14.2), without "SRTP_". Plain functions, any thread.
#pragma once

#include "engine/types.h"

#define CTL_SRTP_PROFILE_NAMES "\"AEAD_AES_128_GCM\" and \"AES128_CM_HMAC_SHA1_80\""

// Static; NULL: ENG_SRTP_NONE.
const char *ctl_srtp_profile_name(enum eng_srtp_profile profile);

// ENG_SRTP_NONE: none has this name.
enum eng_srtp_profile ctl_srtp_profile_find(const char *name);
