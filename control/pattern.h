// SPDX-License-Identifier: Apache-2.0
//
// Regular expressions that others wrote (PCRE2, whose one door this is), at a bounded price:
// POSIX's regcomp() takes gigabytes, and minutes, for a line of plus signs. Control thread.
#pragma once

#include <stdbool.h>

enum {
    CTL_PATTERN_MAX = 256,            // bytes of an expression
    CTL_PATTERN_STEPS_MAX = 10000,    // of a match; one of a stream's name takes some hundred
    CTL_PATTERN_MEMORY_KIB_MAX = 256, // of a match
};

// The expression matches somewhere in text, or all of it where it says ^ and $. False, too, where
// it is none, or beyond the bounds.
bool ctl_pattern_matches(const char *pattern, const char *text);
