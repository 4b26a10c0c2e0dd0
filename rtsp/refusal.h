// SPDX-License-Identifier: Apache-2.0
//
// One line for whoever runs this about a request that a camera refused: what, where, what to do.
// Pure function; any thread.
#pragma once

#include <stddef.h>

#include "rtsp/message.h"

// method: of the request; host: who refused it. Cut at size bytes with the NUL.
void rtsp_refusal_describe(const struct rtsp_message *response, const char *method,
                           const char *host, char *out, size_t size);
