// SPDX-License-Identifier: Apache-2.0
//
// Where the client follows a redirect to, and what it takes there.
#include "tests/support/rtsp_client_bench.h"

#include "rtsp/redirect.h"

static void test_redirects(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=r\r\n\r\n");
    expect_contains(&b, "Authorization: Basic dTpw");
    b.sent[0] = '\0';
    // Within the host, credentials are kept.
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsp://CAM:8554/t\r\n\r\n");
    expect_seen(&b, ">");
    assert_string_equal(b.sent, "");
    assert_int_equal(rtsp_client_url(b.client)->port, 8554);
    rtsp_client_start(b.client, b.now_ms);
    drain(&b);
    assert_null(strstr(b.sent, "Authorization"));
    expect_request(&b, "OPTIONS rtsp://CAM:8554/t RTSP/1.0\r\n");
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=r\r\n\r\n");
    expect_contains(&b, "Authorization: Basic dTpw");
    b.sent[0] = '\0';
    feed(&b, ok);

    // To another host they do not go.
    feed(&b, "RTSP/1.0 301 Moved\r\nLocation: rtsp://other/t\r\n\r\n");
    expect_seen(&b, ">");
    assert_string_equal(rtsp_client_url(b.client)->host, "other");
    assert_string_equal(rtsp_client_url(b.client)->user, "");
    assert_string_equal(rtsp_client_url(b.client)->password, "");
    rtsp_client_start(b.client, b.now_ms);
    drain(&b);
    // Not even back again.
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsp://cam/t\r\n\r\n");
    expect_seen(&b, ">");
    rtsp_client_start(b.client, b.now_ms);
    drain(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=r\r\n\r\n");
    expect_seen(&b, "F");

    // A new attempt starts where the configuration says.
    rtsp_client_rewind(b.client);
    assert_string_equal(rtsp_client_url(b.client)->request, "rtsp://cam/s");
    assert_string_equal(rtsp_client_url(b.client)->user, "u");
    for (int hop = 0; hop < RTSP_REDIRECTS_MAX; hop++) {
        rtsp_client_start(b.client, b.now_ms);
        drain(&b);
        feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsp://v:w@cam2/\r\n\r\n");
        expect_seen(&b, ">");
        assert_string_equal(rtsp_client_url(b.client)->user, "v");
    }
    rtsp_client_start(b.client, b.now_ms);
    drain(&b);
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsp://cam2/\r\n\r\n");
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "more than 3 redirects"));
    end(&b);
}

static void test_redirects_keep_to_tls(void **state)
{
    struct bench b;

    (void)state;
    begin_at(&b, "rtsps://u:p@cam/s", 1 << 20);
    expect_request(&b, "OPTIONS rtsps://cam/s RTSP/1.0\r\n");
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: /t\r\n\r\n");
    expect_seen(&b, ">");
    assert_true(rtsp_client_url(b.client)->tls);
    assert_int_equal(rtsp_client_url(b.client)->port, RTSPS_DEFAULT_PORT);
    assert_string_equal(rtsp_client_url(b.client)->user, "u");
    rtsp_client_start(b.client, b.now_ms);
    drain(&b);
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsp://cam/t\r\n\r\n");
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "302 from cam leads from rtsps to rtsp"));
    end(&b);

    // A tunnel stays one.
    begin_at(&b, "rtsps+http://cam/s", 1 << 20);
    expect_request(&b, "OPTIONS rtsps://cam/s RTSP/1.0\r\n");
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsps://cam2/t\r\n\r\n");
    assert_true(rtsp_client_url(b.client)->tls);
    assert_true(rtsp_client_url(b.client)->tunnel);
    end(&b);

    // Where there is no password, there is nothing to protect.
    begin_at(&b, "rtsps://cam/s", 1 << 20);
    feed(&b, "RTSP/1.0 302 Moved\r\nLocation: rtsp://cam/t\r\n\r\n");
    expect_seen(&b, ">");
    assert_false(rtsp_client_url(b.client)->tls);
    end(&b);
}

static void test_redirects_to_nowhere(void **state)
{
    static const char *const bad[] = {
        "RTSP/1.0 302 Moved\r\n\r\n",
        "RTSP/1.0 302 Moved\r\nLocation: http://cam/\r\n\r\n",
        "RTSP/1.0 302 Moved\r\nLocation: rtsp://a b/\r\n\r\n",
        "RTSP/1.0 302 Moved\r\nLocation: rtsp://:1/\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct bench b;

        begin(&b);
        feed(&b, bad[i]);
        expect_seen(&b, "F");
        assert_non_null(strstr(b.text, "302 from cam leads nowhere: "));
        end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_redirects_keep_to_tls),
        cmocka_unit_test(test_redirects_to_nowhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
