// SPDX-License-Identifier: Apache-2.0
//
// Big-endian integers in wire bytes. The caller has checked that they are there.
#pragma once

#include <stdint.h>

static inline uint16_t rtsp_read_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t rtsp_read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline void rtsp_write_u16(uint8_t *p, uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void rtsp_write_u32(uint8_t *p, uint32_t value)
{
    rtsp_write_u16(p, (uint16_t)(value >> 16));
    rtsp_write_u16(p + 2, (uint16_t)value);
}
