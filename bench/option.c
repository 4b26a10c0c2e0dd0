// SPDX-License-Identifier: Apache-2.0
#include "bench/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

unsigned bench_option_number(const char *program, const char *text, unsigned min, unsigned max)
{
    unsigned long value;
    char *end;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || errno != 0 || *end != '\0' || value < min ||
        value > max) {
        fprintf(stderr, "%s: '%s': a number from %u to %u is expected\n", program, text, min, max);
        exit(BENCH_EXIT_USAGE);
    }
    return (unsigned)value;
}
