// SPDX-License-Identifier: Apache-2.0
//
// The streams as JSON, for the index page. Control thread.
//
//     {"viewers": 3, "streams": [{"name": "cam1", "state": "live", "viewers": 3,
//       "live_since_ms": 1700000000000, "b_frames": false, "last_error": "",
//       "b_frames_note": "", "video_note": "", "audio_note": "",
//       "video": {"codec": "H264", "profile": "640028", "width": 1920, "height": 1080},
//       "audio": {"codec": "opus", "camera_codec": "AAC", "clock_rate": 48000, "channels": 2}}]}
//
// b_frames says whether viewers get some, b_frames_note what that means and what to do about it.
// video and audio are null where the source has no such track that is carried; video_note and
// audio_note say why not, and are empty where there is nothing to say. No source's URL is in it;
// last_error may name a source's host.
#pragma once

#include "control/streams.h"

struct ctl_auth_who;

// The text, to be freed with free(); NULL: out of memory. There is no '<' in it, so that it may
// stand in a page. Only streams that are listed for whoever asks are in it; *listed: how many.
char *ctl_status_json(struct ctl_streams *streams, const struct ctl_auth_who *who, size_t *listed);
