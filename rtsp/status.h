// SPDX-License-Identifier: Apache-2.0
//
// What a source says of itself (struct rtsp_source_status): the figures that its tracks keep, and
// its last error. Ingest thread; on the source's memory.
#pragma once

#include <stdbool.h>

#include "rtsp/source.h"
#include "rtsp/track.h"

// The tracks' part of the status. track: of all kinds; present: which of them this session has, or
// the last one; note: why each that it has not is missing, in one line or empty. True: more than
// counters has changed.
bool rtsp_status_take(struct rtsp_source_status *status, struct rtsp_track *const track[ENG_TRACKS],
                      const bool present[ENG_TRACKS], const char *const note[ENG_TRACKS]);

// Sets last_error: one line.
__attribute__((format(printf, 2, 3))) void rtsp_status_error(struct rtsp_source_status *status,
                                                             const char *format, ...);
