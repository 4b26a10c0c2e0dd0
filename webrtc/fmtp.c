// SPDX-License-Identifier: Apache-2.0
#include "webrtc/fmtp.h"

#include <string.h>

bool wrtc_fmtp_next(struct wrtc_text *rest, struct wrtc_text *name, struct wrtc_text *value)
{
    if (!wrtc_text_until(rest, ';', value))
        return false;
    *name = (struct wrtc_text){value->at, value->at};
    wrtc_text_until(value, '=', name);
    *name = wrtc_text_trim(*name);
    *value = wrtc_text_trim(*value);
    return true;
}

bool wrtc_fmtp_number(const char *fmtp, const char *name, uint32_t max, uint32_t *value)
{
    struct wrtc_text rest = wrtc_text_of(fmtp, strlen(fmtp));
    struct wrtc_text found, text;

    while (wrtc_fmtp_next(&rest, &found, &text))
        if (wrtc_text_is_nocase(found, name))
            return wrtc_text_number(text, max, value);
    return true;
}
