// SPDX-License-Identifier: Apache-2.0
// The guard in front of evhttp, with real connections on 127.0.0.1 and a clock of the test's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>

#include "control/clock.h"
#include "control/http_guard.h"
#include "tests/support/stepped_clock.h"

enum {
    CONNECTIONS_MAX = 3,
    DEADLINE_MS = 2000, // beyond the guard's deadline of 1 s when it is full
    SWEEP_MS = 100,     // how fine the guard's deadlines are
    STEP_MS = 20,
    PATIENCE_TURNS = 100000, // for what needs no time
};

struct site {
    struct event_base *base;
    struct evhttp *http;
    struct ctl_http_guard *guard;
    struct sockaddr_in addr;
};

static void on_request(struct evhttp_request *req, void *ctx)
{
    struct site *site = ctx;

    ctl_http_guard_request(site->guard, req);
    evhttp_send_reply(req, HTTP_OK, NULL, NULL);
}

static int open_site(void **state)
{
    struct site *site = calloc(1, sizeof(*site));
    socklen_t len = sizeof(site->addr);
    struct evconnlistener *listener;

    site->base = event_base_new();
    site->http = evhttp_new(site->base);
    site->addr.sin_family = AF_INET;
    site->addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = evconnlistener_new_bind(site->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE, 16,
                                       (struct sockaddr *)&site->addr, sizeof(site->addr));
    assert_non_null(listener);
    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&site->addr, &len);
    assert_non_null(evhttp_bind_listener(site->http, listener));
    assert_int_equal(ctl_http_guard_create(site->base, site->http, listener, CONNECTIONS_MAX,
                                           DEADLINE_MS, NULL, &site->guard),
                     0);
    evhttp_set_gencb(site->http, on_request, site);
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    struct site *site = *state;

    ctl_http_guard_stop(site->guard);
    evhttp_free(site->http);
    ctl_http_guard_destroy(site->guard);
    event_base_free(site->base);
    free(site);
    return 0;
}

static int dial(const struct site *site)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&site->addr, sizeof(site->addr)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void turn(const struct site *site)
{
    for (int ms = 0; ms < STEP_MS; ms++)
        stepped_turn(site->base, 1);
}

// Bytes, 0: closed, -1: nothing.
static ssize_t hear(int fd)
{
    char buffer[512];
    ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

    return n < 0 && errno == ECONNRESET ? 0 : n;
}

// Milliseconds until fd is answered or closed, which *closed tells; drip, if set, is sent to it all
// the time.
static int64_t wait_for(const struct site *site, int fd, const char *drip, bool *closed)
{
    int64_t start_ns = ctl_now_ns();

    for (;;) {
        int64_t ms = (ctl_now_ns() - start_ns) / CTL_NS_PER_MS;
        ssize_t n;

        if (drip)
            say(fd, drip);
        turn(site);
        n = hear(fd);
        if (n >= 0) {
            *closed = n == 0;
            return ms;
        }
        assert_true(ms < 3 * DEADLINE_MS);
    }
}

static void a_dripping_client_meets_its_deadline(void **state)
{
    struct site *site = *state;
    bool closed;
    int fd = dial(site);
    int64_t ms;

    say(fd, "GET / HTTP/1.1\r\nX: ");
    ms = wait_for(site, fd, "y", &closed);
    assert_true(closed);
    assert_in_range(ms, DEADLINE_MS - STEP_MS, DEADLINE_MS + SWEEP_MS + STEP_MS);
    close(fd);
}

static void each_request_starts_a_new_deadline(void **state)
{
    struct site *site = *state;
    int64_t start_ns = ctl_now_ns();
    bool closed;
    int fd = dial(site);

    while (ctl_now_ns() - start_ns < DEADLINE_MS * CTL_NS_PER_MS * 3 / 2) {
        say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        wait_for(site, fd, NULL, &closed);
        assert_false(closed);
        for (int i = 0; i < 10; i++)
            turn(site);
    }
    close(fd);
}

static void a_full_house_makes_room(void **state)
{
    struct site *site = *state;
    int idle[CONNECTIONS_MAX];
    bool closed;
    int64_t ms;
    int fd;

    for (int i = 0; i < CONNECTIONS_MAX; i++)
        idle[i] = dial(site);
    turn(site);
    fd = dial(site);
    say(fd, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    ms = wait_for(site, fd, NULL, &closed);
    assert_false(closed);
    assert_in_range(ms, 500, DEADLINE_MS - 200);
    for (int i = 0; i < CONNECTIONS_MAX; i++) {
        assert_int_equal(hear(idle[i]), 0);
        close(idle[i]);
    }
    close(fd);
}

// No timer has a turn in between.
static void connections_that_end_make_room_at_once(void **state)
{
    struct site *site = *state;

    for (int i = 0; i < 10 * CONNECTIONS_MAX; i++) {
        int fd = dial(site);
        ssize_t n = -1;

        say(fd, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        for (int turns = 0; turns < PATIENCE_TURNS && (n = hear(fd)) < 0; turns++)
            stepped_turn(site->base, 0);
        assert_true(n > 0);
        close(fd);
        event_base_loop(site->base, EVLOOP_NONBLOCK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dripping_client_meets_its_deadline, open_site,
                                        close_site),
        cmocka_unit_test_setup_teardown(each_request_starts_a_new_deadline, open_site, close_site),
        cmocka_unit_test_setup_teardown(a_full_house_makes_room, open_site, close_site),
        cmocka_unit_test_setup_teardown(connections_that_end_make_room_at_once, open_site,
                                        close_site),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
