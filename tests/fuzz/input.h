// SPDX-License-Identifier: Apache-2.0
//
// What every target here begins with: the function that libFuzzer or replay.c calls with one
// input, and a cursor that takes the input apart. A cursor that is at its end gives zeros, so that
// any bytes are a whole script.
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// Returns 0; what is wrong stops the program.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
    const uint8_t *data;
    size_t len;
};

static inline uint8_t input_u8(struct input *in)
{
    if (in->len == 0)
        return 0;
    in->len--;
    return *in->data++;
}

static inline uint16_t input_u16(struct input *in)
{
    uint16_t high = input_u8(in);

    return (uint16_t)(high << 8 | input_u8(in));
}

static inline uint32_t input_u32(struct input *in)
{
    uint32_t high = input_u16(in);

    return high << 16 | input_u16(in);
}

// Up to len bytes, where they lie.
static inline struct input input_piece(struct input *in, size_t len)
{
    struct input piece = {in->data, len < in->len ? len : in->len};

    in->data += piece.len;
    in->len -= piece.len;
    return piece;
}

// The bytes in an allocation of their own, so that AddressSanitizer sees a read beyond them, and
// one after they are gone. Free it.
static inline uint8_t *input_copy(const void *data, size_t len)
{
    uint8_t *copy = malloc(len);

    assert(copy);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

// The same with a NUL behind it; bytes from the first NUL on are left out.
static inline char *input_text(struct input piece)
{
    size_t len = piece.len > 0 ? strnlen((const char *)piece.data, piece.len) : 0;
    char *text = malloc(len + 1);

    assert(text);
    if (len > 0)
        memcpy(text, piece.data, len);
    text[len] = '\0';
    return text;
}

// The string ends within size bytes and has no control characters: it can stand in a header line,
// a log line, a JSON string.
static inline bool input_is_line(const char *text, size_t size)
{
    size_t len = strnlen(text, size);

    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return len < size;
}
