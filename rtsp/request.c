// SPDX-License-Identifier: Apache-2.0
#include "rtsp/request.h"

static bool put_header(struct rtsp_outbox *out, const char *name, const char *value)
{
    return !value || value[0] == '\0' || rtsp_outbox_put(out, "%s: %s\r\n", name, value);
}

bool rtsp_request_put(struct rtsp_outbox *out, const struct rtsp_request *request)
{
    size_t before = out->len;

    if (rtsp_outbox_put(out, "%s %s RTSP/1.0\r\nCSeq: %u\r\nUser-Agent: rtcfan\r\n",
                        request->method, request->url, request->cseq) &&
        put_header(out, "Authorization", request->authorization) &&
        put_header(out, "Accept", request->accept) &&
        put_header(out, "Transport", request->transport) &&
        put_header(out, "Session", request->session) && put_header(out, "Range", request->range) &&
        rtsp_outbox_put(out, "\r\n"))
        return true;
    rtsp_outbox_cut(out, before);
    return false;
}
