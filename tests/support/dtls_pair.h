// SPDX-License-Identifier: Apache-2.0
//
// A client and the server under test, linked in memory on the fake clock. For cmocka programs:
// include it in one source, after <cmocka.h>.
#pragma once

#include <stdlib.h>
#include <string.h>

#include "tests/support/dtls_client.h"
#include "tests/support/fake_clock.h"
#include "webrtc/dtls.h"
#include "webrtc/dtls_context.h"

static struct wrtc_dtls_context *pair_ctx;
static const struct dtls_client_config ordinary = {0};
static const int64_t second = 1000000000;

static inline int pair_group_setup(void **state)
{
    (void)state;
    return wrtc_dtls_context_create(&wrtc_srtp_profiles_all, &pair_ctx);
}

static inline int pair_group_teardown(void **state)
{
    (void)state;
    wrtc_dtls_context_destroy(pair_ctx);
    return 0;
}

// A client and a server, and the link between them.
struct pair {
    struct dtls_client client;
    struct wrtc_dtls *server;
    unsigned sent;     // datagrams so far, both directions
    uint64_t lost;     // bit n: datagram n does not arrive
    unsigned answered; // datagrams from the server
};

static inline void pair_init_as(struct pair *pair, const struct dtls_client_config *config,
                                const char *algorithm, const EVP_MD *digest)
{
    *pair = (struct pair){0};
    dtls_client_init(&pair->client, config);
    struct wrtc_fingerprint expected =
        test_fingerprint(pair->client.certificate, algorithm, digest);
    assert_int_equal(
        wrtc_dtls_create(pair_ctx, pair_ctx->identity, &expected, fake_now_ns, &pair->server), 0);
}

static inline void pair_init(struct pair *pair, const struct dtls_client_config *config)
{
    pair_init_as(pair, config, "sha-256", EVP_sha256());
}

static inline void pair_fini(struct pair *pair)
{
    wrtc_dtls_destroy(pair->server);
    dtls_client_fini(&pair->client);
    assert_int_equal(pair_ctx->handshakes, 0);
}

static inline bool pair_arrives(struct pair *pair)
{
    unsigned n = pair->sent++;
    return n >= 64 || !(pair->lost >> n & 1);
}

// Carries datagrams until both sides are silent.
static inline void pair_flow(struct pair *pair)
{
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    bool busy = true;
    while (busy) {
        busy = false;
        while (wrtc_dgram_next(&pair->client.link, data, &len)) {
            busy = true;
            if (pair_arrives(pair))
                wrtc_dtls_receive(pair->server, data, len, fake_now_ns);
        }
        while (wrtc_dtls_next(pair->server, data, &len)) {
            busy = true;
            pair->answered++;
            if (pair_arrives(pair))
                dtls_client_receive(&pair->client, data, len);
        }
    }
}

static inline bool pair_connected(const struct pair *pair)
{
    return pair->client.connected && wrtc_dtls_state(pair->server) == WRTC_DTLS_CONNECTED;
}

// Lets time pass, timer by timer, until both are connected or neither wants a timer before until.
static inline void pair_run(struct pair *pair, int64_t until_ns)
{
    while (!pair_connected(pair)) {
        int64_t next = wrtc_dtls_deadline_ns(pair->server);
        int64_t clients = dtls_client_deadline_ns(&pair->client, fake_now_ns);
        if (clients < next)
            next = clients;
        if (next > until_ns)
            break;
        if (next > fake_now_ns)
            fake_now_ns = next;
        wrtc_dtls_tick(pair->server, fake_now_ns);
        dtls_client_tick(&pair->client);
        pair_flow(pair);
    }
}

static inline void pair_begin(struct pair *pair)
{
    dtls_client_receive(&pair->client, NULL, 0);
}

static inline void pair_shake(struct pair *pair)
{
    pair_begin(pair);
    pair_flow(pair);
    pair_run(pair, fake_now_ns + 9 * second);
}

static inline void pair_expect_same_keys(struct pair *pair, enum eng_srtp_profile profile)
{
    struct eng_srtp_keying got;
    assert_true(pair_connected(pair));
    struct eng_srtp_keying want = dtls_client_keying(&pair->client);
    wrtc_dtls_take_keying(pair->server, &got);
    assert_int_equal(got.profile, profile);
    assert_int_equal(want.profile, profile);
    assert_memory_equal(&got, &want, sizeof(got));
    assert_memory_not_equal(got.send.key, got.receive.key, sizeof(got.send.key));
}

static const char *const pair_suites[] = {
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-CHACHA20-POLY1305",
};
enum {
    PAIR_SUITES = sizeof(pair_suites) / sizeof(pair_suites[0])
};
