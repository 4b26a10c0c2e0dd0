// SPDX-License-Identifier: Apache-2.0
#include "rtsp/redirect.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

// 0, or -EINVAL with *error set to a static string.
static int read_location(const struct rtsp_message *message, const struct rtsp_url *from,
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

int rtsp_redirect_follow(const struct rtsp_message *message, struct rtsp_url *url, unsigned *hops,
                         char *text, size_t size)
{
    char what[] = "REDIRECT";
    struct rtsp_url next = {0};
    const char *error;
    int rc = -EINVAL;

    if (!message->request)
        snprintf(what, sizeof(what), "%u", message->status % 1000);
    if (read_location(message, url, &next, &error) < 0) {
        snprintf(text, size, "%s from %.64s leads nowhere: %s", what, url->host, error);
    } else if (*hops == RTSP_REDIRECTS_MAX) {
        snprintf(text, size,
                 "%s from %.64s: more than %d redirects; put the final URL into the configuration",
                 what, url->host, RTSP_REDIRECTS_MAX);
    } else if (url->user[0] && url->tls && !next.tls) {
        snprintf(text, size,
                 "%s from %.48s leads from rtsps to rtsp, which would show the password; use rtsps",
                 what, url->host);
    } else {
        *url = next;
        ++*hops;
        rc = 0;
    }
    explicit_bzero(&next, sizeof(next));
    return rc;
}
