// SPDX-License-Identifier: Apache-2.0
//
// Packets of the ring to sealed trains, for one viewer. Worker thread.
#pragma once

#include "engine/worker.h"

// Sends the viewer what its rings hold for it: all audio, and video up to what pacing allows; the
// rest follows, train by train.
void eng_train_run(struct eng_worker *worker, struct eng_viewer *viewer);

// Brings the packets that this viewer's next train takes towards the cache: the core that received
// them from the camera still has them in its own.
void eng_train_fetch(const struct eng_viewer *viewer);

// Video of this viewer stops, and starts again at a keyframe whose index is at least from. 0: also
// at the newest one in the ring, if that will do (ring.h); else, counted, at the next.
void eng_train_wait(struct eng_viewer *viewer, uint64_t from);
