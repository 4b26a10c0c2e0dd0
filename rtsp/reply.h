// SPDX-License-Identifier: Apache-2.0
//
// The answer to a request of the camera's (RFC 2326 10): OPTIONS, GET_PARAMETER as a keepalive of
// its own, SET_PARAMETER, REDIRECT and TEARDOWN; anything else is not implemented. Pure function of
// its arguments; any thread.
#pragma once

#include "rtsp/message.h"
#include "rtsp/outbox.h"

// session: its id, empty: none yet. out has room for this beside the longest request.
void rtsp_reply_to(const struct rtsp_message *request, const char *session,
                   struct rtsp_outbox *out);
