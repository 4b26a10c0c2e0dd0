// SPDX-License-Identifier: Apache-2.0
//
// Network byte order in byte buffers. Any thread.
#pragma once

#include <stdint.h>

static inline void eng_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void eng_put32(uint8_t *p, uint32_t v)
{
    eng_put16(p, (uint16_t)(v >> 16));
    eng_put16(p + 2, (uint16_t)v);
}

static inline uint16_t eng_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t eng_get32(const uint8_t *p)
{
    return (uint32_t)eng_get16(p) << 16 | eng_get16(p + 2);
}
