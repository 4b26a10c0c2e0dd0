// SPDX-License-Identifier: Apache-2.0
#include "control/password.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef CTL_HAVE_ARGON2
#include <argon2.h>
#endif

#include "control/base64.h"

static const char sha256_prefix[] = "sha256:";
static const char argon2_prefix[] = "argon2:";

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ctl_password_is_slow(const char *hash)
{
    return begins(hash, argon2_prefix);
}

// ---- SHA-256 ----

struct sha256_hash {
    const char *salt;
    size_t salt_len;
    uint8_t digest[SHA256_DIGEST_LENGTH];
};

static const char *read_sha256(const char *hash, struct sha256_hash *out)
{
    const char *colon;

    out->salt = hash + strlen(sha256_prefix);
    colon = strchr(out->salt, ':');
    out->salt_len = colon ? (size_t)(colon - out->salt) : 0;
    if (out->salt_len > CTL_PASSWORD_SALT_MAX)
        return "has a salt that is too long";
    hash = colon ? colon + 1 : out->salt;
    if (ctl_base64_decode(hash, strlen(hash), out->digest, sizeof(out->digest)) !=
        sizeof(out->digest))
        return "does not end with the base64 of a SHA-256";
    return NULL;
}

static bool matches_sha256(const char *hash, const char *password)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    struct sha256_hash expected;
    bool ok = false;

    if (md && !read_sha256(hash, &expected) && EVP_DigestInit_ex(md, EVP_sha256(), NULL) &&
        EVP_DigestUpdate(md, expected.salt, expected.salt_len) &&
        EVP_DigestUpdate(md, password, strlen(password)) && EVP_DigestFinal_ex(md, digest, NULL))
        ok = CRYPTO_memcmp(digest, expected.digest, sizeof(expected.digest)) == 0;
    EVP_MD_CTX_free(md);
    OPENSSL_cleanse(digest, sizeof(digest));
    return ok;
}

// ---- Argon2 ----

#ifdef CTL_HAVE_ARGON2
static bool read_type(const char *phc, argon2_type *out)
{
    static const struct {
        const char *prefix;
        argon2_type type;
    } types[] = {
        {"$argon2id$", Argon2_id},
        {"$argon2i$", Argon2_i},
        {"$argon2d$", Argon2_d},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!begins(phc, types[i].prefix))
            continue;
        *out = types[i].type;
        return true;
    }
    return false;
}

static const char *argon2_fault(const char *phc)
{
    unsigned version, memory, passes, lanes;
    argon2_type type;
    int rc;

    if (!read_type(phc, &type))
        return "does not go on with $argon2id$, $argon2i$ or $argon2d$";
    if (sscanf(strchr(phc + 1, '$'), "$v=%u$m=%u,t=%u,p=%u$", &version, &memory, &passes, &lanes) !=
        4)
        return "has no $v=19$m=KIB,t=PASSES,p=LANES$";
    if (memory > CTL_PASSWORD_MEMORY_MAX || passes > CTL_PASSWORD_PASSES_MAX)
        return "would cost more than 256 MiB or 16 passes for each check";
    // Only a string that can be read gets as far as to differ.
    rc = argon2_verify(phc, "", 0, type);
    return rc == ARGON2_OK || rc == ARGON2_VERIFY_MISMATCH ? NULL : argon2_error_message(rc);
}

static bool matches_argon2(const char *phc, const char *password)
{
    argon2_type type;

    return read_type(phc, &type) &&
           argon2_verify(phc, password, strlen(password), type) == ARGON2_OK;
}
#else
static const char *argon2_fault(const char *phc)
{
    (void)phc;
    return "asks for Argon2, without which this rtcfan was built";
}

static bool matches_argon2(const char *phc, const char *password)
{
    (void)phc;
    (void)password;
    return false;
}
#endif

// ---- both ----

const char *ctl_password_fault(const char *hash)
{
    struct sha256_hash sha256;

    if (begins(hash, sha256_prefix))
        return read_sha256(hash, &sha256);
    if (begins(hash, argon2_prefix))
        return argon2_fault(hash + strlen(argon2_prefix));
    return "is not a hash";
}

bool ctl_password_matches(const char *hash, const char *password)
{
    if (ctl_password_is_slow(hash))
        return matches_argon2(hash + strlen(argon2_prefix), password);
    return matches_sha256(hash, password);
}
