// SPDX-License-Identifier: Apache-2.0
//
// Values of command-line options. Main thread.
#pragma once

// What a program says wrong usage by.
enum {
    BENCH_EXIT_USAGE = 2
};

// Decimal, min to max. Anything else ends the program with one line that begins with its name.
unsigned bench_option_number(const char *program, const char *text, unsigned min, unsigned max);
