// SPDX-License-Identifier: Apache-2.0
//
// Memory that will be needed soon, brought towards this core's cache. Any thread.
#pragma once

#include <stddef.h>

enum {
    ENG_CACHE_LINE = 64
};

static inline void eng_fetch(const void *memory, size_t len)
{
    for (size_t at = 0; at < len; at += ENG_CACHE_LINE)
        __builtin_prefetch((const char *)memory + at);
}
