// SPDX-License-Identifier: Apache-2.0
#include "control/http_field.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *skip_space(const char *s)
{
    return s + strspn(s, " \t");
}

bool ctl_field_media_type_is(const char *value, const char *type)
{
    size_t len = strlen(type);

    if (!value)
        return false;
    value = skip_space(value);
    if (strncasecmp(value, type, len) != 0)
        return false;
    value = skip_space(value + len);
    return *value == '\0' || *value == ';';
}

// The opaque tag may hold commas, so its end is the closing quote.
static size_t entity_tag_len(const char *s)
{
    const char *close = *s == '"' ? strchr(s + 1, '"') : NULL;

    return close ? (size_t)(close - s) + 1 : 0;
}

bool ctl_field_if_match(const char *value, const char *etag)
{
    value = skip_space(value);
    if (*value == '*')
        return *skip_space(value + 1) == '\0';
    for (;;) {
        bool weak = strncmp(value, "W/", 2) == 0;
        size_t len;

        if (weak)
            value += 2;
        len = entity_tag_len(value);
        if (len == 0)
            return false;
        if (!weak && ((len == strlen(etag) && memcmp(value, etag, len) == 0) ||
                      (len == 3 && value[1] == '*')))
            return true;
        value = skip_space(value + len);
        if (*value != ',')
            return false;
        value = skip_space(value + 1);
    }
}
