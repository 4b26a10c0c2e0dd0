// SPDX-License-Identifier: Apache-2.0
//
// A viewer's SDP offer, as a browser would make it: one video and one audio to be received, BUNDLE,
// rtcp-mux, H.264 in four profiles with RTX, Opus and G.711; no header extensions, hence no
// transport-wide congestion control. Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"

enum {
    VIEWERS_OFFER_MAX = 4096
};

struct viewers_offer {
    uint64_t session_id;
    const char *ufrag, *pwd;
    const char *fingerprint; // SHA-256, as in SDP
    struct eng_addr local;   // the host candidate
    bool nack;               // offer NACK and RTX
};

// Writes it with NUL; returns its length.
size_t viewers_offer_write(const struct viewers_offer *offer, char out[VIEWERS_OFFER_MAX]);
