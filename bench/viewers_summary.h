// SPDX-License-Identifier: Apache-2.0
//
// A run for the reader at a terminal. Main thread.
#pragma once

#include "bench/viewers_result.h"

// One line on stderr for the second that has passed; before: the one before, or NULL.
void viewers_summary_second(const struct viewers_second *now, const struct viewers_second *before,
                            unsigned viewers);

// The end of it, on stdout.
void viewers_summary_print(const struct viewers_result *result);
