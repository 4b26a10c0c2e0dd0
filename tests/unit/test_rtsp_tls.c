// SPDX-License-Identifier: Apache-2.0
//
// TLS as a connection's owner sees it, over a socket pair with an OpenSSL server at the other end.
#include "rtsp/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "rtsp/connection.h"
#include "tests/support/tls_server.h"

enum {
    BIG = 5 * RTSP_CONNECTION_READ_MAX,
};

static struct identity ca;
static struct identity camera;  // for "cam" and 192.0.2.1, from the CA
static struct identity expired; // the same, yesterday
static struct identity own;     // signed by itself, and expired

struct bench {
    struct event_base *base;
    struct rtsp_tls_context context;
    struct rtsp_connection *connection;
    struct tls_server server;
    int far;
    uint8_t came[BIG];
    size_t came_len;
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
    (void)ctx;
    assert_true(b.came_len + len <= sizeof(b.came));
    assert_in_range(len, 1, RTSP_CONNECTION_READ_MAX);
    memcpy(b.came + b.came_len, data, len);
    b.came_len += len;
    destroy_if_wanted();
}

static void on_end(void *ctx, enum rtsp_cause cause, const char *error)
{
    (void)ctx;
    b.ends++;
    b.cause = cause;
    snprintf(b.error, sizeof(b.error), "%s", error);
    destroy_if_wanted();
}

// A connection to host, which expects that identity (NULL: one from a CA).
static void begin(const char *host, const struct identity *expected, const struct identity *shown,
                  int version)
{
    const struct rtsp_connection_owner owner = {.on_bytes = on_bytes, .on_end = on_end};
    struct rtsp_url url = {.tls = true, .port = 322};
    struct rtsp_trust trust = {.context = &b.context};
    int ends[2], small = 1;

    memset(&b, 0, sizeof(b));
    snprintf(url.host, sizeof(url.host), "%s", host);
    if (expected)
        trust.fingerprint = fingerprint_of(expected);
    b.base = event_base_new();
    assert_non_null(b.base);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    // So that what is written has to wait now and then.
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    b.far = ends[1];
    tls_server_init(&b.server, shown, version, b.far);
    assert_int_equal(rtsp_connection_create(b.base, ends[0], &url, &trust, &owner, &b.connection),
                     0);
}

static void end(void)
{
    rtsp_connection_destroy(b.connection);
    tls_server_fini(&b.server);
    rtsp_tls_context_fini(&b.context);
    close(b.far);
    event_base_free(b.base);
}

static void turn(unsigned times)
{
    while (times-- > 0) {
        event_base_loop(b.base, EVLOOP_NONBLOCK);
        tls_server_turn(&b.server);
    }
}

static void shake_hands(void)
{
    for (int i = 0; i < 20000 && !SSL_is_init_finished(b.server.ssl) && b.ends == 0; i++)
        turn(1);
    turn(10);
}

static void client_says(const char *text)
{
    assert_int_equal(rtsp_connection_send(b.connection, (const uint8_t *)text, strlen(text)), 0);
}

static void server_says(const void *data, size_t len)
{
    assert_int_equal(SSL_write(b.server.ssl, data, (int)len), len);
}

static void assert_server_heard(const char *expected)
{
    char got[256] = "";
    int len = SSL_read(b.server.ssl, got, sizeof(got) - 1);

    assert_int_equal(len, strlen(expected));
    assert_string_equal(got, expected);
}

static void assert_ended(const char *error)
{
    assert_int_equal(b.ends, 1);
    if (!strstr(b.error, error))
        fail_msg("\"%s\" does not say \"%s\"", b.error, error);
    assert_int_equal(b.cause, strstr(error, " closed ") ? RTSP_CAUSE_CLOSED : RTSP_CAUSE_TLS);
}

// ---- bytes ----

static void test_both_ways(void **state)
{
    static const size_t pieces[] = {1, 2, 7, 100, 1000, SIZE_MAX};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof(pieces) / sizeof(pieces[0]); i++) {
        begin("cam", &own, &own, versions[i % 2]);
        b.server.piece = pieces[i / 2];
        client_says("OPTIONS"); // before there is anything to say it with
        shake_hands();
        turn(2000);
        assert_server_heard("OPTIONS");
        server_says("200 OK", 6);
        turn(2000);
        assert_int_equal(b.came_len, 6);
        assert_memory_equal(b.came, "200 OK", 6);
        client_says("DESC");
        client_says("RIBE");
        turn(2000);
        assert_server_heard("DESCRIBE");
        assert_int_equal(b.ends, 0);
        end();
    }
}

static void test_much_comes(void **state)
{
    static uint8_t many[BIG];

    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    shake_hands();
    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = (uint8_t)(i * 7 + i / 256);
    server_says(many, sizeof(many));
    turn(100);
    assert_int_equal(b.came_len, sizeof(many));
    assert_memory_equal(b.came, many, sizeof(many));
    end();
}

static void test_nobody_reads(void **state)
{
    static uint8_t many[RTSP_CONNECTION_UNSENT_MAX];
    static uint8_t got[sizeof(many) + 1];
    size_t len = 0;

    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    shake_hands();
    for (size_t i = 0; i < sizeof(many); i++)
        many[i] = (uint8_t)(i * 11 + i / 256);
    // The second half comes while the first one is stuck in the middle of a record.
    for (size_t at = 0; at < sizeof(many); at += sizeof(many) / 2) {
        assert_int_equal(rtsp_connection_send(b.connection, many + at, sizeof(many) / 2), 0);
        event_base_loop(b.base, EVLOOP_NONBLOCK);
    }
    for (int i = 0; i < 1000 && len < sizeof(many); i++) {
        int more;

        turn(1);
        more = SSL_read(b.server.ssl, got + len, (int)(sizeof(got) - len));
        len += more > 0 ? (size_t)more : 0;
    }
    assert_int_equal(len, sizeof(many));
    assert_memory_equal(got, many, sizeof(many));
    end();
}

static void test_waits_without_turning(void **state)
{
    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    client_says("OPTIONS");
    for (int i = 0; i < 10; i++)
        event_base_loop(b.base, EVLOOP_NONBLOCK);
    // The hello is out; now the socket, the deadline, and nothing else is waited for.
    assert_int_equal(event_base_get_num_events(b.base, EVENT_BASE_COUNT_ADDED), 2);
    shake_hands();
    assert_server_heard("OPTIONS");
    assert_int_equal(event_base_get_num_events(b.base, EVENT_BASE_COUNT_ADDED), 2);
    end();
}

static void test_new_keys(void **state)
{
    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    shake_hands();
    assert_int_equal(SSL_key_update(b.server.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
    server_says("new", 3);
    turn(10);
    assert_memory_equal(b.came, "new", 3);
    client_says("keys");
    turn(10);
    assert_server_heard("keys");
    end();
}

static void test_destroyed_by_what_came(void **state)
{
    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    shake_hands();
    server_says("a", 1);
    server_says("b", 1);
    b.destroy = true;
    turn(10);
    assert_null(b.connection);
    // It has said goodbye.
    char byte;
    assert_int_equal(SSL_read(b.server.ssl, &byte, 1), 0);
    assert_int_equal(SSL_get_error(b.server.ssl, 0), SSL_ERROR_ZERO_RETURN);
    end();
}

// ---- ends ----

static void test_goodbye(void **state)
{
    (void)state;
    for (int polite = 0; polite < 2; polite++) {
        begin("cam", &own, &own, TLS1_3_VERSION);
        shake_hands();
        server_says("last", 4);
        if (polite)
            SSL_shutdown(b.server.ssl);
        tls_server_send(&b.server);
        if (!polite)
            shutdown(b.far, SHUT_WR);
        turn(10);
        assert_memory_equal(b.came, "last", 4);
        assert_ended("cam closed the connection");
        end();
    }
}

static void test_garbled_record(void **state)
{
    static const uint8_t forged[] = {23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8,
                                     9,  0, 1, 2, 3,  4, 5, 6, 7, 8, 9, 0};

    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    shake_hands();
    server_says("last", 4);
    tls_server_send(&b.server);
    assert_int_equal(write(b.far, forged, sizeof(forged)), sizeof(forged));
    turn(10);
    assert_memory_equal(b.came, "last", 4);
    assert_ended("TLS with cam:322 broke: ");
    end();
}

static void test_no_tls_there(void **state)
{
    static const char plain[] = "RTSP/1.0 400 Bad Request\r\n\r\n";

    (void)state;
    begin("cam", NULL, &own, TLS1_3_VERSION);
    assert_int_equal(write(b.far, plain, strlen(plain)), strlen(plain));
    turn(10);
    assert_ended("cam:322 does not answer with TLS; is this its port for rtsps?");
    end();

    begin("cam", NULL, &own, TLS1_3_VERSION);
    event_base_loop(b.base, EVLOOP_NONBLOCK);
    shutdown(b.far, SHUT_RDWR);
    event_base_loop(b.base, EVLOOP_NONBLOCK);
    assert_ended("cam:322 hangs up on TLS; is this its port for rtsps?");
    end();
}

static void test_old_tls(void **state)
{
    (void)state;
    begin("cam", &own, &own, TLS1_1_VERSION);
    shake_hands();
    assert_ended(
        "TLS with cam:322 failed: tlsv1 alert protocol version; can it do TLS 1.2 or newer?");
    end();
}

static void test_no_answer(void **state)
{
    const struct timeval limit = {4 * RTSP_CONNECTION_TLS_MS / 1000, 0};

    (void)state;
    begin("cam", NULL, &own, TLS1_3_VERSION);
    client_says("OPTIONS");
    event_base_loopexit(b.base, &limit);
    while (b.ends == 0 && !event_base_got_exit(b.base))
        event_base_loop(b.base, EVLOOP_ONCE);
    assert_ended("no TLS handshake with cam within 5 s; is the port in the source URL the one for");
    assert_int_equal(b.came_len, 0);
    end();
}

// ---- whom to believe ----

// What the client makes of the certificate; "": it takes it.
static void assert_judged(const char *host, const struct identity *expected,
                          const struct identity *shown, const char *error)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        begin(host, expected, shown, version);
        client_says("OPTIONS");
        shake_hands();
        if (error[0]) {
            char text[RTSP_FINGERPRINT_TEXT];
            struct rtsp_fingerprint fingerprint = fingerprint_of(shown);
            char byte;

            assert_ended(error);
            rtsp_fingerprint_format(&fingerprint, text);
            assert_ended(text);
            // It has heard nothing but why not.
            assert_true(SSL_read(b.server.ssl, &byte, 1) <= 0);
        } else {
            assert_int_equal(b.ends, 0);
            assert_server_heard("OPTIONS");
        }
        end();
    }
}

static void test_fingerprints(void **state)
{
    (void)state;
    assert_judged("cam", &own, &own, "");
    assert_judged("any.host", &own, &own, "");
    assert_judged("192.0.2.99", &expired, &expired, "");
    // Nobody else is taken, whoever vouches for it.
    assert_judged("cam", &own, &camera,
                  "cam:322 has another certificate than the configuration says; if it was renewed, "
                  "set fingerprint = \"");
    assert_judged("cam", &own, &ca, "another certificate");
}

static void test_authorities(void **state)
{
    (void)state;
    assert_judged("cam", NULL, &camera, "");
    assert_judged("CAM", NULL, &camera, "");
    assert_judged("192.0.2.1", NULL, &camera, "");
    assert_judged("2001:db8::1", NULL, &camera, "");
    assert_judged("cam2", NULL, &camera,
                  "certificate of cam2:322: hostname mismatch; if it is the camera's own, set "
                  "fingerprint = \"");
    assert_judged("192.0.2.2", NULL, &camera, "certificate of 192.0.2.2:322: IP address mismatch");
    assert_judged("cam", NULL, &expired, "certificate of cam:322: certificate has expired;");
    assert_judged("cam", NULL, &own, "certificate of cam:322: self-signed certificate;");
}

static void test_name_is_told(void **state)
{
    (void)state;
    begin("cam", &own, &own, TLS1_3_VERSION);
    shake_hands();
    assert_string_equal(SSL_get_servername(b.server.ssl, TLSEXT_NAMETYPE_host_name), "cam");
    end();
    begin("192.0.2.1", &own, &own, TLS1_3_VERSION);
    shake_hands();
    assert_true(SSL_is_init_finished(b.server.ssl));
    assert_null(SSL_get_servername(b.server.ssl, TLSEXT_NAMETYPE_host_name));
    end();
}

// The system's CAs of this test: one.
static void use_authority(const struct identity *authority, const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, authority->certificate), 1);
    fclose(file);
    setenv("SSL_CERT_FILE", path, 1);
    setenv("SSL_CERT_DIR", "/nonexistent", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_ways),    cmocka_unit_test(test_much_comes),
        cmocka_unit_test(test_nobody_reads), cmocka_unit_test(test_waits_without_turning),
        cmocka_unit_test(test_new_keys),     cmocka_unit_test(test_destroyed_by_what_came),
        cmocka_unit_test(test_goodbye),      cmocka_unit_test(test_garbled_record),
        cmocka_unit_test(test_no_tls_there), cmocka_unit_test(test_old_tls),
        cmocka_unit_test(test_no_answer),    cmocka_unit_test(test_fingerprints),
        cmocka_unit_test(test_authorities),  cmocka_unit_test(test_name_is_told),
    };
    static const char names[] = "DNS:cam,IP:192.0.2.1,IP:2001:db8::1";
    char path[] = "/tmp/rtcfan-test-ca-XXXXXX";
    int failed;

    signal(SIGPIPE, SIG_IGN); // as the program does
    close(mkstemp(path));
    ca = make_identity(NULL, NULL, 1);
    camera = make_identity(names, &ca, 1);
    expired = make_identity(names, &ca, -1);
    own = make_identity(names, NULL, -1);
    use_authority(&ca, path);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    free_identity(&ca);
    free_identity(&camera);
    free_identity(&expired);
    free_identity(&own);
    return failed;
}
