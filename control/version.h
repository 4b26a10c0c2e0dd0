// SPDX-License-Identifier: Apache-2.0
//
// What this binary is. Any thread.
#pragma once

#include <stdio.h>

// Version and commit on one line, static: "0.1.0 (1a2b3c4d5e6f)".
const char *ctl_version(void);

// Writes what --version shows: version, commit, compiler, GNU build id, sealer, send backends and
// whether this machine lets us use them. Tries them for that, on a port of 127.0.0.1.
void ctl_version_print(FILE *out);
