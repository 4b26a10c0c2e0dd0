// SPDX-License-Identifier: Apache-2.0
//
// What a source says of itself (struct rtsp_source_status): the figures that its tracks keep, and
// its last error. Ingest thread; on the source's memory.
#pragma once

#include <stdbool.h>

#include "rtsp/source.h"
#include "rtsp/track.h"

// The tracks' part of the status. info: what they are, NULL: the session has none of the kind, or
// the last one had none, and note says why. True: more than counters has changed.
bool rtsp_status_take(struct rtsp_source_status *status, struct rtsp_track *const track[ENG_TRACKS],
                      const struct rtsp_track_info *const info[ENG_TRACKS],
                      const char *const note[ENG_TRACKS]);

// Sets last_error: one line.
__attribute__((format(printf, 2, 3))) void rtsp_status_error(struct rtsp_source_status *status,
                                                             const char *format, ...);
