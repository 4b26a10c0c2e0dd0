// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens (RFC 7519): signature by a key of ours, times, and which streams their owner may
// watch. HS256, RS256 and ES256 (RFC 7518 3). Plain functions; time is an argument. Control thread.
//
// One of two claims lists streams by name; without either a token opens nothing:
//
//     "streams": ["cam1", "hall/*", "*"]      names, all below a folder, all
//     "mediamtx_permissions":                 as MediaMTX has them: those of action "read" count;
//       [{"action": "read", "path": "cam1"}]  path "": all; "~...": a regular expression
//                                             (pattern.h)
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/jwt_keys.h"

enum {
    CTL_JWT_LEEWAY_S = 10, // clocks differ: a token is good so long before its nbf

    // Audiences, streams or permissions in one token.
    CTL_JWT_LIST_MAX = 1024,
};

struct ctl_jwt;

struct ctl_jwt_rules {
    const char *issuer;   // NULL: any
    const char *audience; // NULL: any
};

// A token that is good. 0 and *out, or -EACCES and what is wrong, a phrase: malformed, of nobody's
// signature, not valid at this time. now_s: seconds since 1970, as are exp and nbf. exp must lie
// ahead.
int ctl_jwt_open(const struct ctl_jwt_keys *keys, const struct ctl_jwt_rules *rules,
                 const char *token, int64_t now_s, struct ctl_jwt **out, const char **fault);
void ctl_jwt_close(struct ctl_jwt *jwt); // NULL does no harm

// Its owner may watch the stream.
bool ctl_jwt_lists(const struct ctl_jwt *jwt, const char *stream);

int64_t ctl_jwt_expires_s(const struct ctl_jwt *jwt); // INT64_MAX: never
