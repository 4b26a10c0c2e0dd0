// SPDX-License-Identifier: Apache-2.0
//
// HTTP as bench/viewers speaks it: URLs, and responses of whatever server.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/viewers_response.h"
#include "bench/viewers_url.h"

static char data[8192];
static struct viewers_response response;

static int parse(const char *text, bool closed)
{
    strcpy(data, text);
    return viewers_response_parse(data, strlen(text), closed, &response);
}

static void check_body(const char *body)
{
    assert_int_equal(response.body_len, strlen(body));
    assert_memory_equal(response.body, body, response.body_len);
}

static void test_counted_body(void **state)
{
    (void)state;
    assert_int_equal(
        parse("HTTP/1.1 201 Created\r\nLocation: /x/1\r\ncontent-length: 5\r\n\r\nv=0\r\n"
              "more",
              false),
        0);
    assert_int_equal(response.status, 201);
    assert_string_equal(response.reason, "Created");
    assert_string_equal(response.location, "/x/1");
    check_body("v=0\r\n");
    assert_int_equal(parse("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nv=0", false), -EAGAIN);
    assert_int_equal(parse("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nv=0", true), -EBADMSG);
}

static void test_chunked_body(void **state)
{
    static const char whole[] = "HTTP/1.1 201 Created\r\nTransfer-Encoding: Chunked\r\n\r\n"
                                "4;x=y\r\nv=0\r\r\nA\r\n0123456789\r\n0\r\n";

    (void)state;
    assert_int_equal(parse(whole, false), 0);
    check_body("v=0\r0123456789");
    for (size_t len = 0; len < sizeof(whole) - 3; len++) {
        char *part = malloc(len + 1); // of its own size, for the sanitizer

        memcpy(part, whole, len);
        assert_int_equal(viewers_response_parse(part, len, false, &response), -EAGAIN);
        free(part);
    }
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", false),
                     -EBADMSG);
    assert_int_equal(
        parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", false),
        -EBADMSG);
}

static void test_body_until_closed(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.0 200 OK\r\n\r\nv=0", false), -EAGAIN);
    assert_int_equal(parse("HTTP/1.0 200 OK\r\n\r\nv=0", true), 0);
    check_body("v=0");
    assert_int_equal(parse("HTTP/1.1 204 No Content\r\n\r\n", false), 0);
}

static void test_interim_response(void **state)
{
    (void)state;
    assert_int_equal(parse("HTTP/1.1 100 Continue\r\n\r\n", false), -EAGAIN);
    assert_int_equal(
        parse("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", false), 0);
    assert_int_equal(response.status, 404);
    assert_string_equal(response.reason, "");
}

static void test_not_http(void **state)
{
    (void)state;
    assert_int_equal(parse("RTSP/1.0 200 OK\r\n\r\n", false), -EBADMSG);
    assert_int_equal(parse("HTTP/1.1 20x OK\r\n\r\n", false), -EBADMSG);
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false), -EBADMSG);
    assert_int_equal(parse("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false), -EBADMSG);
    assert_int_equal(parse("\r\n\r\n", false), -EBADMSG);
}

// ---- URLs ----

static struct viewers_url url;

static void check_url(const char *host, const char *path)
{
    assert_string_equal(url.host, host);
    assert_string_equal(url.path, path);
}

static void test_url(void **state)
{
    (void)state;
    assert_true(viewers_url_parse("http://host:8889/cam1/whep", &url));
    check_url("host:8889", "/cam1/whep");
    assert_true(viewers_url_parse("HTTP://[::1]:80", &url));
    check_url("[::1]:80", "/");
    assert_true(viewers_url_parse("http://h/api?src=cam#top", &url));
    check_url("h", "/api?src=cam");
    assert_false(viewers_url_parse("https://host/x", &url));
    assert_false(viewers_url_parse("http:///x", &url));
    assert_false(viewers_url_parse("http://user:word@host/x", &url));
    assert_false(viewers_url_parse("host/x", &url));
}

static void test_url_number(void **state)
{
    char text[40];

    (void)state;
    assert_true(viewers_url_number("http://h/cam{}/x%d", 12, text, sizeof(text)));
    assert_string_equal(text, "http://h/cam12/x12");
    assert_true(viewers_url_has_number("http://h/cam{}/whep"));
    assert_false(viewers_url_has_number("http://h/cam1/whep"));
    assert_false(viewers_url_number("http://h/cam{}", 12345, text, 17));
    assert_true(viewers_url_number("http://h/cam{}", 1234, text, 17));
}

static void test_url_resolve(void **state)
{
    const char *what;

    (void)state;
    assert_true(viewers_url_parse("http://127.0.0.1:8889/x", &url));
    assert_int_equal(viewers_url_resolve(&url, &what), 0);
    assert_int_equal(url.addr.sa.sa_family, AF_INET);
    assert_int_equal(eng_addr_port(&url.addr), 8889);
    assert_true(viewers_url_parse("http://[::1]/x", &url));
    assert_int_equal(viewers_url_resolve(&url, &what), 0);
    assert_int_equal(url.addr.sa.sa_family, AF_INET6);
    assert_int_equal(eng_addr_port(&url.addr), 80);
    assert_true(viewers_url_parse("http://[::1/x", &url));
    assert_int_equal(viewers_url_resolve(&url, &what), -EINVAL);
}

static void test_location(void **state)
{
    struct viewers_url base;

    (void)state;
    assert_true(viewers_url_parse("http://host:1/cam/whep?a=/b", &base));
    assert_true(viewers_url_follow(&base, "/cam/whep/1234", &url));
    check_url("host:1", "/cam/whep/1234");
    assert_true(viewers_url_follow(&base, "whep/1234", &url));
    check_url("host:1", "/cam/whep/1234");
    assert_true(viewers_url_follow(&base, "http://other:2/x?y", &url));
    check_url("other:2", "/x?y");
    assert_true(viewers_url_follow(&base, "/x?to=http://y", &url));
    check_url("host:1", "/x?to=http://y");
    assert_false(viewers_url_follow(&base, "https://other/x", &url));
    assert_false(viewers_url_follow(&base, "//other/x", &url));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted_body),      cmocka_unit_test(test_chunked_body),
        cmocka_unit_test(test_body_until_closed), cmocka_unit_test(test_interim_response),
        cmocka_unit_test(test_not_http),          cmocka_unit_test(test_url),
        cmocka_unit_test(test_url_number),        cmocka_unit_test(test_url_resolve),
        cmocka_unit_test(test_location),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
