// SPDX-License-Identifier: Apache-2.0
#include "rtsp/refusal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *hint_for(unsigned status)
{
    switch (status) {
    case 401:
        return "wrong user or password in the source URL";
    case 403:
        return "the user may not see this stream; check its rights in the camera";
    case 404:
        return "no such stream; check the path in the source URL";
    case 453:
    case 503:
        return "it is too busy; check how many clients it allows";
    case 461:
        return "it refuses this transport; allow it in the camera, or set another one for the source";
    default:
        return NULL;
    }
}

void rtsp_refusal_describe(const struct rtsp_message *response, const char *method,
                           const char *host, char *out, size_t size)
{
    const char *hint = hint_for(response->status);
    char reason[40];

    if (hint) {
        snprintf(out, size, "%u from %.64s: %s", response->status, host, hint);
        return;
    }
    if (!rtsp_span_is_printable(response->reason) ||
        rtsp_span_copy(response->reason, reason, sizeof(reason)) < 0)
        reason[0] = '\0';
    snprintf(out, size, "%u %s from %.64s in answer to %s; look into its log", response->status,
             reason, host, method);
}

void rtsp_refusal_challenge(int rc, const char *host, char *out, size_t size)
{
    if (rc == -ENOKEY)
        snprintf(out, size,
                 "401 from %.64s: it wants a user and password; put them into the source URL",
                 host);
    else if (rc == -ENOTSUP)
        snprintf(out, size,
                 "401 from %.64s: it offers neither Basic nor Digest with MD5 or SHA-256", host);
    else
        snprintf(out, size, "cannot answer the challenge of %.64s: %s", host, strerror(-rc));
}
