// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_url.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SCHEME "http://"

enum {
    SCHEME_LEN = sizeof(SCHEME) - 1
};

static bool copy(char *out, size_t size, const char *text, size_t len)
{
    if (len >= size)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool viewers_url_parse(const char *text, struct viewers_url *out)
{
    struct viewers_url url = {0};

    if (strncasecmp(text, SCHEME, SCHEME_LEN) != 0)
        return false;
    text += SCHEME_LEN;
    size_t host_len = strcspn(text, "/?#");
    const char *path = text[host_len] == '/' ? text + host_len : "/";
    if (host_len == 0 || memchr(text, '@', host_len) ||
        !copy(url.host, sizeof(url.host), text, host_len) ||
        !copy(url.path, sizeof(url.path), path, strcspn(path, "#")))
        return false;
    *out = url;
    return true;
}

static size_t placeholder(const char *text)
{
    return strncmp(text, "{}", 2) == 0 || strncmp(text, "%d", 2) == 0 ? 2 : 0;
}

bool viewers_url_has_number(const char *text)
{
    return strstr(text, "{}") || strstr(text, "%d");
}

bool viewers_url_number(const char *text, unsigned number, char *out, size_t size)
{
    size_t len = 0;

    while (*text && len < size) {
        size_t skip = placeholder(text);

        if (skip)
            len += (size_t)snprintf(out + len, size - len, "%u", number);
        else
            out[len++] = *text;
        text += skip ? skip : 1;
    }
    if (len >= size)
        return false;
    out[len] = '\0';
    return true;
}

// Parts "host:port", "[v6]:port" and either without port.
static bool split(const char *text, char *host, size_t size, const char **port)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : text + strcspn(text, ":");
    bool v6 = text[0] == '[';

    if (!end || !copy(host, size, text + v6, (size_t)(end - text) - v6))
        return false;
    end += v6;
    *port = *end == ':' ? end + 1 : "80";
    return *end == ':' || *end == '\0';
}

int viewers_url_resolve(struct viewers_url *url, const char **what)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    char host[VIEWERS_HOST_MAX];
    const char *port;

    *what = "not a host and a port";
    if (!split(url->host, host, sizeof(host), &port))
        return -EINVAL;
    int rc = getaddrinfo(host, port, &hints, &found);
    if (rc != 0) {
        *what = gai_strerror(rc);
        return -EINVAL;
    }
    memcpy(&url->addr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

bool viewers_url_follow(const struct viewers_url *base, const char *location,
                        struct viewers_url *out)
{
    struct viewers_url url = *base;
    size_t keep = 0; // of the base's path

    if (strstr(location, "://") && strcspn(location, ":") < strcspn(location, "/")) {
        if (!viewers_url_parse(location, &url))
            return false;
        url.addr = base->addr;
        *out = url;
        return true;
    }
    if (strncmp(location, "//", 2) == 0)
        return false;
    if (location[0] != '/') {
        const char *query = base->path + strcspn(base->path, "?");

        for (const char *p = base->path; p < query; p++) {
            if (*p == '/')
                keep = (size_t)(p - base->path) + 1;
        }
    }
    if (!copy(url.path + keep, sizeof(url.path) - keep, location, strlen(location)))
        return false;
    *out = url;
    return true;
}
