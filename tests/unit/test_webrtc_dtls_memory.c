// SPDX-License-Identifier: Apache-2.0
//
// OpenSSL's memory: what it has runs out, at each allocation in turn; and what it takes it gives
// back.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <cmocka.h>

#include "tests/support/dtls_pair.h"
#include "webrtc/dtls.h"
#include "webrtc/dtls_context.h"

// While starving, OpenSSL's allocation number fail_at fails.
static unsigned allocations, fail_at;
static bool starving;
static long blocks; // that OpenSSL has

static bool fails(void)
{
    return starving && ++allocations == fail_at;
}

static void *counting_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (fails())
        return NULL;
    blocks++;
    return malloc(size);
}

static void *counting_realloc(void *old, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    if (fails())
        return NULL;
    blocks += !old;
    return realloc(old, size);
}

static void counting_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    blocks -= old != NULL;
    free(old);
}

static void test_context_without_memory(void **state)
{
    (void)state;
    unsigned failed = 0;
    bool reached = true;
    for (fail_at = 1; reached; fail_at++) {
        struct wrtc_dtls_context *other = NULL;
        allocations = 0;
        starving = true;
        int rc = wrtc_dtls_context_create(&wrtc_srtp_profiles_all, &other);
        starving = false;
        reached = allocations >= fail_at;
        assert_true(rc == 0 || rc == -ENOMEM);
        assert_true((rc == 0) == (other != NULL));
        failed += rc != 0;
        wrtc_dtls_context_destroy(other);
    }
    assert_true(failed > 100);
}

static void starve_handshake(struct pair *pair)
{
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    bool more = true;
    pair_begin(pair);
    while (more) {
        more = false;
        while (wrtc_dgram_next(&pair->client.link, data, &len)) {
            more = true;
            starving = true;
            wrtc_dtls_receive(pair->server, data, len, fake_now_ns);
            starving = false;
        }
        while (wrtc_dtls_next(pair->server, data, &len))
            dtls_client_receive(&pair->client, data, len);
    }
}

// Of the server's handshake every fifth allocation in turn fails (all of them take 20 s under
// ASan): nothing crashes or leaks, and where it goes through all the same, the keys are right.
static void test_handshake_without_memory(void **state)
{
    (void)state;
    unsigned failed = 0;
    bool reached = true;
    for (fail_at = 1; reached; fail_at += 5) {
        struct pair pair;
        pair_init(&pair, &ordinary);
        allocations = 0;
        starve_handshake(&pair);
        reached = allocations >= fail_at;
        failed += wrtc_dtls_failures(pair.server) > 0;
        if (pair_connected(&pair))
            pair_expect_same_keys(&pair, ENG_SRTP_AEAD_AES_128_GCM);
        pair_fini(&pair);
    }
    assert_true(failed > 50);
}

// A viewer that is connected costs none of OpenSSL's memory.
static void test_connected_holds_nothing(void **state)
{
    (void)state;
    long before = 0;
    for (unsigned i = 0; i < 3; i++) { // the first time OpenSSL fetches what it keeps
        struct pair pair;
        before = blocks;
        pair_init(&pair, &ordinary);
        pair_shake(&pair);
        assert_true(pair_connected(&pair));
        dtls_client_fini(&pair.client);
        if (i > 0)
            assert_int_equal(blocks, before);
        wrtc_dtls_destroy(pair.server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context_without_memory),
        cmocka_unit_test(test_handshake_without_memory),
        cmocka_unit_test(test_connected_holds_nothing),
    };
    // Before OpenSSL's first allocation, or it keeps its own.
    if (CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free) != 1)
        return 1;
    return cmocka_run_group_tests(tests, pair_group_setup, pair_group_teardown);
}
