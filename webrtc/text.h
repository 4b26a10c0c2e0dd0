// SPDX-License-Identifier: Apache-2.0
//
// A cursor over text that came from the wire: it never reads past its end, needs no NUL and never
// writes to the text. Plain functions; any thread; the text stays the caller's.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wrtc_text {
    const char *at;
    const char *end;
};

static inline struct wrtc_text wrtc_text_of(const char *text, size_t len)
{
    return (struct wrtc_text){text, text + len};
}

static inline size_t wrtc_text_len(struct wrtc_text text)
{
    return (size_t)(text.end - text.at);
}

// Takes the next line, without its CRLF or LF. False: none left.
bool wrtc_text_line(struct wrtc_text *text, struct wrtc_text *line);

// Takes what stands before the next separator, and the separator; what is left where there is
// none. False: nothing left.
bool wrtc_text_until(struct wrtc_text *text, char separator, struct wrtc_text *out);

// Takes the next word; words are parted by one or more spaces. False: none left.
bool wrtc_text_word(struct wrtc_text *text, struct wrtc_text *word);

// Takes the prefix if the text begins with it.
bool wrtc_text_skip(struct wrtc_text *text, const char *prefix);

struct wrtc_text wrtc_text_trim(struct wrtc_text text); // spaces at both ends

bool wrtc_text_is(struct wrtc_text text, const char *word);
bool wrtc_text_is_nocase(struct wrtc_text text, const char *word); // ASCII

// The whole text is a decimal number from 0 to max.
bool wrtc_text_number(struct wrtc_text text, uint32_t max, uint32_t *out);

// One or more characters of RFC 8866's token.
bool wrtc_text_is_token(struct wrtc_text text);

// Copies with NUL. False: more than size - 1 bytes; nothing is written then.
bool wrtc_text_copy(struct wrtc_text text, char *out, size_t size);

// What there is besides text and line ends; NULL: nothing.
const char *wrtc_text_bad_character(struct wrtc_text text);

// 0 to 15, or -1.
int wrtc_text_hex_digit(char c);
