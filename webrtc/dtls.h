// SPDX-License-Identifier: Apache-2.0
//
// The server's side of one viewer's DTLS 1.2 association (RFC 6347, 8827 6.5), up to SRTP keys
// (RFC 5764). Control thread. Datagrams and the time go in, datagrams and keys come out. It answers
// whoever feeds it: that only a checked 5-tuple does so is for the caller to see to.
//
//     HANDSHAKE -> CONNECTED -> CLOSED
//         `------------------------^
//
//     HANDSHAKE -> CONNECTED   finished, the client's fingerprint matches, a profile is shared
//     HANDSHAKE -> CLOSED      finished but one of these is missing; deadline passed; closed here
//     CONNECTED -> CLOSED      authentic close_notify or fatal alert; closed here
//
// What goes wrong before the handshake has finished may be a stranger's work. Records that no
// handshake needs in the clear (alerts, data) are dropped unread; an attempt that OpenSSL gives up
// is thrown away with its output, and the next datagram begins another, WRTC_DTLS_ATTEMPTS_MAX
// times. Only the deadline ends it.
//
// OpenSSL takes the handshake's timeouts from the real clock (gettimeofday). Here they are
// translated: what is left of a timeout at a call is added to that call's now_ns, and
// wrtc_dtls_tick() at that time lets OpenSSL repeat its flight. If the two clocks disagree (the
// wall clock was set), a repetition comes late or early; the deadline is ours and stands.
//
// A CONNECTED association has no SSL object and no timer any more: dtls_farewell.h keeps 300 bytes
// of it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"
#include "webrtc/dgram_bio.h"
#include "webrtc/peer.h"

#define WRTC_DTLS_HANDSHAKE_NS INT64_C(10000000000) // from the first datagram to CONNECTED

enum {
    WRTC_DTLS_INPUT_MAX = 65536, // bytes taken per handshake; an honest one needs 4 KiB
    WRTC_DTLS_ATTEMPTS_MAX = 8,
};

enum wrtc_dtls_state {
    WRTC_DTLS_HANDSHAKE,
    WRTC_DTLS_CONNECTED,
    WRTC_DTLS_CLOSED
};

struct wrtc_dtls;
struct wrtc_dtls_identity;

// identity: outlives the handshake. expected: the fingerprint in the offer; copied. 0, -ENOMEM, or
// -EBUSY: too many handshakes at once (WRTC_DTLS_HANDSHAKES_MAX).
int wrtc_dtls_create(struct wrtc_dtls_context *ctx, struct wrtc_dtls_identity *identity,
                     const struct wrtc_fingerprint *expected, int64_t now_ns,
                     struct wrtc_dtls **out);
void wrtc_dtls_destroy(struct wrtc_dtls *dtls);

enum wrtc_dtls_state wrtc_dtls_state(const struct wrtc_dtls *dtls);

// Why it is CLOSED, or what the last failed attempt failed at. Static; NULL: nothing to say.
const char *wrtc_dtls_reason(const struct wrtc_dtls *dtls);

// One datagram. False: dropped unread.
bool wrtc_dtls_receive(struct wrtc_dtls *dtls, const uint8_t *data, size_t len, int64_t now_ns);

void wrtc_dtls_tick(struct wrtc_dtls *dtls, int64_t now_ns);
int64_t wrtc_dtls_deadline_ns(const struct wrtc_dtls *dtls);

// Takes the next datagram to send. False: none.
bool wrtc_dtls_next(struct wrtc_dtls *dtls, uint8_t out[WRTC_DGRAM_MTU], size_t *len);

// Moves the keys out and wipes them here. Once, when CONNECTED.
void wrtc_dtls_take_keying(struct wrtc_dtls *dtls, struct eng_srtp_keying *out);

// Ends it; a CONNECTED client is sent close_notify.
void wrtc_dtls_close(struct wrtc_dtls *dtls);

// Attempts that failed so far.
unsigned wrtc_dtls_failures(const struct wrtc_dtls *dtls);
