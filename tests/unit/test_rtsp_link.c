// SPDX-License-Identifier: Apache-2.0
//
// A link to a camera that the test plays itself, over TCP on 127.0.0.1.
#include "rtsp/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/tls_server.h"

enum {
    PATIENCE_MS = 20000,
    HEARD_MAX = 16384,
};

#define OK "HTTP/1.0 200 OK\r\nContent-Type: application/x-rtsp-tunnelled\r\n\r\n"
#define CHALLENGE \
    "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n\r\n"

struct bench {
    struct event_base *base;
    struct rtsp_tls_context tls;
    struct rtsp_link *link;
    int listener;
    uint16_t port;
    char came[HEARD_MAX];
    size_t came_len;
    unsigned ends;
    enum rtsp_cause cause;
    char error[RTSP_TLS_ERROR_MAX];
    bool destroy; // the link, by what comes
};

static struct bench b;
static struct identity camera; // who it is with rtsps

static void on_bytes(void *ctx, const uint8_t *data, size_t len)
{
    (void)ctx;
    assert_true(b.came_len + len < sizeof(b.came));
    memcpy(b.came + b.came_len, data, len);
    b.came_len += len;
    if (!b.destroy)
        return;
    rtsp_link_destroy(b.link);
    b.link = NULL;
}

// As a source: the link is destroyed before the text is used.
static void on_end(void *ctx, enum rtsp_cause cause, const char *error)
{
    (void)ctx;
    rtsp_link_destroy(b.link);
    b.link = NULL;
    b.ends++;
    b.cause = cause;
    snprintf(b.error, sizeof(b.error), "%s", error);
}

static int dial_camera(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(b.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void begin(const char *format)
{
    const struct rtsp_connection_owner owner = {.on_bytes = on_bytes, .on_end = on_end};
    const struct rtsp_trust trust = {.context = &b.tls, .fingerprint = fingerprint_of(&camera)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    struct rtsp_url url;
    const char *error;
    char text[128];

    memset(&b, 0, sizeof(b));
    b.base = event_base_new();
    b.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(b.listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(b.listener, 8), 0);
    getsockname(b.listener, (struct sockaddr *)&address, &len);
    b.port = ntohs(address.sin_port);
    snprintf(text, sizeof(text), format, b.port);
    assert_int_equal(rtsp_url_parse(text, &url, &error), 0);
    assert_int_equal(rtsp_link_create(b.base, dial_camera(), &url, &trust, &owner, &b.link), 0);
}

static void end(void)
{
    rtsp_link_destroy(b.link);
    rtsp_tls_context_fini(&b.tls);
    event_base_loop(b.base, EVLOOP_NONBLOCK);
    event_base_free(b.base);
    if (b.listener >= 0)
        close(b.listener);
}

// ---- the camera ----

static void turn(void)
{
    event_base_loop(b.base, EVLOOP_NONBLOCK);
    usleep(200);
}

static int take_connection(void)
{
    for (int i = 0; i < PATIENCE_MS * 5; i++) {
        int fd = accept4(b.listener, NULL, NULL, SOCK_NONBLOCK);

        if (fd >= 0)
            return fd;
        assert_int_equal(b.ends, 0);
        turn();
    }
    fail_msg("nobody has come");
    return -1;
}

// What comes over fd until it ends with the text.
static const char *hear(int fd, const char *ending)
{
    static char heard[HEARD_MAX];
    size_t len = 0;

    for (int i = 0; i < PATIENCE_MS * 5; i++) {
        ssize_t more = read(fd, heard + len, sizeof(heard) - 1 - len);

        len += more > 0 ? (size_t)more : 0;
        heard[len] = '\0';
        if (len >= strlen(ending) && strcmp(heard + len - strlen(ending), ending) == 0)
            return heard;
        turn();
    }
    fail_msg("heard only \"%s\"", heard);
    return NULL;
}

static void say(int fd, const char *text)
{
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void wait_for_bytes(size_t len)
{
    for (int i = 0; i < PATIENCE_MS * 5 && b.came_len < len && b.ends == 0; i++)
        turn();
    assert_int_equal(b.came_len, len);
}

static void assert_ended(enum rtsp_cause cause, const char *error)
{
    for (int i = 0; i < PATIENCE_MS * 5 && b.ends == 0; i++)
        turn();
    assert_int_equal(b.ends, 1);
    if (!strstr(b.error, error))
        fail_msg("\"%s\" does not say \"%s\"", b.error, error);
    assert_int_equal(b.cause, cause);
}

static void send_text(const char *text)
{
    assert_int_equal(rtsp_link_send(b.link, (const uint8_t *)text, strlen(text)), 0);
}

// The base64 that comes over fd is that of the text, and no more.
static void assert_heard_code(int fd, const char *text)
{
    char code[HEARD_MAX];

    EVP_EncodeBlock((uint8_t *)code, (const uint8_t *)text, (int)strlen(text));
    assert_string_equal(hear(fd, code), code);
}

static void take_get(int *get)
{
    *get = take_connection();
    hear(*get, "\r\n\r\n");
}

// A tunnel that is open.
static void open_tunnel(int *get, int *post)
{
    begin("rtsp+http://127.0.0.1:%u/s");
    take_get(get);
    say(*get, OK);
    *post = take_connection();
    hear(*post, "\r\n\r\n");
}

static void close_tunnel(int get, int post)
{
    end();
    close(get);
    close(post);
}

// ---- tests ----

static void test_plain(void **state)
{
    int fd;

    (void)state;
    begin("rtsp://127.0.0.1:%u/s");
    fd = take_connection();
    send_text("OPTIONS");
    assert_string_equal(hear(fd, "OPTIONS"), "OPTIONS");
    say(fd, "200 OK");
    wait_for_bytes(6);
    close(fd);
    assert_ended(RTSP_CAUSE_CLOSED, "127.0.0.1 closed the connection");
    end();
}

static const char *value_of(const char *head, const char *name, char *out, size_t size)
{
    const char *at = strstr(head, name);

    assert_non_null(at);
    at += strlen(name);
    snprintf(out, size, "%.*s", (int)strcspn(at, "\r"), at);
    return out;
}

static void test_requests(void **state)
{
    char cookie[64], other[64], text[64];
    const char *head;
    int get, post;

    (void)state;
    begin("rtsp+http://u:p@127.0.0.1:%u/s/t?q=1");
    send_text("OPTIONS"); // waits
    get = take_connection();
    head = hear(get, "\r\n\r\n");
    assert_int_equal(strncmp(head, "GET /s/t?q=1 HTTP/1.0\r\n", 23), 0);
    assert_non_null(strstr(head, "\r\nAccept: application/x-rtsp-tunnelled\r\n"));
    snprintf(text, sizeof(text), "\r\nHost: 127.0.0.1:%u\r\n", b.port);
    assert_non_null(strstr(head, text));
    assert_null(strstr(head, "Authorization"));
    value_of(head, "x-sessioncookie: ", cookie, sizeof(cookie));
    assert_int_equal(strlen(cookie), 32);
    say(get, OK);
    post = take_connection();
    head = hear(post, "\r\n\r\n");
    assert_int_equal(strncmp(head, "POST /s/t?q=1 HTTP/1.0\r\n", 24), 0);
    assert_non_null(strstr(head, "\r\nContent-Type: application/x-rtsp-tunnelled\r\n"));
    assert_string_equal(value_of(head, "x-sessioncookie: ", other, sizeof(other)), cookie);
    assert_heard_code(post, "OPTIONS");
    send_text("DESCRIB");
    assert_heard_code(post, "DESCRIB");
    close_tunnel(get, post);
}

static void test_answer_cut_anywhere(void **state)
{
    static const char answer[] = OK "RTSP/1.0 200 OK\r\n\r\n";

    (void)state;
    for (size_t cut = 1; cut < sizeof(answer) - 1; cut++) {
        size_t rest = cut < strlen(OK) ? 0 : cut - strlen(OK);
        int get, post;

        begin("rtsp+http://127.0.0.1:%u/s");
        take_get(&get);
        assert_int_equal(write(get, answer, cut), cut);
        for (int i = 0; i < 4; i++)
            turn();
        assert_int_equal(b.came_len, rest);
        say(get, answer + cut);
        wait_for_bytes(strlen(answer) - strlen(OK));
        assert_string_equal(b.came, "RTSP/1.0 200 OK\r\n\r\n");
        post = take_connection();
        close_tunnel(get, post);
    }
}

static void test_much_goes_up(void **state)
{
    static char many[3 * 4000 + 1];
    int get, post;

    (void)state;
    open_tunnel(&get, &post);
    for (size_t i = 0; i < sizeof(many) - 1; i++)
        many[i] = (char)('a' + i % 23);
    send_text(many);
    assert_heard_code(post, many);
    // Open, and without a deadline: both sockets are all that is waited for.
    assert_int_equal(event_base_get_num_events(b.base, EVENT_BASE_COUNT_ADDED), 2);
    many[7000] = '\0';
    send_text(many);
    assert_heard_code(post, many);
    close_tunnel(get, post);
}

// What comes in one record.
static const char *hear_record(struct tls_server *server)
{
    static char heard[HEARD_MAX];

    for (int i = 0; i < PATIENCE_MS * 5; i++) {
        int len;

        tls_server_turn(server);
        turn();
        len = SSL_read(server->ssl, heard, sizeof(heard) - 1);
        if (len <= 0)
            continue;
        heard[len] = '\0';
        return heard;
    }
    fail_msg("heard nothing");
    return NULL;
}

static void test_post_goes_alone(void **state)
{
    struct tls_server get, post;

    (void)state;
    begin("rtsps+http://127.0.0.1:%u/s");
    send_text("OPTIONS");
    tls_server_init(&get, &camera, TLS1_3_VERSION, take_connection());
    assert_non_null(strstr(hear_record(&get), "GET /s HTTP/1.0\r\n"));
    SSL_write(get.ssl, OK, (int)strlen(OK));
    tls_server_turn(&get);
    // The camera takes longer to shake hands than the pause is long.
    tls_server_init(&post, &camera, TLS1_3_VERSION, take_connection());
    for (int i = 0; i < 5 * RTSP_LINK_PAUSE_MS * 2; i++)
        turn();
    assert_string_equal(strstr(hear_record(&post), "\r\n\r\n"), "\r\n\r\n");
    assert_string_equal(hear_record(&post), "T1BUSU9OUw==");
    end();
    close(get.fd);
    close(post.fd);
    tls_server_fini(&get);
    tls_server_fini(&post);
}

static void test_waiting_has_a_bound(void **state)
{
    static uint8_t many[RTSP_CONNECTION_UNSENT_MAX];

    (void)state;
    begin("rtsp+http://127.0.0.1:%u/s");
    assert_int_equal(rtsp_link_send(b.link, many, sizeof(many)), 0);
    assert_int_equal(rtsp_link_send(b.link, many, 1), -ENOBUFS);
    end();
}

static void test_get_is_refused(void **state)
{
    static const struct {
        const char *answer, *error;
        enum rtsp_cause cause;
    } cases[] = {
        {"HTTP/1.0 404 Not Found\r\n\r\n", "404 from 127.0.0.1: no such stream; check the path",
         RTSP_CAUSE_PROTOCOL},
        {"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 100\r\n\r\n",
         "405 Method Not Allowed from 127.0.0.1 in answer to GET", RTSP_CAUSE_PROTOCOL},
        {CHALLENGE, "401 from 127.0.0.1: it wants a user and password", RTSP_CAUSE_AUTH},
        {"HTTP/1.1 401 No\r\n\r\n", "neither Basic nor Digest", RTSP_CAUSE_PROTOCOL},
        {"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html>",
         "127.0.0.1 answers GET with a page; does it tunnel", RTSP_CAUSE_PROTOCOL},
        {"RTSP/1.0 400 Bad Request\r\n\r\n", "does not answer GET in HTTP", RTSP_CAUSE_PROTOCOL},
        {"\x16\x03\x01", "does not answer GET in HTTP", RTSP_CAUSE_PROTOCOL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int get;

        begin("rtsp+http://127.0.0.1:%u/s");
        take_get(&get);
        say(get, cases[i].answer);
        assert_ended(cases[i].cause, cases[i].error);
        assert_int_equal(b.came_len, 0);
        close(get);
        end();
    }
}

static void test_endless_answer(void **state)
{
    int get;

    (void)state;
    begin("rtsp+http://127.0.0.1:%u/s");
    take_get(&get);
    say(get, "HTTP/1.0 200 OK\r\nX: ");
    for (int i = 0; i < 10000 && b.ends == 0; i++) {
        if (write(get, "yyyyyy", 6) < 0)
            break;
        turn();
    }
    assert_ended(RTSP_CAUSE_PROTOCOL, "does not answer GET in HTTP");
    close(get);
    end();
}

static void test_credentials(void **state)
{
    const char *head;
    int first, get, post;

    (void)state;
    begin("rtsp+http://u:p@127.0.0.1:%u/s");
    take_get(&first);
    say(first, CHALLENGE);
    get = take_connection();
    head = hear(get, "\r\n\r\n");
    assert_non_null(strstr(head, "\r\nAuthorization: Digest username=\"u\", realm=\"r\""));
    assert_non_null(strstr(head, "uri=\"/s\""));
    say(get, OK);
    post = take_connection();
    head = hear(post, "\r\n\r\n");
    assert_non_null(strstr(head, "\r\nAuthorization: Digest username=\"u\", realm=\"r\""));
    close(first);
    close_tunnel(get, post);

    begin("rtsp+http://u:wrong@127.0.0.1:%u/s");
    take_get(&first);
    say(first, CHALLENGE);
    take_get(&get);
    say(get, CHALLENGE);
    assert_ended(RTSP_CAUSE_AUTH, "401 from 127.0.0.1: wrong user or password");
    close(first);
    close(get);
    end();
}

static void test_post_is_refused(void **state)
{
    int get, post;

    (void)state;
    open_tunnel(&get, &post);
    say(post, "HTTP/1.0 405 Method Not Allowed\r\n\r\n");
    assert_ended(RTSP_CAUSE_PROTOCOL, "405 Method Not Allowed from 127.0.0.1 in answer to POST");
    close_tunnel(get, post);

    // What was sent with it is lost.
    begin("rtsp+http://u:p@127.0.0.1:%u/s");
    take_get(&get);
    say(get, OK);
    post = take_connection();
    hear(post, "\r\n\r\n");
    say(post, CHALLENGE);
    assert_ended(RTSP_CAUSE_AUTH, "401 from 127.0.0.1: wrong user or password");
    close_tunnel(get, post);

    // Nobody listens any more.
    begin("rtsp+http://127.0.0.1:%u/s");
    take_get(&get);
    close(b.listener);
    b.listener = -1;
    say(get, OK);
    assert_ended(RTSP_CAUSE_REFUSED, "cannot connect to 127.0.0.1:");
    close(get);
    end();
}

static void test_post_is_answered(void **state)
{
    int get, post;

    (void)state;
    open_tunnel(&get, &post);
    say(post, "HTTP/1.0 200 OK\r\n\r\nand more");
    say(get, "media");
    wait_for_bytes(5);
    say(post, "HTTP/1.0 500 what is this\r\n\r\n");
    say(get, "media");
    wait_for_bytes(10);
    assert_string_equal(b.came, "mediamedia");
    assert_int_equal(b.ends, 0);
    close_tunnel(get, post);
}

static void test_either_is_closed(void **state)
{
    int get, post;

    (void)state;
    open_tunnel(&get, &post);
    close(get);
    assert_ended(RTSP_CAUSE_CLOSED, "127.0.0.1 closed the connection");
    end();
    close(post);

    open_tunnel(&get, &post);
    close(post);
    assert_ended(RTSP_CAUSE_CLOSED, "127.0.0.1 closed the connection");
    end();
    close(get);

    begin("rtsp+http://127.0.0.1:%u/s");
    take_get(&get);
    close(get);
    assert_ended(RTSP_CAUSE_CLOSED,
                 "127.0.0.1 hangs up on HTTP; does it tunnel RTSP on this port?");
    end();
}

static void test_no_answer(void **state)
{
    int get;

    (void)state;
    begin("rtsp+http://127.0.0.1:%u/s");
    take_get(&get);
    say(get, "HTTP/1.0 200 OK\r\n");
    assert_ended(RTSP_CAUSE_UNREACHABLE, "GET to 127.0.0.1 does not get through within 8 s");
    close(get);
    end();
}

static void test_destroyed_at_any_time(void **state)
{
    int get, post;

    (void)state;
    begin("rtsp+http://127.0.0.1:%u/s");
    end();

    // While POST is being dialled, by what came with the answer to GET.
    begin("rtsp+http://127.0.0.1:%u/s");
    take_get(&get);
    b.destroy = true;
    say(get, OK "RTSP");
    wait_for_bytes(4);
    assert_null(b.link);
    end();
    close(get);

    open_tunnel(&get, &post);
    b.destroy = true;
    say(get, "media");
    wait_for_bytes(5);
    assert_null(b.link);
    close_tunnel(get, post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_answer_cut_anywhere),
        cmocka_unit_test(test_much_goes_up),
        cmocka_unit_test(test_post_goes_alone),
        cmocka_unit_test(test_waiting_has_a_bound),
        cmocka_unit_test(test_get_is_refused),
        cmocka_unit_test(test_endless_answer),
        cmocka_unit_test(test_credentials),
        cmocka_unit_test(test_post_is_refused),
        cmocka_unit_test(test_post_is_answered),
        cmocka_unit_test(test_either_is_closed),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_destroyed_at_any_time),
    };

    int failed;

    signal(SIGPIPE, SIG_IGN); // as the program does
    camera = make_identity("IP:127.0.0.1", NULL, 1);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free_identity(&camera);
    return failed;
}
