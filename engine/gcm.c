// SPDX-License-Identifier: Apache-2.0
#include "engine/gcm.h"

const struct eng_gcm_ops *eng_gcm_best(void)
{
#if ENG_HAVE_IPSEC_MB
    if (eng_gcm_ipsec_mb.available())
        return &eng_gcm_ipsec_mb;
#endif
    return &eng_gcm_evp;
}
