// SPDX-License-Identifier: Apache-2.0
// Base64, credentials of requests, and hashes of passwords.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/base64.h"
#include "control/credentials.h"
#include "control/password.h"

// SHA-256 of "secret", and of "salt" and "secret".
#define SECRET        "sha256:K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="
#define SALTED_SECRET "sha256:salt:vt6QOG1FDOqLd7gi+IhwZeTlq/Eywvncz8x/vUy6XjU="

// Of argon2's own tests: password, somesalt.
#define ARGON2_PASSWORD \
    "argon2:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"

// ---- base64 ----

static void check_decoded(const char *text, const char *expected)
{
    uint8_t out[64];

    assert_int_equal(ctl_base64_decode(text, strlen(text), out, sizeof(out)), strlen(expected));
    assert_memory_equal(out, expected, strlen(expected));
}

static void base64_is_decoded(void **state)
{
    uint8_t out[3];

    (void)state;
    check_decoded("", "");
    check_decoded("Zg==", "f");
    check_decoded("Zg", "f");
    check_decoded("Zm8=", "fo");
    check_decoded("Zm9vYmFy", "foobar");
    check_decoded("-_-_", "\xfb\xff\xbf");
    check_decoded("+/+/", "\xfb\xff\xbf");
    assert_int_equal(ctl_base64_decode("Zm9vYg==", 8, out, sizeof(out)), -ENOSPC);
    assert_int_equal(ctl_base64_decode("Z", 1, out, sizeof(out)), -EINVAL);
    assert_int_equal(ctl_base64_decode("Zh==", 4, out, sizeof(out)), -EINVAL);
    assert_int_equal(ctl_base64_decode("Z===", 4, out, sizeof(out)), -EINVAL);
    assert_int_equal(ctl_base64_decode("Zg= ", 4, out, sizeof(out)), -EINVAL);
    assert_int_equal(ctl_base64_decode("Z g=", 4, out, sizeof(out)), -EINVAL);
}

// ---- credentials ----

static const struct {
    const char *authorization, *query, *user, *password, *token;
} shown[] = {
    {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", NULL, "Aladdin", "open sesame", ""},
    {"basic  QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "token=x", "Aladdin", "open sesame", ""},
    {"Basic OnBhc3M=", NULL, "", "pass", ""},
    {"Basic dTpwOnE=", NULL, "u", "p:q", ""},
    {"Bearer mF_9.B5f-4.1JqM", NULL, "", "", "mF_9.B5f-4.1JqM"},
    {"Bearer u:p", NULL, "u", "p", ""},
    {NULL, "token=abc", "", "", "abc"},
    {NULL, "x=1&jwt=a.b.c&y=2", "", "", "a.b.c"},
    {NULL, "token=a==", "", "", "a=="},
    // nothing that can be read
    {NULL, NULL, "", "", ""},
    {NULL, "", "", "", ""},
    {NULL, "tokens=1&xtoken=2&token", "", "", ""},
    {NULL, "token=", "", "", ""},
    {"Basic", NULL, "", "", ""},
    {"Basic ", NULL, "", "", ""},
    {"Basic Og==", NULL, "", "", ""},
    {"Basic bm9jb2xvbg==", NULL, "", "", ""},
    {"Basic dQBhOnA=", NULL, "", "", ""}, // "u\0a:p"
    {"Basic !!!!", NULL, "", "", ""},
    {"Bearer ", NULL, "", "", ""},
    {"Digest username=\"u\"", "token=x", "", "", ""},
};

static void credentials_are_read(void **state)
{
    struct ctl_credentials *c = malloc(sizeof(*c));

    (void)state;
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        bool some = shown[i].user[0] || shown[i].password[0] || shown[i].token[0];

        assert_int_equal(ctl_credentials_read(c, shown[i].authorization, shown[i].query), some);
        assert_string_equal(c->user, shown[i].user);
        assert_string_equal(c->password, shown[i].password);
        assert_string_equal(c->token, shown[i].token);
    }
    free(c);
}

static void long_credentials_are_none(void **state)
{
    struct ctl_credentials *c = malloc(sizeof(*c));
    char *value = calloc(1, CTL_TOKEN_MAX + 16);

    (void)state;
    strcpy(value, "Bearer ");
    memset(value + 7, 'a', CTL_TOKEN_MAX - 1);
    assert_true(ctl_credentials_read(c, value, NULL));
    assert_int_equal(strlen(ctl_credentials_token(c)), CTL_TOKEN_MAX - 1);
    value[7 + CTL_TOKEN_MAX - 1] = 'a';
    assert_false(ctl_credentials_read(c, value, NULL));
    free(value);
    free(c);
}

// ---- hashes ----

static void sha256_is_checked(void **state)
{
    (void)state;
    assert_null(ctl_password_fault(SECRET));
    assert_null(ctl_password_fault(SALTED_SECRET));
    assert_false(ctl_password_is_slow(SECRET));
    assert_true(ctl_password_matches(SECRET, "secret"));
    assert_true(ctl_password_matches(SALTED_SECRET, "secret"));
    assert_false(ctl_password_matches(SECRET, "secret "));
    assert_false(ctl_password_matches(SALTED_SECRET, "saltsecret"));
    assert_false(ctl_password_matches(SECRET, ""));
}

static void hashes_without_sense_are_refused(void **state)
{
    (void)state;
    assert_string_equal(ctl_password_fault("secret"), "is not a hash");
    assert_string_equal(ctl_password_fault(""), "is not a hash");
    assert_string_equal(ctl_password_fault("sha256:"), "does not end with the base64 of a SHA-256");
    assert_string_equal(ctl_password_fault("sha256:secret"),
                        "does not end with the base64 of a SHA-256");
    assert_string_equal(ctl_password_fault("sha256:a:b:c"),
                        "does not end with the base64 of a SHA-256");
}

#ifdef CTL_HAVE_ARGON2
static void argon2_is_checked(void **state)
{
    (void)state;
    assert_null(ctl_password_fault(ARGON2_PASSWORD));
    assert_true(ctl_password_is_slow(ARGON2_PASSWORD));
    assert_true(ctl_password_matches(ARGON2_PASSWORD, "password"));
    assert_false(ctl_password_matches(ARGON2_PASSWORD, "Password"));
    assert_string_equal(ctl_password_fault("argon2:$argon2x$v=19$m=256,t=2,p=1$a$b"),
                        "does not go on with $argon2id$, $argon2i$ or $argon2d$");
    assert_string_equal(ctl_password_fault("argon2:$argon2id$x"),
                        "has no $v=19$m=KIB,t=PASSES,p=LANES$");
    assert_string_equal(ctl_password_fault("argon2:$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$"
                                           "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"),
                        "would cost more than 256 MiB or 16 passes for each check");
    assert_non_null(ctl_password_fault("argon2:$argon2id$v=19$m=256,t=2,p=1$!$!"));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_decoded),
        cmocka_unit_test(credentials_are_read),
        cmocka_unit_test(long_credentials_are_none),
        cmocka_unit_test(sha256_is_checked),
        cmocka_unit_test(hashes_without_sense_are_refused),
#ifdef CTL_HAVE_ARGON2
        cmocka_unit_test(argon2_is_checked),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
