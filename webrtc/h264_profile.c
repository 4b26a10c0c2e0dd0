// SPDX-License-Identifier: Apache-2.0
#include "webrtc/h264_profile.h"

#include <errno.h>
#include <string.h>

#include "webrtc/fmtp.h"

static bool parse_profile_level_id(struct wrtc_text text, uint8_t out[3])
{
    if (wrtc_text_len(text) != 6)
        return false;
    for (size_t i = 0; i < 3; i++) {
        int high = wrtc_text_hex_digit(text.at[2 * i]);
        int low = wrtc_text_hex_digit(text.at[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

int wrtc_h264_params_parse(const char *fmtp, struct wrtc_h264_params *out)
{
    struct wrtc_h264_params params = {.profile_level_id = {0x42, 0x00, 0x0a}};
    struct wrtc_text rest = wrtc_text_of(fmtp, strlen(fmtp));
    struct wrtc_text name, value;
    uint32_t number;

    while (wrtc_fmtp_next(&rest, &name, &value)) {
        if (wrtc_text_is_nocase(name, "profile-level-id")) {
            if (!parse_profile_level_id(value, params.profile_level_id))
                return -EINVAL;
        } else if (wrtc_text_is_nocase(name, "packetization-mode")) {
            if (!wrtc_text_number(value, 2, &number))
                return -EINVAL;
            params.packetization_mode = number;
        } else if (wrtc_text_is_nocase(name, "level-asymmetry-allowed")) {
            if (!wrtc_text_number(value, 1, &number))
                return -EINVAL;
            params.level_asymmetry_allowed = number == 1;
        }
    }
    *out = params;
    return 0;
}

enum wrtc_h264_profile wrtc_h264_profile_of(const uint8_t profile_level_id[3])
{
    // Constraint flags are set0 to set5 from the highest bit down. Those that the table's patterns
    // want to be zero are not looked at: in an SPS they only narrow the stream further.
    static const struct {
        uint8_t idc, mask, flags;
        enum wrtc_h264_profile profile;
    } table[] = {
        {66, 0x40, 0x40, WRTC_H264_CONSTRAINED_BASELINE},
        {66, 0x00, 0x00, WRTC_H264_BASELINE},
        {77, 0x80, 0x80, WRTC_H264_CONSTRAINED_BASELINE},
        {77, 0x00, 0x00, WRTC_H264_MAIN},
        {88, 0xc0, 0xc0, WRTC_H264_CONSTRAINED_BASELINE},
        {88, 0x80, 0x80, WRTC_H264_BASELINE},
        {88, 0x00, 0x00, WRTC_H264_EXTENDED},
        {100, 0x0c, 0x0c, WRTC_H264_CONSTRAINED_HIGH},
        {100, 0x00, 0x00, WRTC_H264_HIGH},
        {110, 0x10, 0x00, WRTC_H264_HIGH_10},
        {122, 0x10, 0x00, WRTC_H264_HIGH_422},
        {244, 0x10, 0x00, WRTC_H264_HIGH_444},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (profile_level_id[0] == table[i].idc &&
            (profile_level_id[1] & table[i].mask) == table[i].flags)
            return table[i].profile;
    }
    return WRTC_H264_OTHER;
}

// A decoder for the profile offered decodes every stream of the profile live.
static bool contains(enum wrtc_h264_profile offered, enum wrtc_h264_profile live)
{
    switch (live) {
    case WRTC_H264_CONSTRAINED_BASELINE:
        return true;
    case WRTC_H264_BASELINE:
        return offered == WRTC_H264_EXTENDED;
    case WRTC_H264_EXTENDED:
        return false;
    case WRTC_H264_MAIN:
        return offered >= WRTC_H264_HIGH;
    default:
        return offered > live;
    }
}

int wrtc_h264_distance(const uint8_t live[3], const uint8_t offered[3])
{
    static const uint8_t unknown[3];
    bool known = memcmp(live, unknown, sizeof(unknown)) != 0;
    enum wrtc_h264_profile from =
        known ? wrtc_h264_profile_of(live) : WRTC_H264_CONSTRAINED_BASELINE;
    enum wrtc_h264_profile to = wrtc_h264_profile_of(offered);
    int step = (int)to - (int)from;

    if (from == WRTC_H264_OTHER || to == WRTC_H264_OTHER)
        return memcmp(live, offered, 2) == 0 ? 0 : -1;
    if (step == 0)
        return 0;
    if (step > 0 && contains(to, from))
        return step;
    if (from > WRTC_H264_HIGH)
        return -1;
    // Of two equally far the lower: more decoders have it.
    return WRTC_H264_BEYOND + (step < 0 ? -2 * step : 2 * step + 1);
}

void wrtc_h264_answer(const struct wrtc_h264_params *offered, const uint8_t live[3], uint8_t out[3])
{
    memcpy(out, offered->profile_level_id, 3);
    if (live[2] != 0 && (offered->level_asymmetry_allowed || live[2] < out[2]))
        out[2] = live[2];
}
