// SPDX-License-Identifier: Apache-2.0
#include "rtsp/headers.h"

#include <string.h>

void rtsp_headers_session(const struct rtsp_message *message, char id[RTSP_SESSION_MAX],
                          uint32_t *timeout_s)
{
    struct rtsp_span rest = rtsp_message_header(message, "Session", 0);
    struct rtsp_span part;
    struct rtsp_span word;
    char found[RTSP_SESSION_MAX];
    uint32_t seconds = 0;

    if (!rtsp_span_cut(&rest, ';', &part))
        return;
    part = rtsp_span_trim(part);
    rtsp_span_cut(&part, ' ', &word);
    if (word.len > 0 && rtsp_span_copy(word, found, sizeof(found)) == 0)
        memcpy(id, found, word.len + 1);
    while (rtsp_span_cut(&rest, ';', &part)) {
        rtsp_span_cut(&part, '=', &word);
        if (rtsp_span_is(rtsp_span_trim(word), "timeout"))
            rtsp_span_number(rtsp_span_trim(part), UINT32_MAX, &seconds);
    }
    if (seconds == 0)
        return;
    if (seconds < RTSP_SESSION_MIN_S)
        seconds = RTSP_SESSION_MIN_S;
    *timeout_s = seconds < RTSP_SESSION_MAX_S ? seconds : RTSP_SESSION_MAX_S;
}

bool rtsp_headers_public(const struct rtsp_message *message, const char *method)
{
    for (size_t nth = 0;; nth++) {
        struct rtsp_span list = rtsp_message_header(message, "Public", nth);
        struct rtsp_span part;

        if (!list.data)
            return false;
        while (rtsp_span_cut(&list, ',', &part))
            if (rtsp_span_is(rtsp_span_trim(part), method))
                return true;
    }
}
