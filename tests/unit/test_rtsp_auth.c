// SPDX-License-Identifier: Apache-2.0
#include "rtsp/auth.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int challenge_bytes(struct rtsp_auth *auth, const char *lines, size_t len)
{
    char *text = malloc(len + 64);
    struct rtsp_message m;
    int used;
    int rc;

    assert_non_null(text);
    used = sprintf(text, "RTSP/1.0 401 Unauthorized\r\n%.*s\r\n\r\n", (int)len, lines);
    assert_true(rtsp_message_parse((const uint8_t *)text, (size_t)used, &m) > 0);
    rc = rtsp_auth_challenge(auth, &m);
    free(text);
    return rc;
}

static int challenge(struct rtsp_auth *auth, const char *lines)
{
    return challenge_bytes(auth, lines, strlen(lines));
}

static const char *header(struct rtsp_auth *auth, const char *method, const char *uri)
{
    static char out[RTSP_AUTH_HEADER_MAX];

    assert_int_equal(rtsp_auth_header(auth, method, uri, out, sizeof(out)), 0);
    return out;
}

static void test_no_challenge_no_header(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "u", "p");
    assert_string_equal(header(&auth, "OPTIONS", "rtsp://c/"), "");
}

// RFC 7617 2.
static void test_basic(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "Aladdin", "open sesame");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Basic realm=\"WallyWorld\""), 0);
    assert_string_equal(header(&auth, "OPTIONS", "rtsp://c/"),
                        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Basic realm=\"WallyWorld\""), -EACCES);
}

// RFC 2617 3.5.
static void test_md5_with_qop(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "Mufasa", "Circle Of Life");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=\"testrealm@host.com\",\r\n"
                                      " qop=\"auth,auth-int\",\r\n"
                                      " nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\",\r\n"
                                      " opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""),
                     0);
    strcpy(auth.cnonce, "0a4f113b");
    assert_string_equal(header(&auth, "GET", "/dir/index.html"),
                        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
                        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
                        "response=\"6629fae49393a05397450978507c4ef1\", "
                        "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\", "
                        "qop=auth, nc=00000001, cnonce=\"0a4f113b\"");
    assert_non_null(strstr(header(&auth, "GET", "/dir/index.html"), "nc=00000002"));
}

// RFC 2069 2.4, with the response of its erratum 749.
static void test_md5_without_qop(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "Mufasa", "CircleOfLife");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=\"testrealm@host.com\", "
                                      "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""),
                     0);
    assert_string_equal(header(&auth, "GET", "/dir/index.html"),
                        "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
                        "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"/dir/index.html\", "
                        "response=\"1949323746fe6a43ef61f9606e7febea\"");
}

// RFC 7616 3.9.1: both challenges in one answer; the second is the weaker one.
static const char both[] =
    "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
    "algorithm=SHA-256, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"\r\n"
    "WWW-Authenticate: Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
    "algorithm=MD5, nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

static void test_sha256_is_preferred(void **state)
{
    const char *found;
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "Mufasa", "Circle of Life");
    assert_int_equal(challenge(&auth, both), 0);
    strcpy(auth.cnonce, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
    found = header(&auth, "GET", "/dir/index.html");
    assert_non_null(strstr(
        found, "response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\""));
    assert_non_null(strstr(found, "algorithm=SHA-256"));

    rtsp_auth_init(&auth, "Mufasa", "Circle of Life");
    assert_int_equal(challenge(&auth, strstr(both, "\r\n") + 2), 0);
    strcpy(auth.cnonce, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
    assert_non_null(strstr(header(&auth, "GET", "/dir/index.html"),
                           "response=\"8ca523f5e9506fed4657c9700eebdbec\""));
}

static void test_sess(void **state)
{
    static const struct {
        const char *algorithm;
        const char *response; // by Python's hashlib
    } cases[] = {
        {"MD5-sess", "ad5f5f1f66fce0eb50bc7c94f1a64435"},
        {"SHA-256-sess", "a37770a4e1eac59d27b94fa6adc5075701d4f5fc6bf1e0436fb8da70d916d677"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rtsp_auth auth;
        const char *found;
        char line[128];

        rtsp_auth_init(&auth, "Mufasa", "Circle of Life");
        snprintf(line, sizeof(line),
                 "WWW-Authenticate: Digest realm=a, nonce=n, qop=auth, algorithm=%s",
                 cases[i].algorithm);
        assert_int_equal(challenge(&auth, line), 0);
        strcpy(auth.cnonce, "c");
        found = header(&auth, "PLAY", "rtsp://c/");
        assert_non_null(strstr(found, cases[i].response));
        snprintf(line, sizeof(line), ", algorithm=%s,", cases[i].algorithm);
        assert_non_null(strstr(found, line));
    }
}

static void test_choice(void **state)
{
    static const struct {
        const char *lines;
        int rc;
        enum rtsp_auth_scheme scheme;
    } cases[] = {
        {"X: y", -ENOTSUP, RTSP_AUTH_NONE},
        {"WWW-Authenticate:", -ENOTSUP, RTSP_AUTH_NONE},
        {"WWW-Authenticate: Negotiate", -ENOTSUP, RTSP_AUTH_NONE},
        {"WWW-Authenticate: Negotiate abc==, Basic realm=x", 0, RTSP_AUTH_BASIC},
        {"WWW-Authenticate: Basic realm=\"a, Digest\", Digest realm=\"b\", nonce=\"c\"", 0,
         RTSP_AUTH_MD5},
        {"WWW-Authenticate: Digest realm=\"b\", nonce=\"c\", Basic realm=\"a\"", 0, RTSP_AUTH_MD5},
        {"WWW-Authenticate: digest realm = b , nonce = c , stale = FALSE", 0, RTSP_AUTH_MD5},
        {"WWW-Authenticate: Digest realm=b, nonce=c, algorithm=\"md5\"", 0, RTSP_AUTH_MD5},
        {"WWW-Authenticate: Digest realm=b, nonce=c, algorithm=SHA-512-256", -ENOTSUP,
         RTSP_AUTH_NONE},
        {"WWW-Authenticate: Digest realm=b, nonce=c, algorithm=MD5-sess", -ENOTSUP, RTSP_AUTH_NONE},
        {"WWW-Authenticate: Digest realm=b, nonce=c, qop=\"auth-int\"", -ENOTSUP, RTSP_AUTH_NONE},
        {"WWW-Authenticate: Digest realm=b", -ENOTSUP, RTSP_AUTH_NONE},
        {"WWW-Authenticate: Digest nonce=c\r\nWWW-Authenticate: Basic realm=a", 0, RTSP_AUTH_BASIC},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rtsp_auth auth;

        rtsp_auth_init(&auth, "u", "p");
        if (challenge(&auth, cases[i].lines) != cases[i].rc || auth.scheme != cases[i].scheme)
            fail_msg("%s", cases[i].lines);
    }
}

static void test_quotes_stay_as_they_are(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "u\"\\v", "p");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=\"a\\\"b\", nonce=\"\""), 0);
    assert_non_null(strstr(header(&auth, "PLAY", "x"),
                           "username=\"u\\\"\\\\v\", realm=\"a\\\"b\", nonce=\"\""));
}

static void test_without_credentials(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "", "");
    assert_int_equal(challenge(&auth, both), -ENOKEY);
}

static void test_stale_is_answered_once(void **state)
{
    struct rtsp_auth auth;

    (void)state;
    rtsp_auth_init(&auth, "u", "p");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=1"), 0);
    // A new nonce for credentials that were never good, and not marked: they are wrong.
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=2"), -EACCES);
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=2, stale=true"), 0);
    assert_non_null(strstr(header(&auth, "PLAY", "x"), "nonce=\"2\""));
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=3, stale=true"),
                     -EACCES);

    // Once accepted, the next stale nonce may come, marked or not; the same nonce is a refusal.
    rtsp_auth_accept(&auth);
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=4"), 0);
    rtsp_auth_accept(&auth);
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=4, stale=true"),
                     -EACCES);
}

static void test_every_cut(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof(both); len++) {
        struct rtsp_auth auth;
        int rc;

        rtsp_auth_init(&auth, "u", "p");
        rc = challenge_bytes(&auth, both, len);
        assert_true(rc == 0 || rc == -ENOTSUP);
    }
}

static void test_bounds(void **state)
{
    char line[1024];
    char small[20];
    struct rtsp_auth auth;

    (void)state;
    for (int len = 250; len < 260; len++) {
        rtsp_auth_init(&auth, "u", "p");
        snprintf(line, sizeof(line), "WWW-Authenticate: Digest realm=a, nonce=\"%0*d\"", len, 0);
        assert_int_equal(challenge(&auth, line), len < RTSP_AUTH_PARAM_MAX ? 0 : -ENOTSUP);
    }
    rtsp_auth_init(&auth, "u", "p");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Digest realm=a, nonce=b"), 0);
    assert_int_equal(rtsp_auth_header(&auth, "PLAY", "x", small, sizeof(small)), -EMSGSIZE);
    rtsp_auth_init(&auth, "user", "password");
    assert_int_equal(challenge(&auth, "WWW-Authenticate: Basic realm=a"), 0);
    assert_int_equal(rtsp_auth_header(&auth, "PLAY", "x", small, sizeof(small)), -EMSGSIZE);
}

static void test_the_longest_header_fits(void **state)
{
    char uri[1024];
    char line[1024];
    char user[128];
    struct rtsp_auth auth;

    (void)state;
    memset(uri, 'u', sizeof(uri) - 1);
    uri[sizeof(uri) - 1] = '\0';
    memset(user, '"', sizeof(user) - 1);
    user[sizeof(user) - 1] = '\0';
    snprintf(line, sizeof(line),
             "WWW-Authenticate: Digest realm=%0255d, nonce=%0255d, opaque=%0255d, qop=auth, "
             "algorithm=SHA-256-sess",
             0, 0, 0);
    rtsp_auth_init(&auth, user, "p");
    assert_int_equal(challenge(&auth, line), 0);
    assert_true(strlen(header(&auth, "GET_PARAMETER", uri)) > 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_challenge_no_header),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_md5_with_qop),
        cmocka_unit_test(test_md5_without_qop),
        cmocka_unit_test(test_sha256_is_preferred),
        cmocka_unit_test(test_sess),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_quotes_stay_as_they_are),
        cmocka_unit_test(test_without_credentials),
        cmocka_unit_test(test_stale_is_answered_once),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_the_longest_header_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
