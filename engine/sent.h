// SPDX-License-Identifier: Apache-2.0
//
// What the kernel did with a send: it is counted, or the viewer's video starts over where it was
// refused. Worker thread.
#pragma once

#include "engine/worker.h"

// For eng_io_config.sent; ctx is the worker. The send goes back to the pool.
void eng_sent(void *ctx, struct eng_send *send, int result);
