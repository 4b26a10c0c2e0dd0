// SPDX-License-Identifier: Apache-2.0
//
// What several workers carry, each on a core and with as many viewers as one has, in comparison
// with that one: number of workers x what a packet costs one / what it costs them. Measured in
// pairs, one worker and several in turns.
#pragma once

enum {
    LIMIT_SCALINGS_MAX = 8 // numbers of workers in one run, for each way to the kernel
};

struct limit_scaling {
    const char *tx; // name of the way to the kernel
    unsigned workers;
    unsigned pairs;
    double carry, least, most; // the pairs' median and ends
};
