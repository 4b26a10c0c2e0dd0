// SPDX-License-Identifier: Apache-2.0
#include "bench/source_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

struct source_text source_text_cut(struct source_text *rest, const char *separator)
{
    size_t separator_len = strlen(separator);
    const char *found = memmem(rest->at, rest->len, separator, separator_len);
    struct source_text piece = *rest;

    if (found == NULL) {
        rest->at += rest->len;
        rest->len = 0;
        return piece;
    }
    piece.len = (size_t)(found - rest->at);
    rest->len -= piece.len + separator_len;
    rest->at = found + separator_len;
    return piece;
}

struct source_text source_text_trim(struct source_text t)
{
    while (t.len > 0 && (t.at[0] == ' ' || t.at[0] == '\t')) {
        t.at++;
        t.len--;
    }
    while (t.len > 0 && (t.at[t.len - 1] == ' ' || t.at[t.len - 1] == '\t'))
        t.len--;
    return t;
}

bool source_text_is(struct source_text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

bool source_text_begins(struct source_text t, const char *word)
{
    return t.len >= strlen(word) && strncasecmp(t.at, word, strlen(word)) == 0;
}

long source_text_number(struct source_text *t, long max)
{
    long value = 0;
    size_t digits = 0;

    for (; t->len > 0 && t->at[0] >= '0' && t->at[0] <= '9'; t->at++, t->len--, digits++) {
        value = value * 10 + (t->at[0] - '0');
        if (value > max)
            return -1;
    }
    return digits > 0 ? value : -1;
}

int source_text_copy(struct source_text t, char *to, size_t to_size)
{
    if (t.len >= to_size)
        return -EBADMSG;
    for (size_t i = 0; i < t.len; i++) {
        if (t.at[i] < ' ' || t.at[i] > '~')
            return -EBADMSG;
    }
    memcpy(to, t.at, t.len);
    to[t.len] = '\0';
    return 0;
}
