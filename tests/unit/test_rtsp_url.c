// SPDX-License-Identifier: Apache-2.0
#include "rtsp/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct rtsp_url parse(const char *text)
{
    struct rtsp_url url;
    const char *error = NULL;

    if (rtsp_url_parse(text, &url, &error) != 0)
        fail_msg("%s: %s", text, error);
    return url;
}

static void assert_url(const char *text, const char *host, uint16_t port, const char *user,
                       const char *password, const char *request)
{
    struct rtsp_url url = parse(text);

    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_string_equal(url.user, user);
    assert_string_equal(url.password, password);
    assert_string_equal(url.request, request);
}

static void test_parts(void **state)
{
    (void)state;
    assert_url("rtsp://cam/path", "cam", 554, "", "", "rtsp://cam/path");
    assert_url("RTSP://10.0.0.5:554/a?b=c/d", "10.0.0.5", 554, "", "", "rtsp://10.0.0.5/a?b=c/d");
    assert_url("rtsp://cam:8554", "cam", 8554, "", "", "rtsp://cam:8554/");
    assert_url("rtsp://cam?x=1", "cam", 554, "", "", "rtsp://cam/?x=1");
    assert_url("rtsp://cam/a#fragment", "cam", 554, "", "", "rtsp://cam/a");
    assert_url("rtsp://[fd00::1]:8554/a", "fd00::1", 8554, "", "", "rtsp://[fd00::1]:8554/a");
    assert_url("rtsp://[::1]/a", "::1", 554, "", "", "rtsp://[::1]/a");
}

static void test_credentials(void **state)
{
    (void)state;
    assert_url("rtsp://u:p@cam/a", "cam", 554, "u", "p", "rtsp://cam/a");
    assert_url("rtsp://u@cam/a", "cam", 554, "u", "", "rtsp://cam/a");
    assert_url("rtsp://u:@cam/a", "cam", 554, "u", "", "rtsp://cam/a");
    assert_url("rtsp://u:a:b@c@cam:1/x@y", "cam", 1, "u", "a:b@c", "rtsp://cam:1/x@y");
    assert_url("rtsp://%75%3A:p%40%25@cam/", "cam", 554, "u:", "p@%", "rtsp://cam/");
}

static void test_tls(void **state)
{
    (void)state;
    assert_false(parse("rtsp://cam/").tls);
    assert_true(parse("rtsps://cam/").tls);
    assert_url("rtsps://cam/path", "cam", 322, "", "", "rtsps://cam/path");
    assert_url("RTSPS://u:p@cam:322/", "cam", 322, "u", "p", "rtsps://cam/");
    assert_url("rtsps://cam:554/", "cam", 554, "", "", "rtsps://cam:554/");
    assert_url("rtsp://cam:322/", "cam", 322, "", "", "rtsp://cam:322/");
    assert_url("rtsps://[::1]/a", "::1", 322, "", "", "rtsps://[::1]/a");
}

static void test_tunnel(void **state)
{
    (void)state;
    assert_false(parse("rtsps://cam/").tunnel);
    assert_true(parse("rtsp+http://cam/").tunnel);
    assert_false(parse("rtsp+http://cam/").tls);
    assert_true(parse("rtsps+http://cam/").tunnel);
    assert_true(parse("rtsps+http://cam/").tls);
    assert_url("rtsp+http://u:p@cam:80/a?b", "cam", 80, "u", "p", "rtsp://cam:80/a?b");
    assert_url("RTSP+HTTP://cam/a", "cam", 554, "", "", "rtsp://cam/a");
    assert_url("rtsps+http://cam/a", "cam", 322, "", "", "rtsps://cam/a");
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "cam/path",
        "http://cam/path",
        "rtspss://cam/path",
        "rtsp+ws://cam/path",
        "rtsp+http:/cam/path",
        "rtsps:/cam/path",
        "rtsp://",
        "rtsp:///path",
        "rtsp://:554/",
        "rtsp://cam:0/",
        "rtsp://cam:65536/",
        "rtsp://cam:/",
        "rtsp://cam:5x/",
        "rtsp://@cam/",
        "rtsp://:p@cam/",
        "rtsp://u%4:p@cam/",
        "rtsp://u%:p@cam/",
        "rtsp://u%zz:p@cam/",
        "rtsp://u%0d%0aX:p@cam/",
        "rtsp://u%00:p@cam/",
        "rtsp://ca m/",
        "rtsp://cam/a b",
        "rtsp://cam/a\r\nX: y",
        "rtsp://cam$/",
        "rtsp://[::1/",
        "rtsp://[cam]/",
        "rtsp://[::1]x/",
        "rtsp://fd00::1/",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct rtsp_url url;
        const char *error = NULL;

        if (rtsp_url_parse(bad[i], &url, &error) != -EINVAL)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(error);
    }
}

static void test_lengths(void **state)
{
    char text[3000];
    struct rtsp_url url;
    const char *error;

    (void)state;
    for (int len = 0; len < 2000; len++) {
        snprintf(text, sizeof(text), "rtsp://cam/%0*d", len, 0);
        int fits = strlen(text) < RTSP_URL_MAX;

        assert_int_equal(rtsp_url_parse(text, &url, &error), fits ? 0 : -EINVAL);
        snprintf(text, sizeof(text), "rtsp://%0*d/", len + 1, 0);
        assert_int_equal(rtsp_url_parse(text, &url, &error), len + 1 < 256 ? 0 : -EINVAL);
        snprintf(text, sizeof(text), "rtsp://%0*d:%0*d@cam/", len + 1, 0, len + 1, 0);
        assert_int_equal(rtsp_url_parse(text, &url, &error), len + 1 < 128 ? 0 : -EINVAL);
    }
}

static void assert_resolved(const char *base, const char *reference, const char *expected)
{
    char out[RTSP_URL_MAX];
    struct rtsp_span span = {reference, strlen(reference)};

    assert_int_equal(rtsp_url_resolve(base, span, out, sizeof(out)), 0);
    assert_string_equal(out, expected);
}

static void test_resolve(void **state)
{
    char out[16];

    (void)state;
    assert_resolved("rtsp://c/s/", "trackID=1", "rtsp://c/s/trackID=1");
    assert_resolved("rtsp://c/s", "trackID=1", "rtsp://c/s/trackID=1");
    assert_resolved("rtsp://c/s?q=1", "trackID=1", "rtsp://c/s?q=1/trackID=1");
    assert_resolved("rtsp://c/s", "?trackID=1", "rtsp://c/s?trackID=1");
    assert_resolved("rtsp://c/s/", " track1 ", "rtsp://c/s/track1");
    assert_resolved("rtsp://c/s/", "*", "rtsp://c/s/");
    assert_resolved("rtsp://c/s/", "", "rtsp://c/s/");
    assert_resolved("rtsp://c:1/s/", "/t/1", "rtsp://c:1/t/1");
    assert_resolved("rtsp://c", "/t/1", "rtsp://c/t/1");
    assert_resolved("rtsps://c:1/s/", "/t/1", "rtsps://c:1/t/1");
    assert_resolved("rtsps://c/s/", "t", "rtsps://c/s/t");
    assert_resolved("rtsp://c/s/", "rtsp://d/t", "rtsp://d/t");
    assert_resolved("rtsp://c/s/", "http://d/t", "http://d/t");
    assert_resolved("rtsp://c/s/", "t?u=http://d", "rtsp://c/s/t?u=http://d");

    struct rtsp_span blank = {"a b", 3};
    struct rtsp_span fits = {"123456", 6};
    struct rtsp_span long_one = {"1234567", 7};
    assert_int_equal(rtsp_url_resolve("rtsp://c", blank, out, sizeof(out)), -EINVAL);
    assert_int_equal(rtsp_url_resolve("rtsp://c", fits, out, sizeof(out)), 0);
    assert_int_equal(rtsp_url_resolve("rtsp://c", long_one, out, sizeof(out)), -EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),   cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_tls),     cmocka_unit_test(test_tunnel),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_resolve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
