// SPDX-License-Identifier: Apache-2.0
//
// Values of command-line options. Main thread.
#pragma once

#include <stdbool.h>

#include "engine/engine.h"

// What a program says wrong usage by.
enum {
    BENCH_EXIT_USAGE = 2
};

// Decimal, min to max. Anything else ends the program with one line that begins with its name.
unsigned bench_option_number(const char *program, const char *text, unsigned min, unsigned max);

// A comma-separated list of such numbers, count_max at most; returns how many there are.
unsigned bench_option_numbers(const char *program, const char *text, unsigned min, unsigned max,
                              unsigned *out, unsigned count_max);

// io_uring, sendmmsg or, where a program can take both in one run, both: that is ENG_TX_AUTO.
// Anything else ends the program likewise.
enum eng_tx bench_option_tx(const char *program, const char *text, bool may_be_both);
