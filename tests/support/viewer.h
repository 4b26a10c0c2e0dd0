// SPDX-License-Identifier: Apache-2.0
//
// A scripted viewer: checks and DTLS as a browser brings them, for tests of a peer in memory.
// tests/support/fake_clock.h must be in the same program.
#pragma once

#include "tests/support/dtls_client.h"
#include "tests/support/stun_text.h"
#include "webrtc/peer.h"

static const char viewer_username[] = "localufr:remote";
static const char viewer_password[] = "abcdefghijklmnopqrstuvwx";

struct viewer {
    struct dtls_client dtls;
    struct wrtc_peer *peer;
};

// A viewer and the peer that its offer would make. expected NULL: its true fingerprint.
static inline int viewer_init(struct viewer *viewer, struct wrtc_dtls_context *ctx,
                              const struct dtls_client_config *config,
                              const struct wrtc_fingerprint *expected, int64_t now_ns)
{
    dtls_client_init(&viewer->dtls, config);
    struct wrtc_peer_config peer = {
        .dtls = ctx,
        .local_ufrag = "localufr",
        .local_pwd = viewer_password,
        .remote_ufrag = "remote",
        .remote_fingerprint = expected ? *expected : dtls_client_fingerprint(&viewer->dtls),
        .now_ns = now_ns,
    };
    return wrtc_peer_create(&peer, &viewer->peer);
}

static inline void viewer_fini(struct viewer *viewer)
{
    wrtc_peer_destroy(viewer->peer);
    dtls_client_fini(&viewer->dtls);
}

static inline void viewer_check(struct stun_text *out, bool nominate)
{
    const struct stun_check check = {
        .username = viewer_username, .password = viewer_password, .nominate = nominate};
    stun_write_check(out, &check);
}
