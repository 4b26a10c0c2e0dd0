// SPDX-License-Identifier: Apache-2.0
#include "control/consent.h"

#include "control/clock.h"

enum ctl_consent ctl_consent_judge(int64_t heard_ns, int64_t now_ns, int64_t *look_again_ns)
{
    int64_t pause_ns = heard_ns + CTL_CONSENT_PAUSE_S * CTL_NS_PER_SECOND;
    int64_t end_ns = heard_ns + CTL_CONSENT_END_S * CTL_NS_PER_SECOND;
    int64_t poll_ns = now_ns + CTL_CONSENT_POLL_S * CTL_NS_PER_SECOND;

    if (now_ns >= end_ns)
        return CTL_CONSENT_OVER;
    if (now_ns >= pause_ns) {
        *look_again_ns = poll_ns < end_ns ? poll_ns : end_ns;
        return CTL_CONSENT_SILENT;
    }
    *look_again_ns = pause_ns;
    return CTL_CONSENT_GIVEN;
}
