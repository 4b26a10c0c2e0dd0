// SPDX-License-Identifier: Apache-2.0
//
// How the client leaves a session: not without TEARDOWN, and not for a reason that gets lost.
#include "tests/support/rtsp_client_bench.h"

// Up to the SETUP of the second track; the first has made a session.
static void set_up(struct bench *b)
{
    begin(b);
    feed(b, ok);
    feed_sdp(b, "", VIDEO_SDP AUDIO_SDP);
    feed(b, setup_ok);
    b->sent[0] = '\0';
}

static void play(struct bench *b)
{
    set_up(b);
    feed(b, setup2_ok);
    feed(b, ok);
    expect_seen(b, "R");
    b->sent[0] = '\0';
}

static void expect_teardown(struct bench *b)
{
    expect_contains(b, "Session: 1234abcd\r\n");
    expect_request(b, "TEARDOWN rtsp://cam/s RTSP/1.0\r\n");
    expect_seen(b, "");
}

static void test_play_refused(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    feed(&b, setup2_ok);
    expect_seen(&b, "R");
    b.sent[0] = '\0';
    feed(&b, "RTSP/1.0 454 Session Not Found\r\n\r\n");
    expect_teardown(&b);
    feed(&b, ok);
    expect_seen(&b, "F");
    assert_string_equal(b.text,
                        "454 Session Not Found from cam in answer to PLAY; look into its log");
    end(&b);
}

static void test_challenge_that_cannot_be_answered(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: NTLM\r\n\r\n");
    expect_teardown(&b);
    feed(&b, ok);
    expect_seen(&b, "F");
    end(&b);
}

static void test_no_answer(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    tick(&b, RTSP_RESPONSE_MS);
    expect_teardown(&b);
    tick(&b, RTSP_TEARDOWN_MS - 1);
    expect_seen(&b, "");
    tick(&b, 1);
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "no answer to SETUP from cam"));
    end(&b);
}

// A nonce that has run out is no reason to leave the session behind.
static void test_stale_nonce(void **state)
{
    struct bench b;

    (void)state;
    begin(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n1\r\n\r\n");
    feed(&b, ok);
    feed_sdp(&b, "", VIDEO_SDP);
    feed(&b, setup_ok);
    feed(&b, ok);
    expect_seen(&b, "R");
    b.sent[0] = '\0';
    rtsp_client_stop(b.client, b.now_ms);
    drain(&b);
    expect_request(&b, "TEARDOWN ");
    tick(&b, RTSP_TEARDOWN_MS - 1);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: Digest realm=r, nonce=n2, stale=true\r\n\r\n");
    expect_contains(&b, "nonce=\"n2\"");
    expect_request(&b, "TEARDOWN ");
    expect_seen(&b, "");
    // Patience does not begin anew.
    tick(&b, 1);
    expect_seen(&b, "C");
    end(&b);
}

// What is no RTSP goes on while the answer is waited for.
static void test_junk(void **state)
{
    static const char junk[4096] = {1};
    struct bench b;

    (void)state;
    play(&b);
    while (!b.sent[0])
        feed_bytes(&b, junk, sizeof(junk));
    expect_teardown(&b);
    for (int i = 0; i < 200; i++)
        feed_bytes(&b, junk, sizeof(junk));
    feed(&b, ok);
    expect_seen(&b, "F");
    assert_non_null(strstr(b.text, "not RTSP"));
    end(&b);
}

static void test_redirect_of_setup(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    feed(&b, "RTSP/1.0 302 Found\r\nLocation: rtsp://other/\r\n\r\n");
    expect_teardown(&b);
    feed(&b, "RTSP/1.0 401 No\r\nWWW-Authenticate: NTLM\r\n\r\n");
    expect_seen(&b, ">");
    assert_string_equal(rtsp_client_url(b.client)->host, "other");
    end(&b);
}

static void test_redirect_request(void **state)
{
    struct bench b;

    (void)state;
    play(&b);
    feed(&b, "REDIRECT rtsp://cam/s RTSP/1.0\r\nCSeq: 7\r\nLocation: /t\r\n\r\n");
    expect_contains(&b, "RTSP/1.0 200 OK\r\nCSeq: 7\r\nSession: 1234abcd\r\n\r\nTEARDOWN ");
    feed_frame(&b, 0);
    expect_seen(&b, "");
    feed(&b, ok);
    expect_seen(&b, ">");
    assert_string_equal(rtsp_client_url(b.client)->request, "rtsp://cam/t");
    assert_string_equal(rtsp_client_url(b.client)->password, "p");
    end(&b);

    // Sent nowhere, it stays.
    play(&b);
    feed(&b, "REDIRECT rtsp://cam/s RTSP/1.0\r\nCSeq: 7\r\n\r\n");
    expect_request(&b, "RTSP/1.0 200 OK\r\n");
    feed_frame(&b, 0);
    expect_seen(&b, "Nv");
    assert_string_equal(b.text, "REDIRECT from cam leads nowhere: no Location header");
    end(&b);

    // Before there is anything to be sent away from.
    set_up(&b);
    feed(&b, "REDIRECT rtsp://cam/s RTSP/1.0\r\nCSeq: 7\r\nLocation: /t\r\n\r\n");
    expect_request(&b, "RTSP/1.0 200 OK\r\n");
    expect_seen(&b, "");
    end(&b);
}

// The camera closes the connection instead of answering TEARDOWN.
static void test_connection_ends(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    feed(&b, "RTSP/1.0 302 Found\r\nLocation: rtsp://other/\r\n\r\n");
    rtsp_client_end(b.client);
    drain(&b);
    expect_seen(&b, ">");
    end(&b);

    // Nothing was to follow.
    play(&b);
    rtsp_client_end(b.client);
    drain(&b);
    expect_seen(&b, "");
    end(&b);
}

// Whoever stops it does not want to be led elsewhere.
static void test_stop_on_the_way(void **state)
{
    struct bench b;

    (void)state;
    set_up(&b);
    feed(&b, "RTSP/1.0 302 Found\r\nLocation: rtsp://other/\r\n\r\n");
    expect_teardown(&b);
    rtsp_client_stop(b.client, b.now_ms);
    drain(&b);
    assert_string_equal(b.sent, "");
    feed(&b, ok);
    expect_seen(&b, "C");
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_play_refused),
        cmocka_unit_test(test_challenge_that_cannot_be_answered),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_stale_nonce),
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_redirect_of_setup),
        cmocka_unit_test(test_redirect_request),
        cmocka_unit_test(test_connection_ends),
        cmocka_unit_test(test_stop_on_the_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
