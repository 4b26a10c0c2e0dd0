// SPDX-License-Identifier: Apache-2.0
#include "rtsp/reply.h"

#include <assert.h>

static bool is_known(struct rtsp_span method)
{
    static const char *const known[] = {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "REDIRECT",
                                        "TEARDOWN"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (rtsp_span_is(method, known[i]))
            return true;
    return false;
}

void rtsp_reply_to(const struct rtsp_message *request, const char *session, struct rtsp_outbox *out)
{
    uint32_t cseq = 0;
    bool fits;

    rtsp_span_number(rtsp_message_header(request, "CSeq", 0), UINT32_MAX, &cseq);
    fits = rtsp_outbox_put(out, "RTSP/1.0 %s\r\nCSeq: %u\r\n",
                           is_known(request->method) ? "200 OK" : "501 Not Implemented", cseq);
    if (fits && session[0])
        fits = rtsp_outbox_put(out, "Session: %s\r\n", session);
    if (fits && rtsp_span_is(request->method, "OPTIONS"))
        fits = rtsp_outbox_put(out, "Public: OPTIONS, GET_PARAMETER, SET_PARAMETER\r\n");
    fits = fits && rtsp_outbox_put(out, "\r\n");
    assert(fits);
}
