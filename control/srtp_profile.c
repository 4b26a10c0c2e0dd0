// SPDX-License-Identifier: Apache-2.0
#include "control/srtp_profile.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum eng_srtp_profile profile;
    const char *name;
} table[] = {
    {ENG_SRTP_AEAD_AES_128_GCM, "AEAD_AES_128_GCM"},
    {ENG_SRTP_AES128_CM_HMAC_SHA1_80, "AES128_CM_HMAC_SHA1_80"},
};

const char *ctl_srtp_profile_name(enum eng_srtp_profile profile)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].profile == profile)
            return table[i].name;
    return NULL;
}

enum eng_srtp_profile ctl_srtp_profile_find(const char *name)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].profile;
    return ENG_SRTP_NONE;
}
