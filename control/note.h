// SPDX-License-Identifier: Apache-2.0
//
// One line about what is not as it should be with a stream: what, why, what to do. Pure functions;
// any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "rtsp/source.h"

enum {
    CTL_NOTE_MAX = 2 * RTSP_NOTE_MAX + 40, // bytes with the NUL
};

// For a viewer, about what it does not get. video, audio: the viewer gets it. out is empty where it
// gets all that the camera has.
void ctl_note_write(const struct rtsp_source_status *status, bool video, bool audio,
                    char out[CTL_NOTE_MAX]);

// About its B-frames, of which wish is what the configuration says; a constant, empty: it has none.
const char *ctl_note_b_frames(const struct rtsp_source_status *status, enum rtsp_b_frames wish);
