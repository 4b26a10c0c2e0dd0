// SPDX-License-Identifier: Apache-2.0
#include "engine/cores.h"

#include <sched.h>

int eng_cores_first(void)
{
    cpu_set_t set;
    int core = 0;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 0;
    while (core < CPU_SETSIZE - 1 && !CPU_ISSET((size_t)core, &set))
        core++;
    return core;
}

unsigned eng_cores_choose(int *cores, unsigned max)
{
    cpu_set_t set;
    unsigned n = 0;
    int first = -1;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        CPU_SET(0, &set);
    for (unsigned core = 0; core < CPU_SETSIZE && n < max; core++) {
        if (!CPU_ISSET(core, &set))
            continue;
        if (first < 0)
            first = (int)core;
        else
            cores[n++] = (int)core;
    }
    if (n == 0)
        cores[n++] = first < 0 ? 0 : first;
    return n;
}
