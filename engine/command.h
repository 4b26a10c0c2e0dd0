// SPDX-License-Identifier: Apache-2.0
//
// What the control thread asks of a worker (queue.h), carried out. Worker thread.
#pragma once

#include "engine/queue.h"
#include "engine/worker.h"

void eng_command_run(struct eng_worker *worker, const struct eng_command *command);
