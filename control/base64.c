// SPDX-License-Identifier: Apache-2.0
#include "control/base64.h"

#include <errno.h>

#include "rtsp/base64_digit.h"

ssize_t ctl_base64_decode(const char *text, size_t len, uint8_t *out, size_t size)
{
    uint32_t bits = 0;
    size_t used = 0;
    unsigned held = 0;

    if (len % 4 == 0)
        for (int i = 0; i < 2 && len > 0 && text[len - 1] == '='; i++)
            len--;
    if (len % 4 == 1)
        return -EINVAL;
    for (size_t i = 0; i < len; i++) {
        int value = rtsp_base64_digit(text[i]);

        if (value < 0)
            return -EINVAL;
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (used == size)
            return -ENOSPC;
        out[used++] = (uint8_t)(bits >> held);
    }
    // One text for each value: what is left over is zero (RFC 4648 3.5).
    return (bits & ((1U << held) - 1)) == 0 ? (ssize_t)used : -EINVAL;
}
