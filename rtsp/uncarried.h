// SPDX-License-Identifier: Apache-2.0
//
// One line for whoever runs this about a track of the camera that cannot be carried on: what it
// sends, why that does not do, what to set. Pure function; any thread.
#pragma once

#include <stddef.h>

#include "engine/publish.h"

// offered: encoding names of the track, as in its SDP. Cut at size bytes with the NUL.
void rtsp_uncarried_describe(enum eng_track kind, const char *offered, char *out, size_t size);
