// SPDX-License-Identifier: Apache-2.0
//
// A JSON Web Token, or a file of keys. Input: one byte, 0: a token that is checked as it stands; 1:
// claims that are signed first, so that they are read; else: keys.
#include "control/jwt.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "input.h"

static const char secret[] = "0123456789abcdef0123456789abcdef";

static size_t encode(char *out, const void *bytes, size_t len)
{
    int n = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);

    while (n > 0 && out[n - 1] == '=')
        n--;
    return (size_t)n;
}

static char *sign(const char *claims)
{
    static const char header[] = "{\"alg\":\"HS256\"}";
    char *token = malloc(strlen(claims) * 2 + 128);
    uint8_t mac[32];
    size_t len;

    assert(token);
    len = encode(token, header, strlen(header));
    token[len++] = '.';
    len += encode(token + len, claims, strlen(claims));
    HMAC(EVP_sha256(), secret, (int)strlen(secret), (uint8_t *)token, len, mac, NULL);
    token[len++] = '.';
    len += encode(token + len, mac, sizeof(mac));
    token[len] = '\0';
    return token;
}

static void check(const char *token, bool is_signed)
{
    static const struct ctl_jwt_rules rules = {0};
    const int64_t now_s = 1700000000;
    struct ctl_jwt_keys *keys;
    struct ctl_jwt *jwt = NULL;
    const char *fault = NULL;

    assert(ctl_jwt_keys_read(secret, strlen(secret), &keys, &fault) == 0);
    if (ctl_jwt_open(keys, &rules, token, now_s, &jwt, &fault) == 0) {
        assert(is_signed && !fault && ctl_jwt_expires_s(jwt) > now_s);
        ctl_jwt_lists(jwt, "hall/cam1");
    } else {
        assert(fault && !jwt);
    }
    ctl_jwt_close(jwt);
    ctl_jwt_keys_free(keys);
}

static void read_keys(const char *text)
{
    struct ctl_jwt_keys *keys = NULL;
    const char *fault = NULL;

    if (ctl_jwt_keys_read(text, strlen(text), &keys, &fault) == 0)
        assert(!fault && keys->count > 0 && keys->count <= CTL_JWT_KEYS_MAX);
    else
        assert(fault && !keys);
    ctl_jwt_keys_free(keys);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text, *token;

    if (len == 0)
        return 0;
    text = input_text((struct input){data + 1, len - 1});
    if (data[0] == 0) {
        check(text, false);
    } else if (data[0] == 1) {
        token = sign(text);
        check(token, true);
        free(token);
    } else {
        read_keys(text);
    }
    free(text);
    return 0;
}
