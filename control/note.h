// SPDX-License-Identifier: Apache-2.0
//
// One line for a viewer about what it does not get of a stream: what, why, what to do. Pure
// function; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rtsp/source.h"

enum {
    CTL_NOTE_MAX = 2 * RTSP_NOTE_MAX + 40, // bytes with the NUL
};

// video, audio: the viewer gets it. out is empty where it gets all that the camera has.
void ctl_note_write(const struct rtsp_source_status *status, bool video, bool audio,
                    char out[CTL_NOTE_MAX]);
