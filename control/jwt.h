// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens (RFC 7519): signature by a key of ours, times, and which streams their owner may
// watch. HS256, RS256 and ES256 (RFC 7518 3). Plain functions; time is an argument. Control thread.
//
// One of two claims lists streams by name; without either a token opens nothing:
//
//     "streams": ["cam1", "hall/*", "*"]      names, all below a folder, all
//     "mediamtx_permissions":                 as MediaMTX has them: those of action "read" count;
//       [{"action": "read", "path": "cam1"}]  path "": all; "~...": a regular expression (POSIX
//       ERE)
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "control/jwt_keys.h"

enum {
    CTL_JWT_LEEWAY_S = 10, // clocks differ: a token is good so long before its nbf

    // Audiences, streams or permissions in one token.
    CTL_JWT_LIST_MAX = 1024,
};

struct ctl_jwt_rules {
    const char *issuer;   // NULL: any
    const char *audience; // NULL: any
};

// 0 and *expires_s (INT64_MAX: never), or what is wrong, a phrase in *fault, and
//   -EACCES  it is no good: malformed, of nobody's signature, not valid at this time (401)
//   -EPERM   it is good, and does not list the stream (403)
// now_s: seconds since 1970, as are exp and nbf. exp must lie ahead.
int ctl_jwt_check(const struct ctl_jwt_keys *keys, const struct ctl_jwt_rules *rules,
                  const char *token, const char *stream, int64_t now_s, int64_t *expires_s,
                  const char **fault);
