// SPDX-License-Identifier: Apache-2.0
//
// SDP text as it grows, for sdp_answer.c and sdp_fragment.c. Caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "webrtc/sdp.h"

// Once full it takes no more.
struct wrtc_sdp_writer {
    char *out;
    size_t size;
    size_t len;
    bool full;
};

__attribute__((format(printf, 2, 3))) void wrtc_sdp_put(struct wrtc_sdp_writer *writer,
                                                        const char *format, ...);

const char *wrtc_sdp_address_text(const struct eng_addr *addr, char out[INET6_ADDRSTRLEN]);

// Our candidates, best first, and the word that there are no more. tcp: passive ones, too.
void wrtc_sdp_put_candidates(struct wrtc_sdp_writer *writer, const struct eng_addr *candidates,
                             size_t count, bool tcp);

// 0 with *len set, or -ENOSPC.
int wrtc_sdp_finish(const struct wrtc_sdp_writer *writer, size_t *len);
