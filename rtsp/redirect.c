// SPDX-License-Identifier: Apache-2.0
#include "rtsp/redirect.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

int rtsp_redirect_read(const struct rtsp_message *message, const struct rtsp_url *from,
                       struct rtsp_url *to, const char **error)
{
    struct rtsp_span location = rtsp_message_header(message, "Location", 0);
    char text[RTSP_URL_MAX + sizeof(from->user) + sizeof(from->password)];
    int rc;

    if (!location.data) {
        *error = "no Location header";
        return -EINVAL;
    }
    *error = "blanks in its Location, or too long a one";
    rc = rtsp_url_resolve(from->request, location, text, sizeof(text));
    if (rc == 0)
        rc = rtsp_url_parse(text, to, error);
    if (rc == 0 && to->user[0] == '\0' && strcasecmp(to->host, from->host) == 0) {
        memcpy(to->user, from->user, sizeof(to->user));
        memcpy(to->password, from->password, sizeof(to->password));
    }
    if (rc == 0)
        to->tunnel = from->tunnel;
    explicit_bzero(text, sizeof(text));
    return rc < 0 ? -EINVAL : 0;
}
