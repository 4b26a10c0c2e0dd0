// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_causes.h"

#include <stdio.h>
#include <string.h>

void viewers_causes_add(struct viewers_causes *causes, const char *text, unsigned viewers)
{
    size_t i = 0;

    while (i < causes->count && strcmp(causes->cause[i].text, text) != 0)
        i++;
    if (i == VIEWERS_CAUSES_MAX) {
        i--;
        text = "other reasons";
    }
    if (i == causes->count)
        causes->count++;
    if (causes->cause[i].viewers == 0 || i == VIEWERS_CAUSES_MAX - 1)
        snprintf(causes->cause[i].text, sizeof(causes->cause[i].text), "%s", text);
    causes->cause[i].viewers += viewers;
}

void viewers_causes_merge(struct viewers_causes *into, const struct viewers_causes *from)
{
    for (size_t i = 0; i < from->count; i++)
        viewers_causes_add(into, from->cause[i].text, from->cause[i].viewers);
}
