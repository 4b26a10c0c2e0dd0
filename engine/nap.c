// SPDX-License-Identifier: Apache-2.0
#include "engine/nap.h"

enum {
    TURNS = 16 // that the averages look back
};

static void average(int64_t *value, int64_t sample)
{
    *value += (sample - *value) / TURNS;
}

void eng_nap_note(struct eng_nap *nap, int64_t worked_ns, int64_t rested_ns)
{
    average(&nap->worked_ns, worked_ns);
    average(&nap->rested_ns, rested_ns);
}

bool eng_nap_pays(const struct eng_nap *nap, unsigned streams)
{
    int64_t all_ns = nap->worked_ns + nap->rested_ns;

    return streams >= ENG_NAP_STREAMS && nap->worked_ns * ENG_NAP_BUSY <= all_ns;
}
