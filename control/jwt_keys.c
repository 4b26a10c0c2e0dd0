// SPDX-License-Identifier: Apache-2.0
#include "control/jwt_keys.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "control/base64.h"
#include "control/json.h"

enum {
    NUMBER_MAX = 1024, // bytes: an RSA modulus of 8,192 bits
    COORDINATE = 32,   // bytes, of P-256
};

// ---- one key ----

static const char *add_pkey(struct ctl_jwt_keys *keys, EVP_PKEY *pkey, const char *kid)
{
    struct ctl_jwt_key *key = &keys->key[keys->count];
    char group[32] = "";

    if (EVP_PKEY_is_a(pkey, "RSA")) {
        if (EVP_PKEY_get_bits(pkey) < CTL_JWT_RSA_BITS_MIN)
            return "has an RSA key of less than 2048 bits";
        key->algorithm = CTL_JWT_RS256;
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        if (!EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL) ||
            strcmp(group, "prime256v1") != 0)
            return "has an EC key of another curve than P-256";
        key->algorithm = CTL_JWT_ES256;
    } else {
        return "has a key that is neither RSA nor EC";
    }
    EVP_PKEY_up_ref(pkey);
    key->pkey = pkey;
    snprintf(key->kid, sizeof(key->kid), "%s", kid);
    keys->count++;
    return NULL;
}

static const char *add_secret(struct ctl_jwt_keys *keys, const uint8_t *secret, size_t len,
                              const char *kid)
{
    struct ctl_jwt_key *key = &keys->key[keys->count];

    if (len < CTL_JWT_SECRET_MIN)
        return "has a secret of less than 32 bytes";
    key->algorithm = CTL_JWT_HS256;
    key->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret, len);
    if (!key->pkey)
        return "could not be taken: out of memory";
    snprintf(key->kid, sizeof(key->kid), "%s", kid);
    keys->count++;
    return NULL;
}

// ---- JWK ----

static const char *member(const json_t *jwk, const char *name)
{
    const char *value = json_string_value(json_object_get(jwk, name));

    return value ? value : "";
}

static ssize_t read_number(const json_t *jwk, const char *name, uint8_t *out, size_t size)
{
    const char *text = member(jwk, name);

    return text[0] ? ctl_base64_decode(text, strlen(text), out, size) : -EINVAL;
}

static EVP_PKEY *make_pkey(const char *type, OSSL_PARAM_BLD *build)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *read_rsa(const json_t *jwk)
{
    uint8_t n[NUMBER_MAX], e[NUMBER_MAX];
    ssize_t n_len = read_number(jwk, "n", n, sizeof(n));
    ssize_t e_len = read_number(jwk, "e", e, sizeof(e));
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    BIGNUM *n_bn = n_len > 0 ? BN_bin2bn(n, (int)n_len, NULL) : NULL;
    BIGNUM *e_bn = e_len > 0 ? BN_bin2bn(e, (int)e_len, NULL) : NULL;
    EVP_PKEY *pkey = NULL;

    if (build && n_bn && e_bn && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n_bn) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e_bn))
        pkey = make_pkey("RSA", build);
    BN_free(n_bn);
    BN_free(e_bn);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

// An uncompressed point is a 4 and both coordinates (SEC 1 2.3.3).
static EVP_PKEY *read_ec(const json_t *jwk)
{
    uint8_t point[1 + 2 * COORDINATE] = {4};
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;

    if (build && read_number(jwk, "x", point + 1, COORDINATE) == COORDINATE &&
        read_number(jwk, "y", point + 1 + COORDINATE, COORDINATE) == COORDINATE &&
        OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)))
        pkey = make_pkey("EC", build);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static const char *add_public(struct ctl_jwt_keys *keys, EVP_PKEY *pkey, const char *kid)
{
    const char *fault = pkey ? add_pkey(keys, pkey, kid) : "has a key that makes no sense";

    EVP_PKEY_free(pkey);
    return fault;
}

static const char *add_oct(struct ctl_jwt_keys *keys, const json_t *jwk, const char *kid)
{
    uint8_t secret[NUMBER_MAX];
    ssize_t len = read_number(jwk, "k", secret, sizeof(secret));
    const char *fault =
        len < 0 ? "has a key that makes no sense" : add_secret(keys, secret, (size_t)len, kid);

    explicit_bzero(secret, sizeof(secret));
    return fault;
}

// A key for another purpose, or of a kind that we do not know, is none of ours (RFC 7517 5).
static const char *add_jwk(struct ctl_jwt_keys *keys, const json_t *jwk)
{
    const char *type = member(jwk, "kty"), *algorithm = member(jwk, "alg");
    const char *use = member(jwk, "use"), *kid = member(jwk, "kid");

    if (!json_is_object(jwk))
        return "has a key that is no JSON object";
    if ((use[0] && strcmp(use, "sig") != 0) || strlen(kid) >= CTL_JWT_KID_MAX)
        return NULL;
    if (keys->count == CTL_JWT_KEYS_MAX)
        return "has more than 64 keys";
    if (strcmp(type, "RSA") == 0 && (!algorithm[0] || strcmp(algorithm, "RS256") == 0))
        return add_public(keys, read_rsa(jwk), kid);
    if (strcmp(type, "EC") == 0 && strcmp(member(jwk, "crv"), "P-256") == 0)
        return add_public(keys, read_ec(jwk), kid);
    if (strcmp(type, "oct") == 0 && (!algorithm[0] || strcmp(algorithm, "HS256") == 0))
        return add_oct(keys, jwk, kid);
    return NULL;
}

static const char *read_json(struct ctl_jwt_keys *keys, const char *text, size_t len)
{
    json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "keys");
    const char *fault = NULL;

    if (!root)
        fault = "begins as JSON, but is not";
    else if (!list)
        fault = add_jwk(keys, root);
    for (size_t i = 0; i < json_array_size(list) && !fault; i++)
        fault = add_jwk(keys, json_array_get(list, i));
    if (!fault && keys->count == 0)
        fault = "has no key of RSA, EC P-256 or oct";
    json_decref(root);
    return fault;
}

// ---- PEM, secret ----

static const char *read_pem(struct ctl_jwt_keys *keys, const char *text, size_t len)
{
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *pkey = NULL;
    X509 *cert;

    if (bio)
        pkey = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    if (!pkey && bio && BIO_reset(bio) == 1) {
        cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        pkey = cert ? X509_get_pubkey(cert) : NULL;
        X509_free(cert);
    }
    BIO_free(bio);
    if (!pkey)
        return "is PEM, but holds neither a public key nor a certificate";
    return add_public(keys, pkey, "");
}

static const char *read_any(struct ctl_jwt_keys *keys, const char *text, size_t len)
{
    static const char pem[] = "-----BEGIN ";

    if (len > 0 && text[0] == '{')
        return read_json(keys, text, len);
    if (len >= sizeof(pem) - 1 && memcmp(text, pem, sizeof(pem) - 1) == 0)
        return read_pem(keys, text, len);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    return add_secret(keys, (const uint8_t *)text, len, "");
}

// ---- all ----

int ctl_jwt_keys_read(const char *text, size_t len, struct ctl_jwt_keys **out, const char **fault)
{
    struct ctl_jwt_keys *keys = calloc(1, sizeof(*keys));

    *fault = keys ? read_any(keys, text, len) : "could not be read: out of memory";
    if (*fault) {
        ctl_jwt_keys_free(keys);
        return -EINVAL;
    }
    *out = keys;
    return 0;
}

int ctl_jwt_keys_load(const char *path, struct ctl_jwt_keys **out, const char **fault)
{
    char *text = malloc(CTL_JWT_FILE_MAX + 1);
    FILE *file = fopen(path, "re");
    int rc = -EINVAL;
    size_t len;

    if (!text || !file) {
        rc = file ? -ENOMEM : -errno;
        *fault = file ? "could not be read: out of memory" : "cannot be read";
        goto out;
    }
    len = fread(text, 1, CTL_JWT_FILE_MAX + 1, file);
    if (ferror(file) || len > CTL_JWT_FILE_MAX)
        *fault = ferror(file) ? "cannot be read" : "is longer than 64 KiB";
    else
        rc = ctl_jwt_keys_read(text, len, out, fault);
    explicit_bzero(text, CTL_JWT_FILE_MAX + 1);
out:
    if (file)
        fclose(file);
    free(text);
    return rc;
}

void ctl_jwt_keys_free(struct ctl_jwt_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        EVP_PKEY_free(keys->key[i].pkey);
    free(keys);
}
