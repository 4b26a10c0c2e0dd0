// SPDX-License-Identifier: Apache-2.0
//
// What DESCRIBE answers: the clip's tracks as SDP (RFC 8866, RFC 6184 8.2.1, RFC 7587 7,
// RFC 3551 6). A plain
// function, any thread.
#pragma once

#include <stddef.h>

#include "bench/clip.h"

enum {
    SOURCE_SDP_MAX = 2048
};

// Writes a terminated string; returns its length. Track t's control URL is trackID=t.
size_t source_sdp_write(const struct bench_clip *clip, const char *name, char to[SOURCE_SDP_MAX]);
