// SPDX-License-Identifier: Apache-2.0
#include "control/jwt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "control/base64.h"
#include "control/json.h"
#include "control/pattern.h"

enum {
    SIGNATURE_MAX = 1024, // bytes, of RSA with 8,192 bits
    MAC_LEN = 32,
    HALF_LEN = 32, // of R and S of P-256
    DER_MAX = 80,

    TIME_MAX = INT32_MAX * INT64_C(1000), // the year 70,000: anything later is forever
};

struct ctl_jwt {
    json_t *claims;
    int64_t expires_s;
};

// "header.payload.signature" (RFC 7515 3.1).
struct jws {
    const char *text;
    size_t header_len;
    const char *payload;
    size_t payload_len;
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_len;
};

// ---- form ----

static bool split(const char *token, struct jws *out)
{
    const char *first = strchr(token, '.');
    const char *second = first ? strchr(first + 1, '.') : NULL;
    ssize_t len;

    if (!second)
        return false;
    out->text = token;
    out->header_len = (size_t)(first - token);
    out->payload = first + 1;
    out->payload_len = (size_t)(second - first) - 1;
    len = ctl_base64_decode(second + 1, strlen(second + 1), out->signature, SIGNATURE_MAX);
    out->signature_len = len > 0 ? (size_t)len : 0;
    return len > 0;
}

// A JSON object in base64, NULL: not one.
static json_t *read_object(const char *text, size_t len)
{
    size_t size = CTL_BASE64_BYTES(len);
    uint8_t *bytes = malloc(size);
    ssize_t n = bytes ? ctl_base64_decode(text, len, bytes, size) : -ENOMEM;
    json_t *json = NULL;

    if (n >= 0)
        json = json_loadb((const char *)bytes, (size_t)n, JSON_REJECT_DUPLICATES, NULL);
    free(bytes);
    if (json_is_object(json))
        return json;
    json_decref(json);
    return NULL;
}

// ---- signature ----

static bool verify_mac(const struct jws *jws, EVP_PKEY *pkey, const void *data, size_t len)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    uint8_t mac[MAC_LEN];
    size_t mac_len = sizeof(mac);
    bool ok = md && EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, pkey) == 1 &&
              EVP_DigestSign(md, mac, &mac_len, data, len) == 1 && mac_len == sizeof(mac) &&
              jws->signature_len == sizeof(mac) &&
              CRYPTO_memcmp(mac, jws->signature, sizeof(mac)) == 0;

    EVP_MD_CTX_free(md);
    OPENSSL_cleanse(mac, sizeof(mac));
    return ok;
}

static bool verify_public(EVP_PKEY *pkey, const uint8_t *signature, size_t signature_len,
                          const void *data, size_t len)
{
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool ok = md && EVP_DigestVerifyInit(md, NULL, EVP_sha256(), NULL, pkey) == 1 &&
              EVP_DigestVerify(md, signature, signature_len, data, len) == 1;

    EVP_MD_CTX_free(md);
    return ok;
}

// JWS has R and S one after the other (RFC 7518 3.4), OpenSSL takes them in DER.
static bool verify_ecdsa(const struct jws *jws, EVP_PKEY *pkey, const void *data, size_t len)
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(jws->signature, HALF_LEN, NULL);
    BIGNUM *s = BN_bin2bn(jws->signature + HALF_LEN, HALF_LEN, NULL);
    uint8_t der[DER_MAX], *at = der;
    bool ok = false;
    int der_len;

    if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else if (jws->signature_len == (size_t)2 * HALF_LEN) {
        der_len = i2d_ECDSA_SIG(sig, &at);
        ok = der_len > 0 && verify_public(pkey, der, (size_t)der_len, data, len);
    }
    ECDSA_SIG_free(sig);
    return ok;
}

static bool verify(const struct jws *jws, const struct ctl_jwt_key *key)
{
    size_t len = jws->header_len + 1 + jws->payload_len;

    switch (key->algorithm) {
    case CTL_JWT_HS256:
        return verify_mac(jws, key->pkey, jws->text, len);
    case CTL_JWT_RS256:
        return verify_public(key->pkey, jws->signature, jws->signature_len, jws->text, len);
    case CTL_JWT_ES256:
        return verify_ecdsa(jws, key->pkey, jws->text, len);
    }
    return false;
}

static const char *check_signature(const struct ctl_jwt_keys *keys, const struct jws *jws,
                                   const json_t *header)
{
    static const char *const names[] = {
        [CTL_JWT_HS256] = "HS256", [CTL_JWT_RS256] = "RS256", [CTL_JWT_ES256] = "ES256"};
    const char *algorithm = json_string_value(json_object_get(header, "alg"));
    const char *kid = json_string_value(json_object_get(header, "kid"));
    const char *fault = "is signed by an algorithm for which there is no key";

    // An extension that must be understood is none of those that we know (RFC 7515 4.1.11).
    if (!algorithm || json_object_get(header, "crit"))
        return "has a header that cannot be followed";
    for (size_t i = 0; i < keys->count; i++) {
        const struct ctl_jwt_key *key = &keys->key[i];

        if (strcmp(algorithm, names[key->algorithm]) != 0)
            continue;
        fault = "is not signed by a key of ours";
        if ((!kid || !key->kid[0] || strcmp(kid, key->kid) == 0) && verify(jws, key))
            return NULL;
    }
    return fault;
}

// ---- claims ----

// NumericDate (RFC 7519 2): seconds, perhaps with a fraction. False: it is something else.
static bool read_time(const json_t *claims, const char *name, int64_t absent, int64_t *out)
{
    const json_t *value = json_object_get(claims, name);
    double seconds = json_number_value(value);

    *out = absent;
    if (!value)
        return true;
    if (!json_is_number(value) || seconds < 0)
        return false;
    *out = seconds < (double)TIME_MAX ? (int64_t)seconds : INT64_MAX;
    return true;
}

static const char *check_times(const json_t *claims, int64_t now_s, int64_t *expires_s)
{
    int64_t not_before_s;

    if (!read_time(claims, "exp", INT64_MAX, expires_s) ||
        !read_time(claims, "nbf", 0, &not_before_s))
        return "has times that cannot be read";
    if (now_s >= *expires_s)
        return "has expired";
    return now_s + CTL_JWT_LEEWAY_S < not_before_s ? "is not valid yet" : NULL;
}

// The claim is this text, or a list that has it.
static bool has_text(const json_t *claim, const char *text)
{
    const char *one = json_string_value(claim);

    if (one)
        return strcmp(one, text) == 0;
    for (size_t i = 0; i < json_array_size(claim) && i < CTL_JWT_LIST_MAX; i++) {
        one = json_string_value(json_array_get(claim, i));
        if (one && strcmp(one, text) == 0)
            return true;
    }
    return false;
}

static bool matches_name(const char *pattern, const char *stream)
{
    size_t len = strlen(pattern);

    if (strcmp(pattern, "*") == 0 || strcmp(pattern, stream) == 0)
        return true;
    return len > 2 && strcmp(pattern + len - 2, "/*") == 0 &&
           strncmp(pattern, stream, len - 1) == 0;
}

static bool matches_path(const char *path, const char *stream)
{
    if (path[0] == '~')
        return ctl_pattern_matches(path + 1, stream);
    return path[0] == '\0' || strcmp(path, stream) == 0;
}

static bool permits(const json_t *permission, const char *stream)
{
    const char *action = json_string_value(json_object_get(permission, "action"));
    const char *path = json_string_value(json_object_get(permission, "path"));

    return action && strcmp(action, "read") == 0 && matches_path(path ? path : "", stream);
}

bool ctl_jwt_lists(const struct ctl_jwt *jwt, const char *stream)
{
    const json_t *streams = json_object_get(jwt->claims, "streams");
    const json_t *permissions = json_object_get(jwt->claims, "mediamtx_permissions");

    for (size_t i = 0; i < json_array_size(streams) && i < CTL_JWT_LIST_MAX; i++) {
        const char *pattern = json_string_value(json_array_get(streams, i));

        if (pattern && matches_name(pattern, stream))
            return true;
    }
    for (size_t i = 0; i < json_array_size(permissions) && i < CTL_JWT_LIST_MAX; i++)
        if (permits(json_array_get(permissions, i), stream))
            return true;
    return false;
}

static const char *check_claims(const struct ctl_jwt_rules *rules, const json_t *claims,
                                int64_t now_s, int64_t *expires_s)
{
    if (rules->issuer && !has_text(json_object_get(claims, "iss"), rules->issuer))
        return "is of another issuer";
    if (rules->audience && !has_text(json_object_get(claims, "aud"), rules->audience))
        return "is for another audience";
    return check_times(claims, now_s, expires_s);
}

int ctl_jwt_open(const struct ctl_jwt_keys *keys, const struct ctl_jwt_rules *rules,
                 const char *token, int64_t now_s, struct ctl_jwt **out, const char **fault)
{
    struct ctl_jwt *jwt = NULL;
    int64_t expires_s = 0;
    json_t *header, *claims = NULL;
    struct jws jws;

    *fault = "is no JSON Web Token";
    if (!split(token, &jws))
        return -EACCES;
    header = read_object(jws.text, jws.header_len);
    if (header)
        *fault = check_signature(keys, &jws, header);
    json_decref(header);
    if (!*fault) {
        claims = read_object(jws.payload, jws.payload_len);
        *fault = claims ? check_claims(rules, claims, now_s, &expires_s) : "has no claims";
    }
    if (!*fault && !(jwt = malloc(sizeof(*jwt))))
        *fault = "could not be looked at: out of memory";
    if (*fault) {
        json_decref(claims);
        return -EACCES;
    }
    *jwt = (struct ctl_jwt){.claims = claims, .expires_s = expires_s};
    *out = jwt;
    return 0;
}

int64_t ctl_jwt_expires_s(const struct ctl_jwt *jwt)
{
    return jwt->expires_s;
}

void ctl_jwt_close(struct ctl_jwt *jwt)
{
    if (!jwt)
        return;
    json_decref(jwt->claims);
    free(jwt);
}
