// SPDX-License-Identifier: Apache-2.0
//
// Ports against senders on 127.0.0.0/8, in real time.
#include "rtsp/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

struct bench {
    struct event_base *base;
    struct rtsp_ports *ports;
    char seen[64]; // first letter of each datagram, of RTCP in upper case; '.' per batch
    size_t last_len;
    bool close_at_datagram, close_at_batch;
};

static struct bench b;

static void note(char letter)
{
    size_t len = strlen(b.seen);

    assert_true(len + 1 < sizeof(b.seen));
    b.seen[len] = letter;
}

static void on_datagram(void *ctx, bool rtcp, const uint8_t *data, size_t len, struct rtsp_now now)
{
    (void)now;
    assert_ptr_equal(ctx, &b);
    note((char)(rtcp ? data[0] - 'a' + 'A' : data[0]));
    b.last_len = len;
    if (b.close_at_datagram) {
        rtsp_ports_close(b.ports);
        b.ports = NULL;
    }
}

static void on_batch(void *ctx, struct rtsp_now now)
{
    (void)now;
    assert_ptr_equal(ctx, &b);
    note('.');
    if (b.close_at_batch) {
        rtsp_ports_close(b.ports);
        b.ports = NULL;
    }
}

static struct sockaddr_storage address(const char *host, uint16_t port)
{
    struct sockaddr_storage out = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&out;

    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    assert_int_equal(inet_pton(AF_INET, host, &in->sin_addr), 1);
    return out;
}

static int setup(void **state)
{
    const struct rtsp_ports_owner owner = {on_datagram, on_batch, &b};
    struct sockaddr_storage local = address("127.0.0.1", 0);

    (void)state;
    memset(&b, 0, sizeof(b));
    b.base = event_base_new();
    return b.base ? rtsp_ports_open(b.base, &local, &owner, &b.ports) : -1;
}

static int teardown(void **state)
{
    (void)state;
    rtsp_ports_close(b.ports);
    event_base_free(b.base);
    return 0;
}

static int open_sender(const char *host)
{
    struct sockaddr_storage from = address(host, 0);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(struct sockaddr_in)), 0);
    return fd;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in bound;
    socklen_t len = sizeof(bound);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&bound, &len), 0);
    return ntohs(bound.sin_port);
}

static void send_from(int fd, unsigned offset, const void *data, size_t len)
{
    struct sockaddr_storage to =
        address("127.0.0.1", (uint16_t)(rtsp_ports_number(b.ports) + offset));

    assert_int_equal(sendto(fd, data, len, 0, (struct sockaddr *)&to, sizeof(struct sockaddr_in)),
                     len);
}

// One datagram, sent for itself.
static void send_once(const char *host, unsigned offset, const char *text)
{
    int fd = open_sender(host);

    send_from(fd, offset, text, strlen(text));
    close(fd);
}

static void turn(void)
{
    for (int i = 0; i < 10; i++)
        event_base_loop(b.base, EVLOOP_NONBLOCK);
}

static void expect(const char *seen)
{
    turn();
    assert_string_equal(b.seen, seen);
    memset(b.seen, 0, sizeof(b.seen));
}

static void expect_from(const char *one, const char *two)
{
    struct sockaddr_storage first = address(one, 0), second = address(two, 0);

    rtsp_ports_expect(b.ports, &first, &second, 0, 0);
}

static void rtp_is_even_and_rtcp_next(void **state)
{
    (void)state;
    assert_int_equal(rtsp_ports_number(b.ports) % 2, 0);
    expect_from("127.0.0.9", "127.0.0.9");
    send_once("127.0.0.9", 0, "a");
    send_once("127.0.0.9", 0, "b");
    expect("ab.");
    send_once("127.0.0.9", 1, "c");
    expect("C.");
}

static void only_the_camera_is_heard(void **state)
{
    (void)state;
    send_once("127.0.0.9", 0, "a");
    expect(".");
    expect_from("127.0.0.9", "127.0.0.8");
    send_once("127.0.0.7", 0, "b");
    send_once("127.0.0.9", 0, "c");
    send_once("127.0.0.8", 0, "d");
    send_once("127.0.0.7", 1, "e");
    turn();
    assert_string_equal(b.seen, "cd..");
}

static void what_is_too_long_is_dropped(void **state)
{
    static char big[RTSP_PORTS_DATAGRAM_MAX + 1];
    int fd = open_sender("127.0.0.9");

    (void)state;
    memset(big, 'x', sizeof(big));
    expect_from("127.0.0.9", "127.0.0.9");
    send_from(fd, 0, big, sizeof(big));
    expect(".");
    send_from(fd, 0, big, sizeof(big) - 1);
    expect("x.");
    assert_int_equal(b.last_len, RTSP_PORTS_DATAGRAM_MAX);
    close(fd);
}

static void more_than_a_batch(void **state)
{
    int fd = open_sender("127.0.0.9");

    (void)state;
    expect_from("127.0.0.9", "127.0.0.9");
    for (int i = 0; i < RTSP_PORTS_BATCH + 2; i++)
        send_from(fd, 0, "a", 1);
    turn();
    assert_int_equal(strlen(b.seen), RTSP_PORTS_BATCH + 2 + 2);
    assert_int_equal(b.seen[RTSP_PORTS_BATCH], '.');
    close(fd);
}

static void it_may_be_closed_by_what_comes(void **state)
{
    (void)state;
    expect_from("127.0.0.9", "127.0.0.9");
    send_once("127.0.0.9", 0, "a");
    send_once("127.0.0.9", 0, "b");
    b.close_at_datagram = true;
    expect("a");
    assert_null(b.ports);
}

static void it_may_be_closed_at_a_batchs_end(void **state)
{
    (void)state;
    expect_from("127.0.0.9", "127.0.0.9");
    send_once("127.0.0.9", 0, "a");
    b.close_at_batch = true;
    expect("a.");
    assert_null(b.ports);
}

static void firewalls_are_opened(void **state)
{
    struct sockaddr_storage camera = address("127.0.0.9", 0);
    int rtp = open_sender("127.0.0.9"), rtcp = open_sender("127.0.0.9");
    uint8_t got[64];

    (void)state;
    rtsp_ports_keep_open(b.ports); // nobody knows where to yet
    rtsp_ports_expect(b.ports, &camera, &camera, port_of(rtp), port_of(rtcp));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(recv(rtp, got, sizeof(got), 0), 12);
        assert_int_equal(got[0], 0x80);
        assert_int_equal(recv(rtcp, got, sizeof(got), 0), 8);
        assert_int_equal(got[1], 201); // RR
        rtsp_ports_keep_open(b.ports);
    }
    rtsp_ports_send_rtcp(b.ports, (const uint8_t *)"abc", 3);
    assert_int_equal(recv(rtcp, got, sizeof(got), 0), 8); // of the last keep_open
    assert_int_equal(recv(rtcp, got, sizeof(got), 0), 3);
    close(rtp);
    close(rtcp);
}

static void a_pair_is_found_among_taken_ones(void **state)
{
    const struct rtsp_ports_owner owner = {on_datagram, on_batch, &b};
    struct sockaddr_storage local = address("127.0.0.1", 0);
    struct rtsp_ports *more[64];
    unsigned sum = 0;

    (void)state;
    for (int i = 0; i < 64; i++) {
        assert_int_equal(rtsp_ports_open(b.base, &local, &owner, &more[i]), 0);
        sum += rtsp_ports_number(more[i]) % 2;
    }
    for (int i = 0; i < 64; i++)
        rtsp_ports_close(more[i]);
    assert_int_equal(sum, 0);
}

static void no_such_address(void **state)
{
    const struct rtsp_ports_owner owner = {on_datagram, on_batch, &b};
    struct sockaddr_storage nowhere = address("192.0.2.1", 0);
    struct rtsp_ports *none = NULL;

    (void)state;
    assert_int_equal(rtsp_ports_open(b.base, &nowhere, &owner, &none), -EADDRNOTAVAIL);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rtp_is_even_and_rtcp_next, setup, teardown),
        cmocka_unit_test_setup_teardown(only_the_camera_is_heard, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_long_is_dropped, setup, teardown),
        cmocka_unit_test_setup_teardown(more_than_a_batch, setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_be_closed_by_what_comes, setup, teardown),
        cmocka_unit_test_setup_teardown(it_may_be_closed_at_a_batchs_end, setup, teardown),
        cmocka_unit_test_setup_teardown(firewalls_are_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pair_is_found_among_taken_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(no_such_address, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
