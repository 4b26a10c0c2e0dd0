// SPDX-License-Identifier: Apache-2.0
//
// What client and server agree on, and a network that loses and reorders.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/support/dtls_pair.h"
#include "webrtc/dtls.h"
#include "webrtc/dtls_context.h"

// ---- what is agreed on ----

static void test_profiles(void **state)
{
    (void)state;
    const struct {
        const char *offered;
        enum eng_srtp_profile chosen;
    } cases[] = {
        {"SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80", ENG_SRTP_AEAD_AES_128_GCM},
        {"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_128_GCM", ENG_SRTP_AEAD_AES_128_GCM},
        {"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM",
         ENG_SRTP_AEAD_AES_128_GCM}, // Chromium's list
        {"SRTP_AES128_CM_SHA1_80", ENG_SRTP_AES128_CM_HMAC_SHA1_80},
        {"SRTP_AES128_CM_SHA1_32:SRTP_AES128_CM_SHA1_80", ENG_SRTP_AES128_CM_HMAC_SHA1_80},
        {"SRTP_AEAD_AES_128_GCM", ENG_SRTP_AEAD_AES_128_GCM},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair;
        const struct dtls_client_config config = {.profiles = cases[i].offered};
        pair_init(&pair, &config);
        pair_shake(&pair);
        pair_expect_same_keys(&pair, cases[i].chosen);
        pair_fini(&pair);
    }
}

static enum eng_srtp_profile agreed_with(const char *offered)
{
    struct pair pair;
    const struct dtls_client_config config = {.profiles = offered};
    pair_init(&pair, &config);
    pair_begin(&pair);
    pair_flow(&pair);
    enum eng_srtp_profile profile = ENG_SRTP_NONE;
    if (wrtc_dtls_state(pair.server) == WRTC_DTLS_CONNECTED) {
        struct eng_srtp_keying keying;
        wrtc_dtls_take_keying(pair.server, &keying);
        profile = keying.profile;
    }
    pair_fini(&pair);
    return profile;
}

// The list and its order are the server's, also with a new certificate.
static void test_profiles_of_the_server(void **state)
{
    (void)state;
    const enum eng_srtp_profile gcm = ENG_SRTP_AEAD_AES_128_GCM,
                                cm = ENG_SRTP_AES128_CM_HMAC_SHA1_80;
    const struct {
        struct wrtc_srtp_profiles profiles;
        enum eng_srtp_profile chosen, chosen_of_gcm;
    } cases[] = {
        {{.item = {gcm, cm}, .count = 2}, gcm, gcm},
        {{.item = {cm, gcm}, .count = 2}, cm, gcm},
        {{.item = {gcm}, .count = 1}, gcm, gcm},
        {{.item = {cm}, .count = 1}, cm, ENG_SRTP_NONE},
    };
    struct wrtc_dtls_context *ordinary_ctx = pair_ctx;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(wrtc_dtls_context_create(&cases[i].profiles, &pair_ctx), 0);
        for (unsigned renewed = 0; renewed < 2; renewed++) {
            assert_int_equal(agreed_with("SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"),
                             cases[i].chosen);
            assert_int_equal(agreed_with("SRTP_AEAD_AES_128_GCM"), cases[i].chosen_of_gcm);
            assert_int_equal(wrtc_dtls_context_renew(pair_ctx), 0);
        }
        wrtc_dtls_context_destroy(pair_ctx);
    }
    pair_ctx = ordinary_ctx;
}

static void test_no_profile_in_common(void **state)
{
    (void)state;
    const char *offers[] = {"SRTP_AES128_CM_SHA1_32:SRTP_AEAD_AES_256_GCM", ""};
    for (size_t i = 0; i < 2; i++) {
        struct pair pair;
        const struct dtls_client_config config = {.profiles = offers[i]};
        pair_init(&pair, &config);
        pair_begin(&pair);
        pair_flow(&pair);
        assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
        assert_string_equal(wrtc_dtls_reason(pair.server), "no SRTP protection profile in common");
        assert_false(pair.client.connected);
        pair_fini(&pair);
    }
}

static void test_cipher_suites_and_groups(void **state)
{
    (void)state;
    const char *groups[] = {"P-256", "X25519:P-256", "P-384:P-256"};
    for (size_t i = 0; i < PAIR_SUITES; i++) {
        for (size_t k = 0; k < 3; k++) {
            struct pair pair;
            const struct dtls_client_config config = {.ciphers = pair_suites[i],
                                                      .groups = groups[k]};
            pair_init(&pair, &config);
            pair_shake(&pair);
            pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
            assert_string_equal(SSL_get_cipher_name(pair.client.ssl), pair_suites[i]);
            pair_fini(&pair);
        }
    }
    // Of all that OpenSSL offers, the preferred one is taken.
    struct pair pair;
    pair_init(&pair, &ordinary);
    pair_shake(&pair);
    assert_string_equal(SSL_get_cipher_name(pair.client.ssl), pair_suites[0]);
    pair_fini(&pair);
}

static void test_our_certificate(void **state)
{
    (void)state;
    struct pair pair;
    pair_init(&pair, &ordinary);
    pair_shake(&pair);
    const X509 *ours = SSL_get0_peer_certificate(pair.client.ssl);
    struct wrtc_fingerprint seen = test_fingerprint(ours, "sha-256", EVP_sha256());
    const struct wrtc_fingerprint *told = wrtc_dtls_context_fingerprint(pair_ctx);
    assert_string_equal(told->algorithm, "sha-256");
    assert_int_equal(told->len, 32);
    assert_memory_equal(told->bytes, seen.bytes, 32);
    char name[64];
    X509_NAME_get_text_by_NID(X509_get_subject_name(ours), NID_commonName, name, sizeof(name));
    assert_string_equal(name, "rtcfan");
    assert_true(X509_cmp_current_time(X509_get0_notBefore(ours)) < 0);
    assert_true(X509_cmp_current_time(X509_get0_notAfter(ours)) > 0);
    pair_fini(&pair);

    struct wrtc_dtls_context *other;
    assert_int_equal(wrtc_dtls_context_create(&wrtc_srtp_profiles_all, &other), 0);
    assert_memory_not_equal(wrtc_dtls_context_fingerprint(other)->bytes, told->bytes, 32);
    wrtc_dtls_context_destroy(other);
}

static void test_older_dtls_is_refused(void **state)
{
    (void)state;
    struct pair pair;
    const struct dtls_client_config config = {.version = DTLS1_VERSION};
    pair_init(&pair, &config);
    pair_begin(&pair);
    pair_flow(&pair);
    assert_int_equal(pair.answered, 0);
    assert_int_equal(wrtc_dtls_failures(pair.server), 1);
    pair_fini(&pair);
}

// ---- whose certificate it is ----

static void test_fingerprint_algorithms(void **state)
{
    (void)state;
    const struct {
        const char *name;
        const EVP_MD *digest;
        bool known;
    } cases[] = {
        {"sha-1", EVP_sha1(), true},     {"sha-256", EVP_sha256(), true},
        {"SHA-256", EVP_sha256(), true}, {"sha-384", EVP_sha384(), true},
        {"sha-512", EVP_sha512(), true}, {"md5", EVP_md5(), false},
        {"", EVP_sha256(), false},       {"sha-256", EVP_sha512(), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pair pair;
        pair_init_as(&pair, &ordinary, cases[i].name, cases[i].digest);
        pair_begin(&pair);
        pair_flow(&pair);
        assert_int_equal(pair_connected(&pair), cases[i].known);
        pair_fini(&pair);
    }
}

static void test_wrong_fingerprint(void **state)
{
    (void)state;
    struct dtls_client client;
    struct pair pair = {0};
    dtls_client_init(&pair.client, &ordinary);
    dtls_client_init(&client, &ordinary);
    struct wrtc_fingerprint expected = dtls_client_fingerprint(&client);
    assert_int_equal(
        wrtc_dtls_create(pair_ctx, pair_ctx->identity, &expected, fake_now_ns, &pair.server), 0);
    pair_begin(&pair);
    pair_flow(&pair);
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
    assert_string_equal(wrtc_dtls_reason(pair.server),
                        "DTLS certificate does not match the offer's fingerprint");
    assert_false(pair.client.connected);
    assert_int_equal(pair.answered, 1); // the first flight, but no Finished
    assert_int_equal(wrtc_dtls_deadline_ns(pair.server), INT64_MAX);
    dtls_client_fini(&client);
    pair_fini(&pair);
}

static void test_no_client_certificate(void **state)
{
    (void)state;
    struct pair pair;
    const struct dtls_client_config config = {.no_certificate = true};
    pair_init(&pair, &config);
    pair_shake(&pair);
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_HANDSHAKE);
    assert_true(wrtc_dtls_failures(pair.server) > 0);
    pair_run(&pair, fake_now_ns + 20 * second);
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
    assert_non_null(wrtc_dtls_reason(pair.server));
    pair_fini(&pair);
}

// ---- a bad network ----

// Each one of the first datagrams lost, and each two.
static void test_losses(void **state)
{
    (void)state;
    enum {
        FIRST = 7
    };
    for (unsigned a = 0; a < FIRST; a++) {
        for (unsigned b = a; b < FIRST; b++) {
            struct pair pair;
            pair_init(&pair, &ordinary);
            pair.lost = UINT64_C(1) << a | UINT64_C(1) << b;
            pair_shake(&pair);
            pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
            pair_fini(&pair);
        }
    }
    assert_true(fake_clock_reads > 0);
}

// Nothing but our own timer can mend this: the client has been heard and is waiting.
static void test_flight_is_repeated_on_our_clock(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    pair_init(&pair, &ordinary);
    pair_begin(&pair);
    assert_true(wrtc_dgram_next(&pair.client.link, data, &len));
    wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
    int64_t gap_ns = 0;
    int64_t began_ns = fake_now_ns;
    unsigned flights = 0;
    while (wrtc_dtls_state(pair.server) == WRTC_DTLS_HANDSHAKE) {
        flights += wrtc_dtls_next(pair.server, data, &len);
        while (wrtc_dtls_next(pair.server, data, &len))
            continue;
        int64_t next = wrtc_dtls_deadline_ns(pair.server);
        assert_true(next > fake_now_ns);
        assert_true(next - fake_now_ns >= gap_ns || next == began_ns + WRTC_DTLS_HANDSHAKE_NS);
        gap_ns = next - fake_now_ns;
        wrtc_dtls_tick(pair.server, next - 20000000);
        assert_false(wrtc_dtls_next(pair.server, data, &len));
        fake_now_ns = next;
        wrtc_dtls_tick(pair.server, fake_now_ns);
    }
    assert_int_equal(flights, 1 + 7);
    assert_int_equal(fake_now_ns - began_ns, WRTC_DTLS_HANDSHAKE_NS);
    assert_string_equal(wrtc_dtls_reason(pair.server), "DTLS handshake timed out");
    pair_fini(&pair);
}

// Our Finished is lost, and the client repeats its last flight to one that has finished already.
static void test_last_flight_is_repeated_on_request(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PAIR_SUITES; i++) {
        struct pair pair;
        const struct dtls_client_config config = {.ciphers = pair_suites[i]};
        pair_init(&pair, &config);
        pair.lost = UINT64_C(1) << 3 | UINT64_C(1) << 5;
        pair_begin(&pair);
        pair_flow(&pair);
        assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CONNECTED);
        assert_int_equal(wrtc_dtls_deadline_ns(pair.server), INT64_MAX);
        assert_false(pair.client.connected);
        pair_run(&pair, fake_now_ns + 5 * second);
        pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
        pair_fini(&pair);
    }
}

// Whoever has seen the client's last flight can say it again, but gets nothing for it; nor does
// anybody for a flight of his own making.
static void test_last_flight_is_not_repeated_to_strangers(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[WRTC_DGRAM_MTU], out[WRTC_DGRAM_MTU];
    size_t len = 0, out_len = 0;
    pair_init(&pair, &ordinary);
    pair.lost = UINT64_C(1) << 3;
    pair_begin(&pair);
    pair_flow(&pair);
    fake_now_ns = dtls_client_deadline_ns(&pair.client, fake_now_ns);
    dtls_client_tick(&pair.client);
    while (wrtc_dgram_next(&pair.client.link, data, &len)) // the last one counts
        continue;
    for (size_t at = len - 24; at < len; at++) { // in its Finished
        data[at] ^= 1;
        wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
        assert_false(wrtc_dtls_next(pair.server, out, &out_len));
        data[at] ^= 1;
    }
    for (unsigned i = 0; i < 3; i++) {
        wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
        assert_int_equal(wrtc_dtls_next(pair.server, out, &out_len), i == 0);
        assert_false(wrtc_dtls_next(pair.server, out, &out_len));
    }
    pair_fini(&pair);
}

static void test_fragmented_client_hello(void **state)
{
    (void)state;
    const struct dtls_client_config config = {.long_hello = true, .mtu = 400};
    for (unsigned order = 0; order < 2; order++) {
        struct pair pair;
        uint8_t data[WRTC_DGRAM_QUEUE_MAX][WRTC_DGRAM_MTU];
        size_t len[WRTC_DGRAM_QUEUE_MAX];
        unsigned n = 0;
        pair_init(&pair, &config);
        pair_begin(&pair);
        while (wrtc_dgram_next(&pair.client.link, data[n], &len[n]))
            n++;
        assert_in_range(n, 3, WRTC_DGRAM_QUEUE_MAX);
        for (unsigned i = 0; i < n; i++) {
            unsigned at = order ? n - 1 - i : i;
            wrtc_dtls_receive(pair.server, data[at], len[at], fake_now_ns);
        }
        pair_flow(&pair);
        pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
        assert_int_equal(wrtc_dtls_failures(pair.server), 0);
        pair_fini(&pair);
    }
}

static void test_datagrams_fit_the_path(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    pair_init(&pair, &ordinary);
    pair_begin(&pair);
    assert_true(wrtc_dgram_next(&pair.client.link, data, &len));
    wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
    assert_true(wrtc_dtls_next(pair.server, data, &len));
    assert_in_range(len, 400, WRTC_DGRAM_MTU);
    assert_false(wrtc_dtls_next(pair.server, data, &len));
    pair_fini(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_profiles),
        cmocka_unit_test(test_profiles_of_the_server),
        cmocka_unit_test(test_no_profile_in_common),
        cmocka_unit_test(test_cipher_suites_and_groups),
        cmocka_unit_test(test_our_certificate),
        cmocka_unit_test(test_older_dtls_is_refused),
        cmocka_unit_test(test_fingerprint_algorithms),
        cmocka_unit_test(test_wrong_fingerprint),
        cmocka_unit_test(test_no_client_certificate),
        cmocka_unit_test(test_losses),
        cmocka_unit_test(test_flight_is_repeated_on_our_clock),
        cmocka_unit_test(test_last_flight_is_repeated_on_request),
        cmocka_unit_test(test_last_flight_is_not_repeated_to_strangers),
        cmocka_unit_test(test_fragmented_client_hello),
        cmocka_unit_test(test_datagrams_fit_the_path),
    };
    return cmocka_run_group_tests(tests, pair_group_setup, pair_group_teardown);
}
