// SPDX-License-Identifier: Apache-2.0
//
// One line for whoever runs this about a request that a camera refused: what, where, what to do.
// Pure functions; any thread. Both cut it at size bytes with the NUL.
#pragma once

#include <stddef.h>

#include "rtsp/message.h"

// method: of the request; host: who refused it.
void rtsp_refusal_describe(const struct rtsp_message *response, const char *method,
                           const char *host, char *out, size_t size);

// A 401 that cannot be answered. rc: what rtsp_auth_challenge() said, but 0 and -EACCES.
void rtsp_refusal_challenge(int rc, const char *host, char *out, size_t size);
