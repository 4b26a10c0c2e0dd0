// SPDX-License-Identifier: Apache-2.0
//
// A viewer's side of DTLS 1.2 (RFC 8827 6.5), up to SRTP keys (RFC 5764). Client where the answer
// leaves it to us, server where the answer wants to be the client. Datagrams and the time go in,
// datagrams and keys come out; no I/O. One thread each; the context may be shared.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"
#include "webrtc/dgram_bio.h"
#include "webrtc/sdp.h"

enum {
    VIEWERS_FINGERPRINT_TEXT_MAX = 96 // 32 bytes in hex with colons, and NUL
};

// One certificate and one set of choices for all viewers of the process.
struct viewers_dtls_context;
struct viewers_dtls;

// profiles: SRTP protection profiles as OpenSSL names them, in order. 0 or -ENOMEM.
int viewers_dtls_context_create(const char *profiles, struct viewers_dtls_context **out);
void viewers_dtls_context_destroy(struct viewers_dtls_context *ctx);
const char *viewers_dtls_context_fingerprint(const struct viewers_dtls_context *ctx);

// expected: the answer's fingerprint. 0 or -ENOMEM.
int viewers_dtls_create(struct viewers_dtls_context *ctx, const struct wrtc_fingerprint *expected,
                        bool server, struct viewers_dtls **out);

// Frees the SSL object, 80 KiB, too.
void viewers_dtls_destroy(struct viewers_dtls *dtls);

// A client's first flight; a server waits.
void viewers_dtls_start(struct viewers_dtls *dtls);
void viewers_dtls_receive(struct viewers_dtls *dtls, const uint8_t *data, size_t len);

// Repeats a flight whose time has come.
void viewers_dtls_tick(struct viewers_dtls *dtls);
int64_t viewers_dtls_next_ns(const struct viewers_dtls *dtls, int64_t now_ns);

// Takes the next datagram to send. False: none.
bool viewers_dtls_next(struct viewers_dtls *dtls, uint8_t out[WRTC_DGRAM_MTU], size_t *len);

// Finished, the fingerprint matches, and there is a profile.
bool viewers_dtls_connected(const struct viewers_dtls *dtls);

// Why it has failed; NULL: it has not.
const char *viewers_dtls_failure(const struct viewers_dtls *dtls);

// The keys, seen from the viewer; wipe them. Once connected.
void viewers_dtls_keying(const struct viewers_dtls *dtls, struct eng_srtp_keying *out);

// Writes our close_notify for later, with which the SSL object is used up. Returns its length, or 0
// where there is no room.
size_t viewers_dtls_farewell(struct viewers_dtls *dtls, uint8_t *out, size_t size);
