// SPDX-License-Identifier: Apache-2.0
//
// The keys that JSON Web Tokens are checked with, from a file that holds one of
//
//     a JWK Set, or one JWK (RFC 7517)    RSA, EC of P-256, oct; others are passed over
//     PEM                                 a public key or a certificate: RSA, or EC of P-256
//     anything else                       a shared secret, without the newline at its end
//
// The kind of the key says which algorithm it is good for (RFC 8725 3.1): RSA is RS256, EC is
// ES256, a secret is HS256, and nothing in a token can change that. Control thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct evp_pkey_st EVP_PKEY;

enum {
    CTL_JWT_KEYS_MAX = 64,
    CTL_JWT_FILE_MAX = 64 * 1024,
    CTL_JWT_KID_MAX = 128,

    CTL_JWT_SECRET_MIN = 32, // bytes of a secret (RFC 7518 3.2)
    CTL_JWT_RSA_BITS_MIN = 2048,
};

enum ctl_jwt_algorithm {
    CTL_JWT_HS256,
    CTL_JWT_RS256,
    CTL_JWT_ES256,
};

struct ctl_jwt_key {
    enum ctl_jwt_algorithm algorithm;
    char kid[CTL_JWT_KID_MAX]; // "": none
    EVP_PKEY *pkey;            // an HMAC key for HS256
};

struct ctl_jwt_keys {
    size_t count;
    struct ctl_jwt_key key[CTL_JWT_KEYS_MAX];
};

// 0, or -errno and what is wrong with the file, a phrase.
int ctl_jwt_keys_load(const char *path, struct ctl_jwt_keys **out, const char **fault);

// The same from len bytes.
int ctl_jwt_keys_read(const char *text, size_t len, struct ctl_jwt_keys **out, const char **fault);
void ctl_jwt_keys_free(struct ctl_jwt_keys *keys);
