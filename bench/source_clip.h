// SPDX-License-Identifier: Apache-2.0
//
// The clip that is asked for by what it is like: made by bench/clip.sh once and kept in the build
// folder until that is removed, whatever the script becomes. Main thread, before the event loop.
#pragma once

#include <stddef.h>

#include "bench/clip.h"

struct source_wish {
    unsigned bitrate_kbit;
    unsigned fps;
    unsigned gop_frames;
    unsigned width, height;
    enum bench_codec codec;
};

// The path of the clip's video, whether or not it is there, into `path`. 0 or -ENAMETOOLONG.
int source_clip_path(const struct source_wish *wish, char *path, size_t path_size);

// Makes the clip if it is not there; this takes a few seconds. -EIO: it could not be made, as the
// script has said.
int source_clip_make(const struct source_wish *wish, const char *path);
