// SPDX-License-Identifier: Apache-2.0
#include "control/ice_server.h"

#include <assert.h>
#include <string.h>

const char *ctl_ice_text_fault(const char *text)
{
    size_t len = strlen(text);

    if (len == 0)
        return "is empty";
    if (len > CTL_ICE_TEXT_MAX)
        return "is too long";
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return "has a character that is not printable ASCII";
    return NULL;
}

// The length of the scheme with its colon, 0: it is none of ours.
static size_t scheme_len(const char *url)
{
    static const char *const schemes[] = {"stun:", "stuns:", "turn:", "turns:"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
            return strlen(schemes[i]);
    return 0;
}

const char *ctl_ice_url_fault(const char *url)
{
    const char *fault = ctl_ice_text_fault(url);
    size_t scheme = scheme_len(url);

    if (fault)
        return fault;
    if (scheme == 0)
        return "is of another scheme";
    if (url[scheme] == '\0' || url[scheme] == '/')
        return "names no host";
    return strpbrk(url, " <>\"\\") ? "has a character that is not allowed" : NULL;
}

bool ctl_ice_needs_credential(const char *url)
{
    return url[0] == 't';
}

// A quoted-string (RFC 9110 5.6.4).
static char *write_quoted(char *at, const char *text)
{
    *at++ = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *at++ = '\\';
        *at++ = *text;
    }
    *at++ = '"';
    *at = '\0';
    return at;
}

void ctl_ice_link_write(const struct ctl_ice_server *server, char out[CTL_ICE_LINK_MAX])
{
    char *at = stpcpy(stpcpy(stpcpy(out, "<"), server->url), ">; rel=\"ice-server\"");

    if (server->username && server->credential) {
        at = write_quoted(stpcpy(at, "; username="), server->username);
        at = write_quoted(stpcpy(at, "; credential="), server->credential);
        at = stpcpy(at, "; credential-type=\"password\"");
    }
    assert(at < out + CTL_ICE_LINK_MAX);
}
