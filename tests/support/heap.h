// SPDX-License-Identifier: Apache-2.0
//
// What is allocated, and by whom: takes the place of the allocator's functions, for all threads.
// For cmocka programs: include it in one source, after <cmocka.h>. Where a sanitizer owns the
// allocator nothing is seen.
#pragma once

#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/support/sanitized.h"

enum {
    HEAP_CHUNK_OVERHEAD = 8, // glibc's own, per allocation
};

static _Thread_local bool heap_allowed;  // this thread may always
static _Thread_local int64_t heap_taken; // bytes this thread took, less those it gave back
static _Atomic bool heap_armed;
static _Atomic unsigned heap_caught; // calls while armed, of threads that may not

static inline void heap_skip_if_sanitized(void)
{
    if (SANITIZED) {
        print_message("skipped: the sanitizer owns malloc\n");
        skip();
    }
}

static inline void heap_look(void)
{
    if (!heap_allowed && heap_armed)
        heap_caught++;
}

#if !SANITIZED

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static inline void *heap_took(void *p)
{
    heap_look();
    if (p)
        heap_taken += (int64_t)malloc_usable_size(p) + HEAP_CHUNK_OVERHEAD;
    return p;
}

static inline void heap_give_back(void *p)
{
    heap_look();
    if (p)
        heap_taken -= (int64_t)malloc_usable_size(p) + HEAP_CHUNK_OVERHEAD;
}

void *malloc(size_t size)
{
    return heap_took(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return heap_took(__libc_calloc(count, size));
}

void *realloc(void *old, size_t size)
{
    heap_give_back(old);
    return heap_took(__libc_realloc(old, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return heap_took(__libc_memalign(alignment, size));
}

void *memalign(size_t alignment, size_t size)
{
    return heap_took(__libc_memalign(alignment, size));
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
    void *p = heap_took(__libc_memalign(alignment, size));

    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void free(void *p)
{
    heap_give_back(p);
    __libc_free(p);
}

#endif
