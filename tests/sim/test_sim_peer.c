// SPDX-License-Identifier: Apache-2.0
//
// A peer and a scripted viewer, linked in memory over a bad network, on one fake clock. Each seed
// is another network: loss, delay, reordering, duplicates, strangers' datagrams. All must connect
// with equal keys, whatever the seed. A failing seed is printed.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/fake_clock.h"
#include "tests/support/viewer.h"
#include "webrtc/peer.h"

enum {
    SEEDS = 200,
    FLYING_MAX = 256,  // datagrams on the way
    STEPS_MAX = 20000, // of one run
    LOSS_PERCENT = 20,
    DUPLICATE_PERCENT = 5,
    STRANGER_PERCENT = 10,
    DELAY_MIN_MS = 5,
    DELAY_MAX_MS = 60,
};

static const int64_t ms = 1000000;
static const int64_t check_every_ns = INT64_C(50000000);

struct datagram {
    int64_t due_ns;
    bool to_peer;
    uint16_t port; // the viewer's
    size_t len;
    uint8_t data[1500];
};

struct run {
    struct viewer viewer;
    uint64_t random;
    struct datagram flying[FLYING_MAX];
    size_t flying_count;
    int64_t next_check_ns;
    unsigned replies;
    uint16_t heard[2]; // the ports that the last two replies came to
    bool handshaking;  // the viewer has begun DTLS
    unsigned connects, closes;
    struct eng_srtp_keying keying;
    uint16_t media_port;
};

static struct wrtc_dtls_context *ctx;

static unsigned draw(struct run *run, unsigned below)
{
    run->random = run->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(run->random >> 33) % below;
}

static void fly(struct run *run, bool to_peer, uint16_t port, const uint8_t *data, size_t len)
{
    assert_true(run->flying_count < FLYING_MAX);
    struct datagram *datagram = &run->flying[run->flying_count++];
    unsigned delay_ms = DELAY_MIN_MS + draw(run, DELAY_MAX_MS - DELAY_MIN_MS);
    *datagram = (struct datagram){
        .due_ns = fake_now_ns + delay_ms * ms, .to_peer = to_peer, .port = port, .len = len};
    memcpy(datagram->data, data, len);
}

static void send_over(struct run *run, bool to_peer, uint16_t port, const uint8_t *data, size_t len)
{
    bool dtls = wrtc_datagram_classify(data, len) == WRTC_DTLS;
    if (draw(run, 100) >= LOSS_PERCENT)
        fly(run, to_peer, port, data, len);
    if (draw(run, 100) < DUPLICATE_PERCENT)
        fly(run, to_peer, port, data, len);
    // Somebody who saw it says the same from elsewhere; alerts come with the viewer's own address.
    if (to_peer && dtls && draw(run, 100) < STRANGER_PERCENT)
        fly(run, true, 6666, data, len);
    if (to_peer && draw(run, 100) < STRANGER_PERCENT) {
        const uint8_t alert[] = {21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 9, 9, 9, 0, 2, 2, 40};
        fly(run, true, port, alert, sizeof(alert));
    }
}

static void take_actions(struct run *run)
{
    struct wrtc_action action;
    while (wrtc_peer_next(run->viewer.peer, &action)) {
        switch (action.type) {
        case WRTC_ACTION_SEND:
            send_over(run, false, eng_addr_port(&action.tuple.remote), action.data, action.len);
            break;
        case WRTC_ACTION_CONNECTED:
            run->connects++;
            run->keying = action.keying;
            run->media_port = eng_addr_port(&action.tuple.remote);
            break;
        case WRTC_ACTION_MOVED:
            run->media_port = eng_addr_port(&action.tuple.remote);
            break;
        case WRTC_ACTION_CLOSED:
            run->closes++;
            break;
        }
    }
}

// The viewer probes two paths in turn and nominates the second once it has heard three replies.
static void viewer_tick(struct run *run)
{
    if (run->next_check_ns <= fake_now_ns) {
        struct stun_text text;
        bool nominate = run->replies >= 3;
        uint16_t port = nominate || draw(run, 2) ? 1002 : 1001;
        viewer_check(&text, nominate);
        send_over(run, true, port, text.data, text.len);
        run->next_check_ns = fake_now_ns + check_every_ns;
    }
    dtls_client_tick(&run->viewer.dtls);
}

static void viewer_receive(struct run *run, const struct datagram *datagram)
{
    if (wrtc_datagram_classify(datagram->data, datagram->len) != WRTC_STUN) {
        dtls_client_receive(&run->viewer.dtls, datagram->data, datagram->len);
    } else if (stun_error_code(datagram->data, datagram->len) == 0) {
        run->heard[run->replies % 2] = datagram->port;
        run->replies++;
    }
    if (run->replies >= 2 && !run->handshaking) {
        run->handshaking = true;
        dtls_client_receive(&run->viewer.dtls, NULL, 0);
    }
}

// DTLS goes over either path that a check has opened.
static void viewer_send(struct run *run)
{
    uint8_t data[WRTC_DGRAM_MTU];
    size_t len = 0;
    while (wrtc_dgram_next(&run->viewer.dtls.link, data, &len))
        send_over(run, true, run->heard[draw(run, 2)], data, len);
}

static void land(struct run *run)
{
    for (size_t i = 0; i < run->flying_count;) {
        if (run->flying[i].due_ns > fake_now_ns) {
            i++;
            continue;
        }
        struct datagram datagram = run->flying[i];
        run->flying[i] = run->flying[--run->flying_count];
        if (datagram.to_peer) {
            struct eng_tuple tuple = test_tuple(datagram.port);
            wrtc_peer_receive(run->viewer.peer, &tuple, 0, datagram.data, datagram.len,
                              fake_now_ns);
            take_actions(run);
        } else {
            viewer_receive(run, &datagram);
            viewer_send(run);
        }
    }
}

static int64_t earliest(const struct run *run)
{
    int64_t next = wrtc_peer_deadline_ns(run->viewer.peer);
    int64_t clients = dtls_client_deadline_ns(&run->viewer.dtls, fake_now_ns);
    if (clients < next)
        next = clients;
    if (run->next_check_ns < next)
        next = run->next_check_ns;
    for (size_t i = 0; i < run->flying_count; i++) {
        if (run->flying[i].due_ns < next)
            next = run->flying[i].due_ns;
    }
    return next;
}

static bool settled(const struct run *run)
{
    return run->closes > 0 || (run->connects > 0 && run->viewer.dtls.connected &&
                               run->replies >= 3 && run->media_port == 1002);
}

static void step(struct run *run)
{
    int64_t next = earliest(run);
    if (next > fake_now_ns)
        fake_now_ns = next;
    land(run);
    if (wrtc_peer_deadline_ns(run->viewer.peer) <= fake_now_ns) {
        wrtc_peer_tick(run->viewer.peer, fake_now_ns);
        take_actions(run);
    }
    viewer_tick(run);
    viewer_send(run);
}

static const char *const offers[] = {
    "SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM",
    "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80",
    "SRTP_AES128_CM_SHA1_80",
};

// Returns whether all ended well; the time it took in *took_ns.
static bool run_seed(unsigned seed, int64_t *took_ns)
{
    static struct run run;
    const struct dtls_client_config config = {
        .profiles = offers[seed % 3], .long_hello = seed % 2, .mtu = seed % 2 ? 1000 : 0};
    run = (struct run){.random = seed, .next_check_ns = fake_now_ns};
    assert_int_equal(viewer_init(&run.viewer, ctx, &config, NULL, fake_now_ns), 0);
    int64_t began_ns = fake_now_ns;
    for (unsigned i = 0; i < STEPS_MAX && !settled(&run); i++)
        step(&run);
    *took_ns = fake_now_ns - began_ns;

    struct eng_srtp_keying want = {0};
    if (run.viewer.dtls.connected)
        want = dtls_client_keying(&run.viewer.dtls);
    bool ok = run.connects == 1 && run.closes == 0 &&
              memcmp(&run.keying, &want, sizeof(want)) == 0 &&
              run.keying.profile ==
                  (seed % 3 == 2 ? ENG_SRTP_AES128_CM_HMAC_SHA1_80 : ENG_SRTP_AEAD_AES_128_GCM) &&
              run.media_port == 1002;
    if (!ok)
        print_message("seed %u: connects %u, closes %u, state %s, client %d\n", seed, run.connects,
                      run.closes, wrtc_peer_state_name(wrtc_peer_state(run.viewer.peer)),
                      run.viewer.dtls.connected);
    viewer_fini(&run.viewer);
    return ok;
}

static void test_every_seed_connects(void **state)
{
    (void)state;
    unsigned good = 0;
    int64_t longest_ns = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        int64_t took_ns = 0;
        good += run_seed(seed, &took_ns);
        if (took_ns > longest_ns)
            longest_ns = took_ns;
    }
    print_message("%u of %u connected, the slowest after %lld ms\n", good, SEEDS,
                  (long long)(longest_ns / ms));
    assert_int_equal(good, SEEDS);
    assert_true(fake_clock_reads > 0); // OpenSSL's timers ran on our clock
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_seed_connects)};
    if (wrtc_dtls_context_create(&wrtc_srtp_profiles_all, &ctx) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    wrtc_dtls_context_destroy(ctx);
    return failed;
}
