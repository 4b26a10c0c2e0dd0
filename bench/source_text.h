// SPDX-License-Identifier: Apache-2.0
//
// Pieces of an RTSP message, not terminated, and how they are taken apart. Plain functions, any
// thread; what they return points into the message.
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct source_text {
    const char *at;
    size_t len;
};

// Cuts *rest at the first separator; without one, all of it is the piece.
struct source_text source_text_cut(struct source_text *rest, const char *separator);

// Without spaces and tabs at its ends.
struct source_text source_text_trim(struct source_text t);

// Whatever the case of letters.
bool source_text_is(struct source_text t, const char *word);
bool source_text_begins(struct source_text t, const char *word);

// Decimal digits up to `max`; *t goes behind them. -1: none, or too large.
long source_text_number(struct source_text *t, long max);

// Terminated. -EBADMSG: too long, or not printable ASCII, so that what is echoed cannot break a
// response's lines.
int source_text_copy(struct source_text t, char *to, size_t to_size);
