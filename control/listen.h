// SPDX-License-Identifier: Apache-2.0
//
// What to tell the user when an address of the configuration could not be bound. Control thread.
#pragma once

#include <stddef.h>

#include "control/config.h"

// Writes one line, "file:line: key: address and what is wrong; what to do". key: "http.listen",
// "webrtc.listen" or "metrics.listen"; err: -errno of the attempt.
void ctl_listen_error(const struct ctl_config *config, const char *key, int err, char *error,
                      size_t error_size);
