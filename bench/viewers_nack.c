// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_nack.h"

#include <string.h>

uint32_t viewers_nack_add(struct viewers_nack *nack, uint16_t first, uint32_t count, int64_t now_ns)
{
    uint32_t added = 0;

    for (; added < count && nack->count < VIEWERS_NACK_MAX; added++) {
        nack->entry[nack->count].seq = (uint16_t)(first + added);
        nack->entry[nack->count].tries = 0;
        nack->entry[nack->count++].due_ns = now_ns + VIEWERS_NACK_FIRST_NS;
    }
    return count - added;
}

static void remove_entry(struct viewers_nack *nack, size_t i)
{
    nack->count--;
    memmove(&nack->entry[i], &nack->entry[i + 1], (nack->count - i) * sizeof(nack->entry[0]));
}

bool viewers_nack_remove(struct viewers_nack *nack, uint16_t seq)
{
    for (size_t i = 0; i < nack->count; i++) {
        if (nack->entry[i].seq == seq) {
            bool asked = nack->entry[i].tries > 0;

            remove_entry(nack, i);
            return asked;
        }
    }
    return false;
}

size_t viewers_nack_due(struct viewers_nack *nack, int64_t now_ns, int64_t rtt_ns,
                        uint16_t out[VIEWERS_NACK_MAX], unsigned *given_up)
{
    int64_t repeat_ns = rtt_ns > VIEWERS_NACK_REPEAT_NS ? rtt_ns : VIEWERS_NACK_REPEAT_NS;
    size_t count = 0;

    *given_up = 0;
    for (size_t i = 0; i < nack->count;) {
        if (nack->entry[i].due_ns > now_ns) {
            i++;
        } else if (nack->entry[i].tries == VIEWERS_NACK_TRIES_MAX) {
            remove_entry(nack, i);
            ++*given_up;
        } else {
            nack->entry[i].tries++;
            nack->entry[i].due_ns = now_ns + repeat_ns;
            out[count++] = nack->entry[i++].seq;
        }
    }
    return count;
}

int64_t viewers_nack_next_ns(const struct viewers_nack *nack)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < nack->count; i++)
        next = nack->entry[i].due_ns < next ? nack->entry[i].due_ns : next;
    return next;
}
