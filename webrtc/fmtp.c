// SPDX-License-Identifier: Apache-2.0
#include "webrtc/fmtp.h"

#include <string.h>

#include "webrtc/text.h"

bool wrtc_fmtp_number(const char *fmtp, const char *name, uint32_t max, uint32_t *value)
{
    struct wrtc_text rest = wrtc_text_of(fmtp, strlen(fmtp));
    struct wrtc_text text;

    while (wrtc_text_until(&rest, ';', &text)) {
        struct wrtc_text found = {text.at, text.at};

        wrtc_text_until(&text, '=', &found);
        if (wrtc_text_is_nocase(wrtc_text_trim(found), name))
            return wrtc_text_number(wrtc_text_trim(text), max, value);
    }
    return true;
}
