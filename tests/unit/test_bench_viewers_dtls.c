// SPDX-License-Identifier: Apache-2.0
//
// The DTLS of bench/viewers in memory: as client and as server, against itself.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bench/viewers_dtls.h"
#include "tests/support/fake_clock.h"
#include "webrtc/text.h"

enum {
    CLIENT,
    SERVER,
    STEPS_MAX = 50,
    DTLS_ALERT = 21,
    REPEAT_NS = 50000000,
};

struct pair {
    struct viewers_dtls_context *ctx[2];
    struct viewers_dtls *end[2];
};

static struct wrtc_fingerprint fingerprint_of(const struct viewers_dtls_context *ctx)
{
    struct wrtc_fingerprint f = {.algorithm = "sha-256"};
    const char *text = viewers_dtls_context_fingerprint(ctx);

    assert_int_equal(strlen(text), 95);
    for (; f.len < 32; f.len++, text += 3)
        f.bytes[f.len] =
            (uint8_t)(wrtc_text_hex_digit(text[0]) << 4 | wrtc_text_hex_digit(text[1]));
    return f;
}

static void open_pair(struct pair *p, const char *client_profiles, const char *server_profiles)
{
    struct wrtc_fingerprint fingerprint[2];

    assert_int_equal(viewers_dtls_context_create(client_profiles, &p->ctx[CLIENT]), 0);
    assert_int_equal(viewers_dtls_context_create(server_profiles, &p->ctx[SERVER]), 0);
    for (int i = 0; i < 2; i++)
        fingerprint[i] = fingerprint_of(p->ctx[!i]);
    for (int i = 0; i < 2; i++)
        assert_int_equal(viewers_dtls_create(p->ctx[i], &fingerprint[i], i == SERVER, &p->end[i]),
                         0);
}

static void close_pair(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        viewers_dtls_destroy(p->end[i]);
        viewers_dtls_context_destroy(p->ctx[i]);
    }
}

// Carries datagrams to and fro until none is left.
static void carry(struct pair *p)
{
    uint8_t datagram[WRTC_DGRAM_MTU];
    bool busy = true;
    size_t len;

    for (int step = 0; busy && step < STEPS_MAX; step++) {
        busy = false;
        for (int i = 0; i < 2; i++) {
            while (viewers_dtls_next(p->end[i], datagram, &len)) {
                viewers_dtls_receive(p->end[!i], datagram, len);
                busy = true;
            }
        }
    }
}

static void check_keys(struct pair *p, enum eng_srtp_profile profile)
{
    struct eng_srtp_keying client, server;

    assert_true(viewers_dtls_connected(p->end[CLIENT]));
    assert_true(viewers_dtls_connected(p->end[SERVER]));
    viewers_dtls_keying(p->end[CLIENT], &client);
    viewers_dtls_keying(p->end[SERVER], &server);
    assert_int_equal(client.profile, profile);
    assert_int_equal(server.profile, profile);
    assert_memory_equal(&client.send, &server.receive, sizeof(client.send));
    assert_memory_equal(&client.receive, &server.send, sizeof(client.send));
    assert_memory_not_equal(&client.receive, &client.send, sizeof(client.send));
}

static void test_profiles(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_SHA1_80");
    viewers_dtls_start(p.end[CLIENT]);
    carry(&p);
    check_keys(&p, ENG_SRTP_AES128_CM_HMAC_SHA1_80);
    close_pair(&p);
    open_pair(&p, "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80");
    viewers_dtls_start(p.end[CLIENT]);
    carry(&p);
    check_keys(&p, ENG_SRTP_AEAD_AES_128_GCM);
    close_pair(&p);
}

static void test_no_profile_in_common(void **state)
{
    struct pair p;

    (void)state;
    open_pair(&p, "SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80");
    viewers_dtls_start(p.end[CLIENT]);
    carry(&p);
    assert_false(viewers_dtls_connected(p.end[CLIENT]));
    assert_string_equal(viewers_dtls_failure(p.end[CLIENT]),
                        "no SRTP protection profile in common");
    close_pair(&p);
}

static void test_another_certificate(void **state)
{
    struct wrtc_fingerprint wrong;
    struct pair p;

    (void)state;
    open_pair(&p, "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM");
    wrong = fingerprint_of(p.ctx[CLIENT]);
    viewers_dtls_destroy(p.end[CLIENT]);
    assert_int_equal(viewers_dtls_create(p.ctx[CLIENT], &wrong, false, &p.end[CLIENT]), 0);
    viewers_dtls_start(p.end[CLIENT]);
    carry(&p);
    assert_false(viewers_dtls_connected(p.end[CLIENT]));
    assert_non_null(viewers_dtls_failure(p.end[CLIENT]));
    close_pair(&p);
}

// A lost first flight is sent again when its time has come.
static void test_repeats(void **state)
{
    uint8_t datagram[WRTC_DGRAM_MTU];
    struct pair p;
    size_t len;

    (void)state;
    open_pair(&p, "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM");
    assert_int_equal(viewers_dtls_next_ns(p.end[CLIENT], 0), INT64_MAX);
    viewers_dtls_start(p.end[CLIENT]);
    assert_int_equal(viewers_dtls_next_ns(p.end[CLIENT], 0), REPEAT_NS);
    while (viewers_dtls_next(p.end[CLIENT], datagram, &len))
        ;
    fake_now_ns += REPEAT_NS;
    assert_int_equal(viewers_dtls_next_ns(p.end[CLIENT], 0), 0);
    viewers_dtls_tick(p.end[CLIENT]);
    carry(&p);
    check_keys(&p, ENG_SRTP_AEAD_AES_128_GCM);
    assert_int_equal(viewers_dtls_next_ns(p.end[CLIENT], 0), INT64_MAX);
    close_pair(&p);
}

static void test_farewell(void **state)
{
    uint8_t farewell[64];
    struct pair p;
    size_t len;

    (void)state;
    open_pair(&p, "SRTP_AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM");
    viewers_dtls_start(p.end[CLIENT]);
    carry(&p);
    len = viewers_dtls_farewell(p.end[CLIENT], farewell, sizeof(farewell));
    assert_true(len > 13);
    assert_int_equal(farewell[0], DTLS_ALERT);
    assert_int_equal(viewers_dtls_farewell(p.end[SERVER], farewell, 4), 0);
    close_pair(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_no_profile_in_common),
        cmocka_unit_test(test_another_certificate),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_farewell),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
