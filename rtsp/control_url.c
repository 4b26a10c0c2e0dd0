// SPDX-License-Identifier: Apache-2.0
#include "rtsp/control_url.h"

#include <stdio.h>
#include <string.h>

// "rtsp://rtsp://cam/" and "cam:554/" have been seen in Content-Base.
static bool is_url(struct rtsp_span header)
{
    char text[RTSP_URL_MAX];
    struct rtsp_url url;
    const char *error;

    return rtsp_span_copy(header, text, sizeof(text)) == 0 &&
           rtsp_url_parse(text, &url, &error) == 0;
}

static void find_base(const char *request, const struct rtsp_message *described,
                      char base[RTSP_URL_MAX])
{
    static const char *const headers[] = {"Content-Base", "Content-Location"};

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct rtsp_span header = rtsp_message_header(described, headers[i], 0);
        bool path = header.len > 0 && header.data[0] == '/';

        if ((path || is_url(header)) && rtsp_url_resolve(request, header, base, RTSP_URL_MAX) == 0)
            return;
    }
    snprintf(base, RTSP_URL_MAX, "%s", request);
}

static int resolve(const char *base, const char *reference, char out[RTSP_URL_MAX])
{
    struct rtsp_span span = {reference, strlen(reference)};

    return rtsp_url_resolve(base, span, out, RTSP_URL_MAX);
}

int rtsp_control_url_take(struct rtsp_control_url *control, const char *request,
                          const struct rtsp_message *described, const struct rtsp_sdp *sdp)
{
    char base[RTSP_URL_MAX];
    int rc;

    find_base(request, described, base);
    rc = resolve(base, sdp->control, control->aggregate);
    for (int t = 0; t < ENG_TRACKS && rc == 0; t++)
        rc = resolve(base, sdp->track[t].control, control->track[t]);
    return rc;
}
