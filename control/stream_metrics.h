// SPDX-License-Identifier: Apache-2.0
//
// The part of the exposition that is about streams and their cameras. Control thread.
#pragma once

#include "control/streams.h"

struct evbuffer;

void ctl_stream_metrics_write(struct evbuffer *out, struct ctl_streams *streams);
