// SPDX-License-Identifier: Apache-2.0
//
// Reads an HTTP/1.1 response (RFC 9112). Any bytes may come in. Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum {
    VIEWERS_REASON_MAX = 64,
    VIEWERS_LOCATION_MAX = 1024,
};

struct viewers_response {
    unsigned status;
    char reason[VIEWERS_REASON_MAX];     // the server's words, cut off where too long
    char location[VIEWERS_LOCATION_MAX]; // empty: none
    const char *body;                    // in the data that were read
    size_t body_len;
};

// closed: nothing more will come. A chunked body is put together in place. 0, -EAGAIN (not complete
// yet), or -EBADMSG.
int viewers_response_parse(char *data, size_t len, bool closed, struct viewers_response *out);
