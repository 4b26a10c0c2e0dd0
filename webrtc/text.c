// SPDX-License-Identifier: Apache-2.0
#include "webrtc/text.h"

#include <string.h>
#include <strings.h>

bool wrtc_text_line(struct wrtc_text *text, struct wrtc_text *line)
{
    if (!wrtc_text_until(text, '\n', line))
        return false;
    if (line->end > line->at && line->end[-1] == '\r')
        line->end--;
    return true;
}

bool wrtc_text_until(struct wrtc_text *text, char separator, struct wrtc_text *out)
{
    const char *found;

    if (text->at == text->end)
        return false;
    found = memchr(text->at, separator, wrtc_text_len(*text));
    *out = (struct wrtc_text){text->at, found ? found : text->end};
    text->at = found ? found + 1 : text->end;
    return true;
}

bool wrtc_text_word(struct wrtc_text *text, struct wrtc_text *word)
{
    while (text->at < text->end && *text->at == ' ')
        text->at++;
    return wrtc_text_until(text, ' ', word);
}

bool wrtc_text_skip(struct wrtc_text *text, const char *prefix)
{
    size_t len = strlen(prefix);

    if (wrtc_text_len(*text) < len || memcmp(text->at, prefix, len) != 0)
        return false;
    text->at += len;
    return true;
}

struct wrtc_text wrtc_text_trim(struct wrtc_text text)
{
    while (text.at < text.end && *text.at == ' ')
        text.at++;
    while (text.at < text.end && text.end[-1] == ' ')
        text.end--;
    return text;
}

bool wrtc_text_is(struct wrtc_text text, const char *word)
{
    return wrtc_text_len(text) == strlen(word) && memcmp(text.at, word, wrtc_text_len(text)) == 0;
}

bool wrtc_text_is_nocase(struct wrtc_text text, const char *word)
{
    return wrtc_text_len(text) == strlen(word) &&
           strncasecmp(text.at, word, wrtc_text_len(text)) == 0;
}

bool wrtc_text_number(struct wrtc_text text, uint32_t max, uint32_t *out)
{
    uint64_t value = 0;

    if (text.at == text.end)
        return false;
    for (const char *p = text.at; p < text.end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > max)
            return false;
    }
    *out = (uint32_t)value;
    return true;
}

bool wrtc_text_is_token(struct wrtc_text text)
{
    static const char others[] = "!#$%&'*+-.^_`{|}~"; // RFC 8866 9, token-char

    for (const char *p = text.at; p < text.end; p++) {
        bool alnum =
            (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');

        if (!alnum && !memchr(others, *p, sizeof(others) - 1))
            return false;
    }
    return text.at < text.end;
}

bool wrtc_text_copy(struct wrtc_text text, char *out, size_t size)
{
    size_t len = wrtc_text_len(text);

    if (len >= size)
        return false;
    memcpy(out, text.at, len);
    out[len] = '\0';
    return true;
}

const char *wrtc_text_bad_character(struct wrtc_text text)
{
    for (const char *p = text.at; p < text.end; p++) {
        unsigned char c = (unsigned char)*p;

        if (c == '\n' || (c == '\r' && p + 1 < text.end && p[1] == '\n'))
            continue;
        if (c == 0)
            return "a NUL byte";
        if (c < ' ' || c == 0x7f)
            return "a control character";
    }
    return NULL;
}

int wrtc_text_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}
