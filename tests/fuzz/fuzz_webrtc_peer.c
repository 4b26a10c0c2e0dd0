// SPDX-License-Identifier: Apache-2.0
//
// A peer under datagrams of a viewer that has a session, and of strangers: DTLS before, in and
// after a handshake that they cannot finish. Input: {what, length, datagram}.
#include "input.h"
#include "tests/support/stun_text.h"
#include "webrtc/peer.h"

enum {
    CHECK = 1,    // of what to do next: a connectivity check
    TICK = 2,     // a time goes by
    CLOSE = 3,    // by us
    STRANGER = 4, // a datagram of another 5-tuple
    WHATS = 8,    // all others are datagrams of the viewer's

    DATAGRAM_MAX = 1500,
    // Datagrams in answer to one: a flight of the handshake, a reply to a check.
    ANSWERS_MAX = 16,
};

static const char password[] = "ourpasswordourpassword24";

static struct wrtc_dtls_context *context;

// An error response to a connectivity check (RFC 8489 5): all that whoever has passed none gets.
static bool is_refusal(const struct wrtc_action *action)
{
    return action->len >= 2 && action->data[0] == 0x01 && action->data[1] == 0x11;
}

static void drain(struct wrtc_peer *peer)
{
    struct wrtc_action action;
    unsigned answers = 0;

    while (wrtc_peer_next(peer, &action)) {
        // Nobody here has the certificate's key.
        assert(action.type == WRTC_ACTION_SEND || action.type == WRTC_ACTION_CLOSED);
        if (action.type == WRTC_ACTION_CLOSED) {
            assert(wrtc_peer_state(peer) == WRTC_PEER_CLOSED);
            continue;
        }
        assert(action.len > 0 && action.len <= sizeof(action.data));
        assert(wrtc_peer_knows(peer, &action.tuple) || is_refusal(&action));
        answers++;
    }
    assert(answers <= ANSWERS_MAX);
}

static void check(struct wrtc_peer *peer, const struct eng_tuple *tuple, int64_t now_ns)
{
    const struct stun_check request = {
        .username = "ours:them", .password = password, .nominate = true};
    struct stun_text text;

    stun_write_check(&text, &request);
    wrtc_peer_receive(peer, tuple, 0, text.data, text.len, now_ns);
}

static void receive(struct wrtc_peer *peer, const struct eng_tuple *tuple, struct input datagram,
                    int64_t now_ns)
{
    uint8_t *exact = input_copy(datagram.data, datagram.len);

    wrtc_peer_receive(peer, tuple, 0, exact, datagram.len, now_ns);
    free(exact);
}

static void step(struct wrtc_peer *peer, struct input *in, int64_t *now_ns)
{
    const struct eng_tuple viewer = test_tuple(1000);
    const struct eng_tuple stranger = test_tuple(2000);
    unsigned what = input_u8(in) % WHATS;

    if (what == CHECK) {
        check(peer, &viewer, *now_ns);
    } else if (what == TICK) {
        *now_ns += (int64_t)input_u16(in) * 1000000;
        wrtc_peer_tick(peer, *now_ns);
    } else if (what == CLOSE) {
        wrtc_peer_close(peer);
    } else {
        size_t len = input_u16(in) % (DATAGRAM_MAX + 1);

        receive(peer, what == STRANGER ? &stranger : &viewer, input_piece(in, len), *now_ns);
    }
    drain(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct wrtc_peer_config config = {
        .local_ufrag = "ours",
        .local_pwd = password,
        .remote_ufrag = "them",
        .remote_fingerprint = {.algorithm = "sha-256", .len = 32},
    };
    struct wrtc_peer *peer;
    int64_t now_ns = 1000000000;

    if (!context)
        assert(wrtc_dtls_context_create(&wrtc_srtp_profiles_all, &context) == 0);
    config.dtls = context;
    config.now_ns = now_ns;
    assert(wrtc_peer_create(&config, &peer) == 0);
    while (in.len > 0)
        step(peer, &in, &now_ns);
    wrtc_peer_destroy(peer);
    return 0;
}
