// SPDX-License-Identifier: Apache-2.0
#include "control/credentials.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "control/base64.h"

static bool copy(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size || memchr(text, '\0', len))
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool split(struct ctl_credentials *out, const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    size_t user_len = colon ? (size_t)(colon - text) : 0;

    return colon && copy(out->user, sizeof(out->user), text, user_len) &&
           copy(out->password, sizeof(out->password), colon + 1, len - user_len - 1);
}

static bool read_basic(struct ctl_credentials *out, const char *text)
{
    char plain[CTL_USER_MAX + CTL_TOKEN_MAX];
    ssize_t len = ctl_base64_decode(text, strlen(text), (uint8_t *)plain, sizeof(plain));
    bool ok = len >= 0 && split(out, plain, (size_t)len);

    explicit_bzero(plain, sizeof(plain));
    return ok;
}

static bool read_bearer(struct ctl_credentials *out, const char *text)
{
    size_t len = strlen(text);

    return memchr(text, ':', len) ? split(out, text, len)
                                  : copy(out->token, sizeof(out->token), text, len);
}

static bool read_authorization(struct ctl_credentials *out, const char *value)
{
    static const struct {
        const char *scheme;
        bool (*read)(struct ctl_credentials *out, const char *text);
    } schemes[] = {{"Basic ", read_basic}, {"Bearer ", read_bearer}};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i].scheme);

        if (strncasecmp(value, schemes[i].scheme, len) == 0)
            return schemes[i].read(out, value + len + strspn(value + len, " "));
    }
    return false;
}

// A token has no character that a URL would have to encode (RFC 6750 2.1, RFC 7515 3), but for the
// '+', '/' and '=' of plain base64, which are taken as they stand.
static bool read_parameter(struct ctl_credentials *out, const char *query, const char *name)
{
    size_t name_len = strlen(name);

    while (query) {
        const char *end = strchrnul(query, '&');

        if (strncmp(query, name, name_len) == 0 && query[name_len] == '=')
            return copy(out->token, sizeof(out->token), query + name_len + 1,
                        (size_t)(end - query) - name_len - 1);
        query = *end ? end + 1 : NULL;
    }
    return false;
}

bool ctl_credentials_read(struct ctl_credentials *out, const char *authorization, const char *query)
{
    bool found = false;

    memset(out, 0, sizeof(*out));
    if (authorization)
        found = read_authorization(out, authorization);
    else if (query)
        found = read_parameter(out, query, "token") || read_parameter(out, query, "jwt");
    if (!found || (!out->user[0] && !out->password[0] && !out->token[0])) {
        ctl_credentials_wipe(out);
        return false;
    }
    return true;
}

const char *ctl_credentials_token(const struct ctl_credentials *credentials)
{
    return credentials->token[0] ? credentials->token : credentials->password;
}

void ctl_credentials_wipe(struct ctl_credentials *credentials)
{
    explicit_bzero(credentials, sizeof(*credentials));
}
