// SPDX-License-Identifier: Apache-2.0
#include "control/random.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

void ctl_random_bytes(void *out, size_t len)
{
    uint8_t *p = out;

    while (len > 0) {
        ssize_t n = getrandom(p, len, 0);

        // The kernel has no other failure for valid arguments.
        assert(n > 0 || errno == EINTR);
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
}

static void random_text(char *out, size_t len, const char *alphabet, uint8_t mask)
{
    ctl_random_bytes(out, len);
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[(uint8_t)out[i] & mask];
    out[len] = '\0';
}

void ctl_random_hex(char *out, size_t len)
{
    random_text(out, len, "0123456789abcdef", 15);
}

void ctl_random_ice(char *out, size_t len)
{
    random_text(out, len, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 63);
}

uint32_t ctl_random_u32(void)
{
    uint32_t n;

    ctl_random_bytes(&n, sizeof(n));
    return n;
}

uint64_t ctl_random_u64(void)
{
    uint64_t n;

    ctl_random_bytes(&n, sizeof(n));
    return n;
}
