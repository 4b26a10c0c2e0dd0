// SPDX-License-Identifier: Apache-2.0
//
// A run as JSON, for programs that compare runs. Main thread. jansson's door in bench/.
#pragma once

#include "bench/viewers_result.h"

// path "-": standard output. 0, -ENOMEM or -EIO.
int viewers_json_write(const struct viewers_result *result, const char *path);
