// SPDX-License-Identifier: Apache-2.0
//
// What a viewer shows to be let in: Authorization: Basic (RFC 7617) or Bearer (RFC 6750 2.1), or
// ?token= or ?jwt= in the URL, for players that cannot set a header. "Bearer USER:PASSWORD" is
// Basic in other clothes, as some publishing and playing programs know nothing but a token. Plain
// functions, any thread; wipe what was read.
#pragma once

#include <stdbool.h>

enum {
    CTL_USER_MAX = 128, // bytes with NUL
    CTL_TOKEN_MAX = 8192,
};

struct ctl_credentials {
    char user[CTL_USER_MAX];
    char password[CTL_TOKEN_MAX]; // or a token, from a browser's dialog with some user
    char token[CTL_TOKEN_MAX];
};

// authorization, query: NULL: there is none. All texts are "" where there are no credentials, or
// none that can be read. False: none.
bool ctl_credentials_read(struct ctl_credentials *out, const char *authorization,
                          const char *query);

// The token, or the password where there is none.
const char *ctl_credentials_token(const struct ctl_credentials *credentials);

void ctl_credentials_wipe(struct ctl_credentials *credentials);
