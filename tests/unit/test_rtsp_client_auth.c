// SPDX-License-Identifier: Apache-2.0
//
// How the client answers a camera that wants to know who it is.
#include "tests/support/rtsp_client_bench.h"

static void test_digest(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    assert_null(strstr(b.sent, "Authorization"));
    expect_request(&b, "OPTIONS ");
    feed(&b, public_ok);
    expect_request(&b, "DESCRIBE ");
    feed(&b, "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\n"
             "WWW-Authenticate: Basic realm=\"cam\"\r\n"
             "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n1\"\r\n\r\n");
    expect_contains(&b, "CSeq: 3\r\n");
    expect_contains(&b, "Authorization: Digest username=\"u\", realm=\"cam\", nonce=\"n1\", "
                        "uri=\"rtsp://cam/s\", response=\"");
    expect_request(&b, "DESCRIBE ");
    feed_sdp(&b, "", VIDEO_SDP);
    expect_contains(&b, "uri=\"rtsp://cam/s/track1\"");
    expect_request(&b, "SETUP ");
    // The nonce has run out, which takes one more round.
    feed(&b, "RTSP/1.0 401 Unauthorized\r\n"
             "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n2\", stale=true\r\n\r\n");
    expect_contains(&b, "nonce=\"n2\"");
    expect_request(&b, "SETUP ");
    feed(&b, "RTSP/1.0 401 Unauthorized\r\n"
             "WWW-Authenticate: Digest realm=\"cam\", nonce=\"n3\", stale=true\r\n\r\n");
    expect_seen(&b, "F");
    assert_string_equal(b.text, "401 from cam: wrong user or password in the source URL");
    end(&b);
}

static void test_basic(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n");
    expect_contains(&b, "Authorization: Basic dTpw\r\n");
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n");
    expect_seen(&b, "F");
    assert_string_equal(b.text, "401 from cam: wrong user or password in the source URL");
    end(&b);
}

static void test_no_answer_to_the_challenge(void **state)
{
    struct bench b;

    (void)state;
    begin_at(&b, "rtsp://cam/s", 1 << 20);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=\"cam\"\r\n\r\n");
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "put them into the source URL"));
    end(&b);

    begin(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: NTLM\r\n\r\n");
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "neither Basic nor Digest"));
    end(&b);
}

static void test_keepalive_with_a_stale_nonce(void **state)
{
    struct bench b;
    int64_t due_ms;

    (void)state;
    begin(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n1\r\n\r\n");
    play_video(&b, ok);
    tick(&b, 15000);
    expect_request(&b, "OPTIONS ");
    due_ms = rtsp_client_due_ms(b.client);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n2\r\n\r\n");
    expect_contains(&b, "nonce=\"n2\"");
    expect_request(&b, "OPTIONS ");
    assert_int_equal(rtsp_client_due_ms(b.client), due_ms);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n3\r\n\r\n");
    assert_string_equal(b.sent, "");
    feed_frame(&b, 0);
    expect_seen(&b, "v");
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_basic),
        cmocka_unit_test(test_no_answer_to_the_challenge),
        cmocka_unit_test(test_keepalive_with_a_stale_nonce),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
