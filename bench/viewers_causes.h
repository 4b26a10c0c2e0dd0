// SPDX-License-Identifier: Apache-2.0
//
// Why viewers failed, in words, and how many for each reason. One thread writes.
#pragma once

#include <stddef.h>

enum {
    VIEWERS_CAUSES_MAX = 32, // the last one takes what finds no room
    VIEWERS_CAUSE_MAX = 160, // bytes with NUL
};

// Zeroed: none.
struct viewers_causes {
    size_t count;
    struct {
        char text[VIEWERS_CAUSE_MAX];
        unsigned viewers;
    } cause[VIEWERS_CAUSES_MAX];
};

void viewers_causes_add(struct viewers_causes *causes, const char *text, unsigned viewers);
void viewers_causes_merge(struct viewers_causes *into, const struct viewers_causes *from);
