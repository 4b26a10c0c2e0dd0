// SPDX-License-Identifier: Apache-2.0
//
// A piece of text that belongs to somebody else, and the cuts that the text parsers of this
// folder make in it. Pure functions, any thread; a span lives as long as the bytes it points at.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rtsp_span {
    const char *data; // not NUL-terminated; NULL: no text at all (which is not the empty text)
    size_t len;
};

// Equal without regard to case.
bool rtsp_span_is(struct rtsp_span span, const char *text);

// Starts with text, without regard to case; if so, *rest (may be NULL) is what follows it.
bool rtsp_span_starts(struct rtsp_span span, const char *text, struct rtsp_span *rest);

// Without the white space (blanks, tabs, line ends) at both ends.
struct rtsp_span rtsp_span_trim(struct rtsp_span span);

// Takes the part before the next separator off *rest, and the separator with it; the last part is
// what is left. False when there is nothing left to take.
bool rtsp_span_cut(struct rtsp_span *rest, char separator, struct rtsp_span *part);

// A decimal number of digits only, up to max. False: not one; *out is left alone.
bool rtsp_span_number(struct rtsp_span span, uint32_t max, uint32_t *out);

// Printable ASCII only.
bool rtsp_span_is_printable(struct rtsp_span span);

// Copies to a NUL-terminated string. -EINVAL: contains control characters, -EMSGSIZE: too long.
int rtsp_span_copy(struct rtsp_span span, char *out, size_t size);
