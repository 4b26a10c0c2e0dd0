// SPDX-License-Identifier: Apache-2.0
//
// A connection over a socket pair, whose other end the test holds.
#include "rtsp/connection.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct bench {
    struct event_base *base;
    struct rtsp_connection *connection;
    int far;
    uint8_t came[4 * RTSP_CONNECTION_READ_MAX];
    size_t came_len;
    size_t longest; // bytes of one call
    unsigned ends;
    enum rtsp_cause cause;
    char error[RTSP_TLS_ERROR_MAX];
    bool destroy; // the connection, from within the next call
};

static struct bench b;

static void destroy_if_wanted(void)
{
    if (!b.destroy)
        return;
    rtsp_connection_destroy(b.connection);
    b.connection = NULL;
}

static void on_bytes(void *ctx, const uint8_t *data, size_t len)
{
    assert_ptr_equal(ctx, &b);
    assert_true(b.came_len + len <= sizeof(b.came));
    memcpy(b.came + b.came_len, data, len);
    b.came_len += len;
    if (len > b.longest)
        b.longest = len;
    destroy_if_wanted();
}

static void on_end(void *ctx, enum rtsp_cause cause, const char *error)
{
    assert_ptr_equal(ctx, &b);
    b.ends++;
    b.cause = cause;
    snprintf(b.error, sizeof(b.error), "%s", error);
    destroy_if_wanted();
}

static int setup(void **state)
{
    struct rtsp_connection_owner owner = {.on_bytes = on_bytes, .on_end = on_end, .ctx = &b};
    const struct rtsp_url url = {.host = "cam"};
    const struct rtsp_trust trust = {0};
    int ends[2];

    (void)state;
    memset(&b, 0, sizeof(b));
    b.base = event_base_new();
    if (!b.base || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) < 0)
        return -1;
    b.far = ends[1];
    return rtsp_connection_create(b.base, ends[0], &url, &trust, &owner, &b.connection);
}

static int teardown(void **state)
{
    (void)state;
    rtsp_connection_destroy(b.connection);
    close(b.far);
    event_base_free(b.base);
    return 0;
}

// All that is to be done now.
static void turn(void)
{
    for (int i = 0; i < 100; i++)
        event_base_loop(b.base, EVLOOP_NONBLOCK);
}

static void test_bytes_come(void **state)
{
    (void)state;
    turn();
    assert_int_equal(b.came_len, 0);
    assert_int_equal(write(b.far, "abc", 3), 3);
    turn();
    assert_int_equal(write(b.far, "de", 2), 2);
    turn();
    assert_int_equal(b.came_len, 5);
    assert_memory_equal(b.came, "abcde", 5);
    assert_int_equal(b.ends, 0);
}

static void test_more_than_one_read_takes(void **state)
{
    static uint8_t many[RTSP_CONNECTION_READ_MAX + 1000];
    size_t sent = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = (uint8_t)(i * 7 + i / 256);
    while (sent < sizeof(many)) {
        ssize_t len = write(b.far, many + sent, sizeof(many) - sent);

        if (len > 0)
            sent += (size_t)len;
        else
            turn();
    }
    turn();
    assert_int_equal(b.came_len, sizeof(many));
    assert_memory_equal(b.came, many, sizeof(many));
    assert_true(b.longest <= RTSP_CONNECTION_READ_MAX);
}

static void test_bytes_go_in_order(void **state)
{
    char got[16] = "";

    (void)state;
    assert_int_equal(rtsp_connection_send(b.connection, (const uint8_t *)"ab", 2), 0);
    assert_int_equal(rtsp_connection_send(b.connection, (const uint8_t *)"cd", 2), 0);
    turn();
    assert_int_equal(read(b.far, got, sizeof(got)), 4);
    assert_string_equal(got, "abcd");
}

static void test_nobody_reads(void **state)
{
    static uint8_t some[4096], got[4096];
    size_t taken = 0, arrived = 0;
    ssize_t len;
    int rc;

    (void)state;
    while ((rc = rtsp_connection_send(b.connection, some, sizeof(some))) == 0) {
        taken += sizeof(some);
        turn();
        assert_true(taken < 64 << 20);
    }
    assert_int_equal(rc, -ENOBUFS);
    assert_int_equal(b.ends, 0);
    // What was taken is not lost, and there is room again.
    do {
        len = read(b.far, got, sizeof(got));
        arrived += len > 0 ? (size_t)len : 0;
        turn();
    } while (len > 0);
    assert_int_equal(arrived, taken);
    assert_int_equal(rtsp_connection_send(b.connection, some, sizeof(some)), 0);
}

static void test_the_end_comes_once(void **state)
{
    (void)state;
    assert_int_equal(write(b.far, "abc", 3), 3);
    assert_int_equal(shutdown(b.far, SHUT_RDWR), 0);
    turn();
    assert_int_equal(b.came_len, 3);
    assert_int_equal(b.ends, 1);
    assert_string_equal(b.error, "cam closed the connection; it restarts, or has too many clients");
}

static void test_a_broken_connection_tells_why(void **state)
{
    (void)state;
    close(b.far);
    b.far = dup(0);
    b.destroy = true;
    // Writable before readable: whichever comes first, there is one end.
    assert_int_equal(rtsp_connection_send(b.connection, (const uint8_t *)"ab", 2), 0);
    turn();
    assert_int_equal(b.ends, 1);
    assert_null(b.connection);
    assert_non_null(strstr(b.error, "connection to cam broke: "));
}

static void test_destroyed_by_what_came(void **state)
{
    (void)state;
    b.destroy = true;
    assert_int_equal(write(b.far, "abc", 3), 3);
    turn();
    assert_int_equal(b.came_len, 3);
    assert_null(b.connection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_bytes_come, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_than_one_read_takes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bytes_go_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_end_comes_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_broken_connection_tells_why, setup, teardown),
        cmocka_unit_test_setup_teardown(test_destroyed_by_what_came, setup, teardown),
    };

    signal(SIGPIPE, SIG_IGN); // as the program does
    return cmocka_run_group_tests(tests, NULL, NULL);
}
