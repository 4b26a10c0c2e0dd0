// SPDX-License-Identifier: Apache-2.0
//
// The parameters of an a=fmtp line, "name=value;name=value" (RFC 8866 6.15). Plain functions; any
// thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "webrtc/text.h"

// Takes the next parameter off rest, both sides of its '=' trimmed. False: there is none.
bool wrtc_fmtp_next(struct wrtc_text *rest, struct wrtc_text *name, struct wrtc_text *value);

// Finds a decimal number from 0 to max by its name, whose case does not matter. *value stays as it
// is where there is no such parameter. False: there is one with another value.
bool wrtc_fmtp_number(const char *fmtp, const char *name, uint32_t max, uint32_t *value);
