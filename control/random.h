// SPDX-License-Identifier: Apache-2.0
//
// Random bytes and text from the kernel's generator. Any thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

void ctl_random_bytes(void *out, size_t len);

// len characters of 4 random bits each (0-9a-f), and NUL.
void ctl_random_hex(char *out, size_t len);

// len characters of 6 random bits each (ice-char of RFC 8839 5.4: A-Za-z0-9+/), and NUL.
void ctl_random_ice(char *out, size_t len);

uint32_t ctl_random_u32(void);
uint64_t ctl_random_u64(void);
