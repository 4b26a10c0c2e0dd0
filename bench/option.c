// SPDX-License-Identifier: Apache-2.0
#include "bench/option.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

unsigned bench_option_numbers(const char *program, const char *text, unsigned min, unsigned max,
                              unsigned *out, unsigned count_max)
{
    char word[16];
    unsigned count = 0;

    do {
        size_t len = strcspn(text, ",");

        if (count == count_max) {
            fprintf(stderr, "%s: at most %u numbers are expected\n", program, count_max);
            exit(BENCH_EXIT_USAGE);
        }
        snprintf(word, sizeof(word), "%.*s", (int)len, text);
        out[count++] = bench_option_number(program, word, min, max);
        text += len;
    } while (*text++ == ',');
    return count;
}

enum eng_tx bench_option_tx(const char *program, const char *text, bool may_be_both)
{
    if (may_be_both && strcmp(text, "both") == 0)
        return ENG_TX_AUTO;
    if (strcmp(text, "io_uring") == 0)
        return ENG_TX_IO_URING;
    if (strcmp(text, "sendmmsg") == 0)
        return ENG_TX_SENDMMSG;
    fprintf(stderr, "%s: --tx %s: %s is expected\n", program, text,
            may_be_both ? "io_uring, sendmmsg or both" : "io_uring or sendmmsg");
    exit(BENCH_EXIT_USAGE);
}
