// SPDX-License-Identifier: Apache-2.0
//
// The WHEP endpoints to be loaded: http:// URLs, one for each stream. Main thread reads them at
// start; afterwards they are read only.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

enum {
    VIEWERS_HOST_MAX = 256, // bytes with NUL; with port
    VIEWERS_PATH_MAX = 1024,
};

struct viewers_url {
    char host[VIEWERS_HOST_MAX]; // "host" or "host:port", as the Host field wants it
    char path[VIEWERS_PATH_MAX]; // begins with '/'
    struct eng_addr addr;        // zero until resolved
};

// "http://host[:port][/path]". False: it is not.
bool viewers_url_parse(const char *text, struct viewers_url *out);

// text with each "{}" and "%d" replaced by number. False: no room.
bool viewers_url_number(const char *text, unsigned number, char *out, size_t size);
bool viewers_url_has_number(const char *text);

// Looks the host up, which may take a while. 0, or -EINVAL with *what: the resolver's words.
int viewers_url_resolve(struct viewers_url *url, const char **what);

// Where a Location field leads to, seen from the URL that was asked (RFC 3986 5.2). The address
// stays that of the base: a server may call itself by a name that means nothing here. False: too
// long, or not http.
bool viewers_url_follow(const struct viewers_url *base, const char *location,
                        struct viewers_url *out);
