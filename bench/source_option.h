// SPDX-License-Identifier: Apache-2.0
//
// bench/source's command line. Main thread.
#pragma once

#include <stdbool.h>

#include "bench/source_clip.h"

struct source_options {
    const char *listen;
    const char *name;        // NULL: the default
    const char *json;        // where the report goes; NULL: nowhere
    const char *clip;        // a file; NULL: one as asked for
    struct source_wish wish; // its frame rate and codec are those of a file, too
    unsigned streams;
    unsigned audio_wait_ms;
    bool aligned;
    unsigned stamp; // every so-manieth frame, 0: none
    bool tcp_only;
    bool udp_only;
};

// Exits on --help and on what is not an option.
struct source_options source_options_parse(int argc, char **argv);
