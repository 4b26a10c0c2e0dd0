// SPDX-License-Identifier: Apache-2.0
// JSON Web Tokens: the examples of RFC 7515, appendix A, and tokens that were tampered with.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/base64.h"
#include "control/jwt.h"

#define PAYLOAD                                                        \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt" \
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define EXAMPLE_EXP 1300819380

// A.1
#define HS256_TOKEN                                     \
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." PAYLOAD \
    ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define HS256_SECRET                                               \
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3" \
    "Yj0iPS4hcgUuTwjAzZr1Z9CAow"
#define HS256_KEY "{\"kty\":\"oct\",\"k\":\"" HS256_SECRET "\"}"

// A.2
#define RS256_TOKEN                                                     \
    "eyJhbGciOiJSUzI1NiJ9." PAYLOAD                                     \
    ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" \
    "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4"  \
    "BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K"  \
    "0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv"  \
    "hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB"  \
    "p0igcN_IoypGlUPQGe77Rw"
#define RS256_KEY                                                      \
    "{\"kty\":\"RSA\",\"n\":\""                                        \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp" \
    "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW" \
    "vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs" \
    "LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k" \
    "G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2" \
    "PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}"

// A.3
#define ES256_TOKEN                                                    \
    "eyJhbGciOiJFUzI1NiJ9." PAYLOAD                                    \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlS" \
    "ApmWQxfKTUJqPP3-Kg6NU1Q"
#define ES256_KEY                                                                              \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

// A.5
#define UNSECURED_TOKEN "eyJhbGciOiJub25lIn0." PAYLOAD "."

enum {
    NOW = 1700000000
};

static const struct ctl_jwt_rules any = {0};

static const char not_listed[] = "does not list this stream";

static struct ctl_jwt_keys *read_keys(const char *text)
{
    struct ctl_jwt_keys *keys = NULL;
    const char *fault = "";

    if (ctl_jwt_keys_read(text, strlen(text), &keys, &fault) != 0)
        fail_msg("%s: %s", text, fault);
    return keys;
}

static void check_keys(const char *text, const char *expected)
{
    struct ctl_jwt_keys *keys;
    const char *fault = NULL;

    assert_int_equal(ctl_jwt_keys_read(text, strlen(text), &keys, &fault), -EINVAL);
    assert_string_equal(fault, expected);
}

// What comes of a token; expected NULL: it is good and opens the stream.
static void check(const struct ctl_jwt_keys *keys, const struct ctl_jwt_rules *rules,
                  const char *token, int64_t now_s, const char *expected)
{
    struct ctl_jwt *jwt = NULL;
    const char *fault = NULL;
    int rc = ctl_jwt_open(keys, rules, token, now_s, &jwt, &fault);

    assert_int_equal(rc, jwt ? 0 : -EACCES);
    if (jwt && !ctl_jwt_lists(jwt, "hall/cam1"))
        fault = not_listed;
    ctl_jwt_close(jwt);
    if (!expected) {
        assert_null(fault);
        return;
    }
    assert_non_null(fault);
    assert_string_equal(fault, expected);
}

// ---- tokens of our own ----

static size_t encode(char *out, const void *bytes, size_t len)
{
    int n = EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);

    for (int i = 0; i < n; i++) {
        if (out[i] == '+')
            out[i] = '-';
        if (out[i] == '/')
            out[i] = '_';
    }
    while (n > 0 && out[n - 1] == '=')
        n--;
    out[n] = '\0';
    return (size_t)n;
}

static const char *sign(const char *header, const char *claims)
{
    static char token[16384];
    uint8_t secret[64], mac[32];
    size_t len = encode(token, header, strlen(header));

    token[len++] = '.';
    len += encode(token + len, claims, strlen(claims));
    assert_int_equal(ctl_base64_decode(HS256_SECRET, strlen(HS256_SECRET), secret, sizeof(secret)),
                     sizeof(secret));
    HMAC(EVP_sha256(), secret, sizeof(secret), (const uint8_t *)token, len, mac, NULL);
    token[len++] = '.';
    encode(token + len, mac, sizeof(mac));
    return token;
}

static void check_claims(const char *claims, const char *expected)
{
    struct ctl_jwt_keys *keys = read_keys(HS256_KEY);

    check(keys, &any, sign("{\"alg\":\"HS256\"}", claims), NOW, expected);
    ctl_jwt_keys_free(keys);
}

// ---- signatures ----

static void examples_of_the_rfc_are_verified(void **state)
{
    static const struct {
        const char *key, *token;
    } examples[] = {{HS256_KEY, HS256_TOKEN}, {RS256_KEY, RS256_TOKEN}, {ES256_KEY, ES256_TOKEN}};

    (void)state;
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
        struct ctl_jwt_keys *keys = read_keys(examples[i].key);
        char *token = strdup(examples[i].token);
        char *at, kept;

        check(keys, &any, token, EXAMPLE_EXP - 1, not_listed);
        check(keys, &any, token, EXAMPLE_EXP, "has expired");
        at = strchr(token, '.') + 5;
        kept = *at;
        *at = kept == 'A' ? 'B' : 'A';
        check(keys, &any, token, EXAMPLE_EXP - 1, "is not signed by a key of ours");
        *at = kept;
        at = strrchr(token, '.') + 5;
        *at = *at == 'A' ? 'B' : 'A';
        check(keys, &any, token, EXAMPLE_EXP - 1, "is not signed by a key of ours");
        ctl_jwt_keys_free(keys);
        free(token);
    }
}

static void a_key_is_good_for_its_own_algorithm(void **state)
{
    struct ctl_jwt_keys *keys = read_keys(RS256_KEY);

    (void)state;
    check(keys, &any, HS256_TOKEN, 1, "is signed by an algorithm for which there is no key");
    check(keys, &any, ES256_TOKEN, 1, "is signed by an algorithm for which there is no key");
    ctl_jwt_keys_free(keys);
    keys = read_keys("{\"keys\":[" HS256_KEY "," ES256_KEY "]}");
    check(keys, &any, RS256_TOKEN, 1, "is signed by an algorithm for which there is no key");
    ctl_jwt_keys_free(keys);
}

static void unsigned_tokens_are_refused(void **state)
{
    struct ctl_jwt_keys *keys = read_keys("{\"keys\":[" HS256_KEY "," RS256_KEY "]}");
    const char *claims = "{\"streams\":[\"*\"]}";

    (void)state;
    check(keys, &any, UNSECURED_TOKEN, 1, "is no JSON Web Token");
    check(keys, &any, UNSECURED_TOKEN "AAAA", 1,
          "is signed by an algorithm for which there is no key");
    check(keys, &any, sign("{\"alg\":\"None\"}", claims), 1,
          "is signed by an algorithm for which there is no key");
    check(keys, &any, sign("{\"alg\":\"HS512\"}", claims), 1,
          "is signed by an algorithm for which there is no key");
    check(keys, &any, sign("{}", claims), 1, "has a header that cannot be followed");
    check(keys, &any, sign("{\"alg\":[\"HS256\"]}", claims), 1,
          "has a header that cannot be followed");
    check(keys, &any, sign("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", claims), 1,
          "has a header that cannot be followed");
    check(keys, &any, sign("{\"alg\":\"none\",\"alg\":\"HS256\"}", claims), 1,
          "is no JSON Web Token");
    ctl_jwt_keys_free(keys);
}

static void what_is_no_token_is_refused(void **state)
{
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b",
                                        "a.b.c",
                                        "e30.e30.",
                                        "e30..AAAA",
                                        ".e30.AAAA",
                                        "e30.e30.AAAA.AAAA",
                                        "bnVsbA.e30.AAAA",
                                        "W10.e30.AAAA",
                                        "\xff.\xff.\xff"};
    struct ctl_jwt_keys *keys = read_keys(HS256_KEY);
    struct ctl_jwt *jwt;
    const char *fault;

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(ctl_jwt_open(keys, &any, texts[i], NOW, &jwt, &fault), -EACCES);
        assert_non_null(fault);
    }
    check(keys, &any, sign("{\"alg\":\"HS256\"}", "[]"), NOW, "has no claims");
    check(keys, &any, sign("{\"alg\":\"HS256\"}", "{\"streams\":[\"*\"]"), NOW, "has no claims");
    ctl_jwt_keys_free(keys);
}

static void keys_are_found_by_their_kid(void **state)
{
    static const char other[] = "{\"kty\":\"oct\",\"kid\":\"old\",\"k\":\""
                                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    static const char named[] = "{\"kty\":\"oct\",\"kid\":\"new\",\"k\":\"" HS256_SECRET "\"}";
    const char *claims = "{\"streams\":[\"*\"]}";
    struct ctl_jwt_keys *keys;
    char set[1024];

    (void)state;
    snprintf(set, sizeof(set),
             "{\"keys\":[%s,%s,{\"kty\":\"OKP\"},{\"kty\":\"oct\",\"use\":\"enc\"}]}", other,
             named);
    keys = read_keys(set);
    assert_int_equal(keys->count, 2);
    check(keys, &any, sign("{\"alg\":\"HS256\",\"kid\":\"new\"}", claims), NOW, NULL);
    check(keys, &any, sign("{\"alg\":\"HS256\"}", claims), NOW, NULL);
    check(keys, &any, sign("{\"alg\":\"HS256\",\"kid\":\"old\"}", claims), NOW,
          "is not signed by a key of ours");
    check(keys, &any, sign("{\"alg\":\"HS256\",\"kid\":\"none\"}", claims), NOW,
          "is not signed by a key of ours");
    ctl_jwt_keys_free(keys);
}

// ---- claims ----

static void times_are_kept(void **state)
{
    (void)state;
    check_claims("{\"streams\":[\"*\"],\"exp\":1700000001}", NULL);
    check_claims("{\"streams\":[\"*\"],\"exp\":1700000000.9}", "has expired");
    check_claims("{\"streams\":[\"*\"],\"exp\":1e300}", NULL);
    check_claims("{\"streams\":[\"*\"],\"exp\":\"1800000000\"}", "has times that cannot be read");
    check_claims("{\"streams\":[\"*\"],\"exp\":null}", "has times that cannot be read");
    check_claims("{\"streams\":[\"*\"],\"exp\":-1}", "has times that cannot be read");
    check_claims("{\"streams\":[\"*\"],\"nbf\":1700000010}", NULL);
    check_claims("{\"streams\":[\"*\"],\"nbf\":1700000011}", "is not valid yet");
    check_claims("{\"streams\":[\"*\"],\"exp\":1,\"exp\":1800000000}", "has no claims");
}

static void the_end_is_told(void **state)
{
    static const struct {
        const char *claims;
        int64_t expires_s;
    } cases[] = {{"{\"exp\":1700000060.5}", 1700000060}, {"{}", INT64_MAX}};
    struct ctl_jwt_keys *keys = read_keys(HS256_KEY);
    struct ctl_jwt *jwt;
    const char *fault;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *token = sign("{\"alg\":\"HS256\"}", cases[i].claims);

        assert_int_equal(ctl_jwt_open(keys, &any, token, NOW, &jwt, &fault), 0);
        assert_true(ctl_jwt_expires_s(jwt) == cases[i].expires_s);
        ctl_jwt_close(jwt);
    }
    ctl_jwt_keys_free(keys);
}

static void streams_are_listed(void **state)
{
    (void)state;
    check_claims("{\"streams\":[\"x\",\"hall/cam1\"]}", NULL);
    check_claims("{\"streams\":[\"hall/*\"]}", NULL);
    check_claims("{\"streams\":[\"*\"]}", NULL);
    check_claims("{\"streams\":[\"/*\"]}", not_listed);
    check_claims("{\"streams\":[\"hal*\"]}", not_listed);
    check_claims("{\"streams\":[\"hal/*\"]}", not_listed);
    check_claims("{\"streams\":[\"hall\"]}", not_listed);
    check_claims("{\"streams\":\"*\"}", not_listed);
    check_claims("{\"streams\":[]}", not_listed);
    check_claims("{\"streams\":[1,null,{}]}", not_listed);
    check_claims("{}", not_listed);
}

static void permissions_of_mediamtx_are_understood(void **state)
{
#define PERMISSIONS(text) "{\"mediamtx_permissions\":" text "}"

    (void)state;
    check_claims(PERMISSIONS("[{\"action\":\"read\",\"path\":\"hall/cam1\"}]"), NULL);
    check_claims(PERMISSIONS("[{\"action\":\"read\",\"path\":\"\"}]"), NULL);
    check_claims(PERMISSIONS("[{\"action\":\"read\"}]"), NULL);
    check_claims(PERMISSIONS("[{\"action\":\"read\",\"path\":\"~^hall/cam[0-9]+$\"}]"), NULL);
    check_claims(PERMISSIONS("[{\"action\":\"read\",\"path\":\"~^cam\"}]"), not_listed);
    check_claims(PERMISSIONS("[{\"action\":\"read\",\"path\":\"~(\"}]"), not_listed);
    check_claims(PERMISSIONS("[{\"action\":\"publish\",\"path\":\"\"}]"), not_listed);
    check_claims(PERMISSIONS("[{\"path\":\"\"}]"), not_listed);
    check_claims(PERMISSIONS("[null,1,\"read\"]"), not_listed);
    check_claims(PERMISSIONS("{\"action\":\"read\"}"), not_listed);
}

static void issuer_and_audience_are_asked_for(void **state)
{
    const struct ctl_jwt_rules rules = {.issuer = "me", .audience = "rtcfan"};
    struct ctl_jwt_keys *keys = read_keys(HS256_KEY);

    (void)state;
#define CLAIMS(text) sign("{\"alg\":\"HS256\"}", "{\"streams\":[\"*\"]," text "}")
    check(keys, &rules, CLAIMS("\"iss\":\"me\",\"aud\":\"rtcfan\""), NOW, NULL);
    check(keys, &rules, CLAIMS("\"iss\":\"me\",\"aud\":[\"x\",\"rtcfan\"]"), NOW, NULL);
    check(keys, &rules, CLAIMS("\"iss\":\"me\",\"aud\":\"x\""), NOW, "is for another audience");
    check(keys, &rules, CLAIMS("\"iss\":\"me\""), NOW, "is for another audience");
    check(keys, &rules, CLAIMS("\"aud\":\"rtcfan\""), NOW, "is of another issuer");
    ctl_jwt_keys_free(keys);
}

// ---- files ----

static void keys_without_sense_are_refused(void **state)
{
    (void)state;
    check_keys("", "has a secret of less than 32 bytes");
    check_keys("too short\n", "has a secret of less than 32 bytes");
    check_keys("{", "begins as JSON, but is not");
    check_keys("{}", "has no key of RSA, EC P-256 or oct");
    check_keys("{\"keys\":[]}", "has no key of RSA, EC P-256 or oct");
    check_keys("{\"keys\":[1]}", "has a key that is no JSON object");
    check_keys("{\"kty\":\"oct\",\"k\":\"AAAA\"}", "has a secret of less than 32 bytes");
    check_keys("{\"kty\":\"oct\"}", "has a key that makes no sense");
    check_keys("{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}", "has a key that makes no sense");
    check_keys("{\"kty\":\"RSA\",\"n\":\"_____w\",\"e\":\"AQAB\"}",
               "has an RSA key of less than 2048 bits");
    check_keys("{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
               "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
               "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
               "has a key that makes no sense");
    check_keys("{\"kty\":\"EC\",\"crv\":\"P-521\"}", "has no key of RSA, EC P-256 or oct");
    check_keys("-----BEGIN NONSENSE-----\n",
               "is PEM, but holds neither a public key nor a certificate");
}

// The newline that editors add is not part of a secret.
static void a_secret_is_a_file_of_its_own(void **state)
{
    static const char secret[] = "0123456789abcdef0123456789abcdef";
    struct ctl_jwt_keys *keys = read_keys("0123456789abcdef0123456789abcdef\r\n");
    uint8_t held[64];
    size_t len = sizeof(held);

    (void)state;
    assert_int_equal(keys->key[0].algorithm, CTL_JWT_HS256);
    assert_int_equal(EVP_PKEY_get_raw_private_key(keys->key[0].pkey, held, &len), 1);
    assert_int_equal(len, strlen(secret));
    assert_memory_equal(held, secret, len);
    ctl_jwt_keys_free(keys);
}

static void files_are_read(void **state)
{
    char path[] = "/tmp/rtcfan-test-XXXXXX";
    int fd = mkstemp(path);
    struct ctl_jwt_keys *keys = NULL;
    const char *fault = NULL;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, ES256_KEY, strlen(ES256_KEY)), strlen(ES256_KEY));
    assert_int_equal(ctl_jwt_keys_load(path, &keys, &fault), 0);
    check(keys, &any, ES256_TOKEN, 1, not_listed);
    ctl_jwt_keys_free(keys);
    assert_int_equal(ftruncate(fd, CTL_JWT_FILE_MAX + 1), 0);
    assert_int_equal(ctl_jwt_keys_load(path, &keys, &fault), -EINVAL);
    assert_string_equal(fault, "is longer than 64 KiB");
    close(fd);
    unlink(path);
    assert_int_equal(ctl_jwt_keys_load(path, &keys, &fault), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_the_rfc_are_verified),
        cmocka_unit_test(a_key_is_good_for_its_own_algorithm),
        cmocka_unit_test(unsigned_tokens_are_refused),
        cmocka_unit_test(what_is_no_token_is_refused),
        cmocka_unit_test(keys_are_found_by_their_kid),
        cmocka_unit_test(times_are_kept),
        cmocka_unit_test(the_end_is_told),
        cmocka_unit_test(streams_are_listed),
        cmocka_unit_test(permissions_of_mediamtx_are_understood),
        cmocka_unit_test(issuer_and_audience_are_asked_for),
        cmocka_unit_test(keys_without_sense_are_refused),
        cmocka_unit_test(a_secret_is_a_file_of_its_own),
        cmocka_unit_test(files_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
