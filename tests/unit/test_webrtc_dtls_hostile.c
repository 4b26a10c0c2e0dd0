// SPDX-License-Identifier: Apache-2.0
//
// Strangers on the path, the bounds, and the end of an association.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <cmocka.h>

#include "tests/support/dtls_pair.h"
#include "webrtc/dtls.h"
#include "webrtc/dtls_context.h"

// ---- strangers ----

// A ClientHello whose body is nonsense: OpenSSL gives up on it.
static const uint8_t broken_hello[] = {
    22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 1, 0, 16, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 9, 9, 9, 9,
};

static const uint8_t fatal_alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40};
static const uint8_t plain_close[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 1, 0};
static const uint8_t plain_data[] = {23, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 98, 0, 2, 1, 1};
static const uint8_t sealed_junk[] = {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4};
static const uint8_t early_ccs[] = {20, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 97, 0, 1, 1};
static const uint8_t cut_record[] = {22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 96, 0, 99, 1, 2};
static const struct {
    const uint8_t *data;
    size_t len;
} junk[] = {
    {fatal_alert, sizeof(fatal_alert)}, {plain_close, sizeof(plain_close)},
    {plain_data, sizeof(plain_data)},   {sealed_junk, sizeof(sealed_junk)},
    {early_ccs, sizeof(early_ccs)},     {cut_record, sizeof(cut_record)},
};
enum {
    JUNK = sizeof(junk) / sizeof(junk[0])
};

static void inject(struct pair *pair, unsigned seed)
{
    uint8_t noise[200];
    srandom(seed);
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)random();
    noise[0] = (uint8_t)(20 + seed % 44);
    noise[1] = 0xfe;
    noise[11] = 0;
    wrtc_dtls_receive(pair->server, noise, sizeof(noise), fake_now_ns);
    for (size_t i = 0; i < JUNK; i++)
        wrtc_dtls_receive(pair->server, junk[i].data, junk[i].len, fake_now_ns);
}

// Before each datagram of the client, and after the last.
static void test_injected_records_change_nothing(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 50; seed++) {
        struct pair pair;
        uint8_t data[WRTC_DGRAM_MTU];
        size_t len = 0;
        pair_init(&pair, &ordinary);
        pair_begin(&pair);
        while (wrtc_dgram_next(&pair.client.link, data, &len)) {
            inject(&pair, seed);
            wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
            while (wrtc_dtls_next(pair.server, data, &len))
                dtls_client_receive(&pair.client, data, len);
        }
        inject(&pair, seed);
        pair_flow(&pair);
        pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
        assert_false(pair.client.failed);
        pair_fini(&pair);
    }
}

static void test_failed_attempt_is_begun_anew(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    pair_init(&pair, &ordinary);
    for (unsigned i = 0; i < WRTC_DTLS_ATTEMPTS_MAX - 1; i++)
        wrtc_dtls_receive(pair.server, broken_hello, sizeof(broken_hello), fake_now_ns);
    assert_int_equal(wrtc_dtls_failures(pair.server), WRTC_DTLS_ATTEMPTS_MAX - 1);
    assert_false(wrtc_dtls_next(pair.server, data, &len)); // no alert to the real client
    pair_shake(&pair);
    pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
    pair_fini(&pair);
}

static void test_attempts_are_bounded(void **state)
{
    (void)state;
    struct pair pair;
    int64_t deadline_ns = fake_now_ns + WRTC_DTLS_HANDSHAKE_NS;
    pair_init(&pair, &ordinary);
    for (unsigned i = 0; i < 100; i++)
        wrtc_dtls_receive(pair.server, broken_hello, sizeof(broken_hello), fake_now_ns);
    assert_int_equal(wrtc_dtls_failures(pair.server), WRTC_DTLS_ATTEMPTS_MAX);
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_HANDSHAKE);
    assert_int_equal(wrtc_dtls_deadline_ns(pair.server), deadline_ns);
    fake_now_ns = deadline_ns;
    wrtc_dtls_tick(pair.server, fake_now_ns);
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
    assert_non_null(wrtc_dtls_reason(pair.server));
    pair_fini(&pair);
}

static void test_input_is_bounded(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t record[1024] = {22, 0xfe, 0xfd, 0, 1}; // of the next epoch: kept for later
    unsigned taken = 0;
    record[11] = (sizeof(record) - 13) >> 8;
    record[12] = (sizeof(record) - 13) & 0xff;
    pair_init(&pair, &ordinary);
    for (unsigned i = 0; i < 100; i++)
        taken += wrtc_dtls_receive(pair.server, record, sizeof(record), fake_now_ns);
    assert_int_equal(taken, WRTC_DTLS_INPUT_MAX / sizeof(record));
    assert_int_equal(wrtc_dtls_failures(pair.server), 0);
    pair_begin(&pair);
    pair_flow(&pair);
    assert_int_equal(pair.answered, 0);
    pair_fini(&pair);
}

static void test_sizes_that_are_no_datagram(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[1501] = {22, 0xfe, 0xfd};
    pair_init(&pair, &ordinary);
    assert_false(wrtc_dtls_receive(pair.server, data, sizeof(data), fake_now_ns));
    assert_false(wrtc_dtls_receive(pair.server, data, 0, fake_now_ns));
    pair_shake(&pair);
    assert_false(wrtc_dtls_receive(pair.server, data, sizeof(data), fake_now_ns));
    assert_false(wrtc_dtls_receive(pair.server, data, 0, fake_now_ns));
    wrtc_dtls_close(pair.server);
    pair_flow(&pair);
    assert_true(dtls_client_saw_close(&pair.client));
    pair_fini(&pair);
}

static void test_handshakes_are_bounded(void **state)
{
    (void)state;
    struct pair pair;
    struct wrtc_dtls *one_more = NULL;
    struct wrtc_fingerprint any = {.algorithm = "sha-256", .len = 32};
    pair_init(&pair, &ordinary);
    pair_ctx->handshakes = WRTC_DTLS_HANDSHAKES_MAX;
    assert_int_equal(wrtc_dtls_create(pair_ctx, pair_ctx->identity, &any, fake_now_ns, &one_more),
                     -EBUSY);
    assert_null(one_more);
    pair_ctx->handshakes = 1;
    pair_shake(&pair);
    assert_int_equal(pair_ctx->handshakes, 0); // a finished one does not count
    pair_fini(&pair);
}

// ---- the end ----

static void test_close_from_here(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PAIR_SUITES; i++) {
        struct pair pair;
        const struct dtls_client_config config = {.ciphers = pair_suites[i]};
        pair_init(&pair, &config);
        pair_shake(&pair);
        wrtc_dtls_close(pair.server);
        wrtc_dtls_close(pair.server);
        assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
        assert_false(dtls_client_saw_close(&pair.client));
        pair.answered = 0;
        pair_flow(&pair);
        assert_int_equal(pair.answered, 1);
        assert_true(dtls_client_saw_close(&pair.client));
        assert_false(pair.client.failed);
        pair_fini(&pair);
    }
}

static void test_close_by_client(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PAIR_SUITES; i++) {
        struct pair pair;
        uint8_t data[WRTC_DGRAM_MTU];
        size_t len = 0;
        const struct dtls_client_config config = {.ciphers = pair_suites[i]};
        pair_init(&pair, &config);
        pair_shake(&pair);
        SSL_write(pair.client.ssl, "data", 4);
        pair_flow(&pair);
        SSL_shutdown(pair.client.ssl);
        assert_true(wrtc_dgram_next(&pair.client.link, data, &len));
        for (size_t bit = 0; bit < 8 * len; bit++) {
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
            data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        for (size_t cut = 0; cut < len; cut++)
            wrtc_dtls_receive(pair.server, data, cut, fake_now_ns);
        inject(&pair, i);
        assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CONNECTED);
        wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
        assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
        assert_string_equal(wrtc_dtls_reason(pair.server), "closed by the viewer");
        pair_flow(&pair);
        assert_true(dtls_client_saw_close(&pair.client)); // we said it too
        pair_fini(&pair);
    }
}

static void test_close_before_the_end_of_the_handshake(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    pair_init(&pair, &ordinary);
    pair_begin(&pair);
    wrtc_dgram_next(&pair.client.link, data, &len);
    wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
    wrtc_dtls_close(pair.server);
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CLOSED);
    assert_false(wrtc_dtls_next(pair.server, data, &len));
    pair_fini(&pair);
}

static void test_renegotiation_goes_unanswered(void **state)
{
    (void)state;
    struct pair pair;
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    pair_init(&pair, &ordinary);
    pair_shake(&pair);
    pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
    SSL_renegotiate(pair.client.ssl);
    SSL_do_handshake(pair.client.ssl);
    assert_true(wrtc_dgram_next(&pair.client.link, data, &len));
    wrtc_dtls_receive(pair.server, data, len, fake_now_ns);
    assert_false(wrtc_dtls_next(pair.server, data, &len));
    assert_int_equal(wrtc_dtls_state(pair.server), WRTC_DTLS_CONNECTED);
    pair_fini(&pair);
}

// ---- the BIO ----

static void test_full_queue_drops(void **state)
{
    (void)state;
    BIO_METHOD *method = wrtc_dgram_bio_method_create();
    struct wrtc_dgram_link link = {0};
    BIO *bio = wrtc_dgram_bio_create(method, &link);
    uint8_t data[WRTC_DGRAM_MTU + 1] = {0};
    size_t len = 0;
    for (uint8_t i = 0; i < WRTC_DGRAM_QUEUE_MAX + 3; i++) {
        data[0] = i;
        assert_int_equal(BIO_write(bio, data, 100 + i), 100 + i);
    }
    assert_int_equal(link.dropped, 3);
    for (uint8_t i = 0; i < WRTC_DGRAM_QUEUE_MAX; i++) {
        assert_true(wrtc_dgram_next(&link, data, &len));
        assert_int_equal(len, 100 + i);
        assert_int_equal(data[0], i);
    }
    assert_false(wrtc_dgram_next(&link, data, &len));
    assert_int_equal(BIO_write(bio, data, sizeof(data)), sizeof(data)); // beyond the MTU
    assert_int_equal(link.dropped, 4);
    assert_false(wrtc_dgram_next(&link, data, &len));

    assert_int_equal(BIO_read(bio, data, sizeof(data)), -1);
    assert_true(BIO_should_read(bio));
    link.in = (const uint8_t *)"datagram";
    link.in_len = 8;
    assert_int_equal(BIO_read(bio, data, 4), 4);
    assert_int_equal(BIO_read(bio, data, 4), -1); // boundaries: the rest is gone
    BIO_free(bio);
    BIO_meth_free(method);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_injected_records_change_nothing),
        cmocka_unit_test(test_failed_attempt_is_begun_anew),
        cmocka_unit_test(test_attempts_are_bounded),
        cmocka_unit_test(test_input_is_bounded),
        cmocka_unit_test(test_sizes_that_are_no_datagram),
        cmocka_unit_test(test_handshakes_are_bounded),
        cmocka_unit_test(test_close_from_here),
        cmocka_unit_test(test_close_by_client),
        cmocka_unit_test(test_close_before_the_end_of_the_handshake),
        cmocka_unit_test(test_renegotiation_goes_unanswered),
        cmocka_unit_test(test_full_queue_drops),
    };
    return cmocka_run_group_tests(tests, pair_group_setup, pair_group_teardown);
}
