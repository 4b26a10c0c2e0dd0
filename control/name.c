// SPDX-License-Identifier: Apache-2.0
#include "control/name.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "control/route.h"

enum {
    DNS_NAME_MAX = 253, // characters of a name as text (RFC 1035 2.3.4)
};

static bool only_of(const char *text, size_t len, const char *marks)
{
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr(marks, text[i]))
            return false;
    return true;
}

static bool segment_is(const char *segment, size_t len, const char *word)
{
    return len == strlen(word) && memcmp(segment, word, len) == 0;
}

// A stream of that name could not be opened by its short address.
static bool is_path_of_ours(const char *name)
{
    char path[CTL_NAME_MAX + 1];

    snprintf(path, sizeof(path), "/%s", name);
    return ctl_route_parse(path).kind != CTL_ROUTE_PLAYER_BARE;
}

const char *ctl_name_fault(const char *name)
{
    const char *whole = name;
    size_t len = strlen(name);

    if (len == 0)
        return "is empty";
    if (len >= CTL_NAME_MAX)
        return "is too long";
    if (name[0] == '/')
        return "begins with '/'";
    for (;; name += len + 1) {
        len = strcspn(name, "/");
        if (len == 0)
            return "has an empty segment";
        if (segment_is(name, len, ".") || segment_is(name, len, ".."))
            return "has '.' or '..' as a segment";
        if (segment_is(name, len, "whep"))
            return "has 'whep' as a segment";
        if (!only_of(name, len, "._-"))
            return "has a character that is not allowed";
        if (name[len] == '\0')
            return is_path_of_ours(whole) ? "is a path of the server's own" : NULL;
    }
}

bool ctl_name_is_host(const char *host)
{
    size_t len = strlen(host);

    return len > 0 && len <= DNS_NAME_MAX && only_of(host, len, ".-:_");
}
