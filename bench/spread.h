// SPDX-License-Identifier: Apache-2.0
//
// Where in a looped clip each of many streams is, so that neither their frames nor their keyframes
// coincide. A plain function, any thread.
#pragma once

#include <stdint.h>

#include "bench/clip.h"

// How far stream i is into the clip, in nanoseconds, at the moment at which stream 0 begins it. Any
// first n streams are spread evenly over the time between two frames, and their keyframes over that
// between two keyframes, which the clip has at one distance. They begin in different GOPs.
int64_t bench_spread_ns(const struct bench_clip_track *video, unsigned i);
