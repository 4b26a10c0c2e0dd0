// SPDX-License-Identifier: Apache-2.0
#include "webrtc/h265_profile.h"

#include <errno.h>
#include <string.h>

#include "webrtc/fmtp.h"

enum {
    // ITU-T H.265 A.3: values of general_profile_idc.
    MAIN = 1,
    MAIN_10 = 2,
    MAIN_STILL_PICTURE = 3,
    PROFILE_MAX = 31,
    LEVEL_MAX = 255,
    LEVEL_3_1 = 93,
    OTHER_TIER = 10, // further than any profile that will do
};

int wrtc_h265_params_parse(const char *fmtp, struct wrtc_h265_params *out)
{
    static const struct {
        const char *name;
        uint32_t max;
    } number[3] = {{"profile-id", PROFILE_MAX}, {"tier-flag", 1}, {"level-id", LEVEL_MAX}};
    struct wrtc_h265_params params = {.profile = {MAIN, 0, LEVEL_3_1}, .srst = true};
    struct wrtc_text rest = wrtc_text_of(fmtp, strlen(fmtp));
    struct wrtc_text name, value;
    uint32_t n;

    while (wrtc_fmtp_next(&rest, &name, &value)) {
        if (wrtc_text_is_nocase(name, "tx-mode"))
            params.srst = wrtc_text_is_nocase(value, "SRST");
        for (size_t i = 0; i < 3; i++) {
            if (!wrtc_text_is_nocase(name, number[i].name))
                continue;
            if (!wrtc_text_number(value, number[i].max, &n))
                return -EINVAL;
            params.profile[i] = (uint8_t)n;
        }
    }
    *out = params;
    return 0;
}

static int rank(uint8_t profile_id)
{
    switch (profile_id) {
    case MAIN_STILL_PICTURE:
        return 0;
    case MAIN:
        return 1;
    case MAIN_10:
        return 2;
    default:
        return -1;
    }
}

int wrtc_h265_distance(const uint8_t live[3], const uint8_t offered[3])
{
    int from = rank(live[0]);
    int to = rank(offered[0]);
    int distance = to - from;

    if (from < 0 || to < 0) { // range extensions and the like: each fits only itself
        if (live[0] != offered[0])
            return -1;
        distance = 0;
    }
    if (distance < 0)
        return -1;
    return live[1] > offered[1] ? distance + OTHER_TIER : distance;
}

void wrtc_h265_answer(const uint8_t offered[3], const uint8_t live[3], uint8_t out[3])
{
    memcpy(out, offered, 3);
    if (live[2] != 0 && live[2] < out[2])
        out[2] = live[2];
}
