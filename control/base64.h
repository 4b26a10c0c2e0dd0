// SPDX-License-Identifier: Apache-2.0
//
// Base64 as text from elsewhere has it: the plain alphabet or the one for URLs (RFC 4648 4 and 5),
// with or without padding. Plain function, any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Bytes that len characters decode to, at most.
#define CTL_BASE64_BYTES(len) ((len) / 4 * 3 + 3)

// The number of bytes written, or -EINVAL: not base64, or -ENOSPC.
ssize_t ctl_base64_decode(const char *text, size_t len, uint8_t *out, size_t size);
