// SPDX-License-Identifier: Apache-2.0
//
// The SHA-256 of a certificate, by which a user names the one that a camera has. Plain functions on
// the caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    RTSP_FINGERPRINT_BYTES = 32,
    RTSP_FINGERPRINT_TEXT = 2 * RTSP_FINGERPRINT_BYTES + 1, // hex digits, bytes with the NUL
};

// All zero: none.
struct rtsp_fingerprint {
    bool set;
    uint8_t sha256[RTSP_FINGERPRINT_BYTES];
};

// 64 hex digits in either case, with or without a colon after each pair, as `openssl x509
// -fingerprint` prints them. False: it is something else, and *out is left alone.
bool rtsp_fingerprint_parse(const char *text, struct rtsp_fingerprint *out);

// In upper case, without colons.
void rtsp_fingerprint_format(const struct rtsp_fingerprint *fingerprint,
                             char out[RTSP_FINGERPRINT_TEXT]);
