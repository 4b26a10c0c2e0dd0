// SPDX-License-Identifier: Apache-2.0
//
// Hashes of passwords and tokens, as the configuration has them:
//
//     sha256:BASE64        SHA-256 of the password, for long random ones such as tokens
//     sha256:SALT:BASE64   SHA-256 of SALT and the password, one after the other
//     argon2:$argon2...    Argon2 in its own notation (RFC 9106, PHC strings), for those that
//     people
//                          choose: each guess costs as much time and memory as the string says
//
// The first and the last are as other servers write them. Plain functions, any thread. Compared in
// constant time.
#pragma once

#include <stdbool.h>

enum {
    CTL_PASSWORD_SALT_MAX = 64,

    // What one check may cost: the memory (KiB) and passes that an Argon2 string asks for.
    CTL_PASSWORD_MEMORY_MAX = 256 * 1024,
    CTL_PASSWORD_PASSES_MAX = 16,
};

// What is wrong with a hash, a phrase; NULL: nothing.
const char *ctl_password_fault(const char *hash);

// It takes tens of milliseconds to check.
bool ctl_password_is_slow(const char *hash);

// hash has no fault. False too where memory runs out.
bool ctl_password_matches(const char *hash, const char *password);
