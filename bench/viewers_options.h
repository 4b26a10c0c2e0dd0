// SPDX-License-Identifier: Apache-2.0
//
// What the command line of bench/viewers says. Read once at start; read only afterwards.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_url.h"
#include "engine/types.h"

enum {
    VIEWERS_MAX = 10000,
    VIEWERS_STREAMS_MAX = 1024,
    VIEWERS_BINDS_MAX = 4096, // source addresses
    VIEWERS_LANES_MAX = 64,   // threads
    VIEWERS_FIELDS_MAX = 4096,
    VIEWERS_SECONDS_MAX = 3600,
};

struct viewers_addresses {
    size_t count; // 0: wherever the kernel lets us
    struct eng_addr *address;
};

struct viewers_options {
    size_t url_count;
    struct viewers_url *url; // one per stream, resolved
    const char *url_text;    // the first as given, for the report
    struct viewers_addresses bind;
    unsigned viewers;
    // Of these, the last so many do all that viewers do but take media: a filter on the way may
    // drop it, and count it for next to nothing.
    unsigned unwatched;
    struct viewers_addresses unwatched_bind;
    unsigned joins_per_second;
    unsigned seconds;
    const char *srtp;     // as given
    const char *profiles; // as OpenSSL names them
    bool nack;
    double loss; // 0 to 1
    unsigned seed;
    unsigned decrypt_every, stamp_every;
    size_t lane_count;
    int core[VIEWERS_LANES_MAX]; // -1: any
    const char *json;            // file; "-": standard output; NULL: none
    bool quiet;
    char fields[VIEWERS_FIELDS_MAX]; // HTTP header fields, each with its CRLF
};

// Ends the program on --help and, with one line on stderr, on what is wrong.
void viewers_options_parse(int argc, char **argv, struct viewers_options *out);

// Where the viewer of this index comes from.
const struct viewers_addresses *viewers_options_bind(const struct viewers_options *options,
                                                     unsigned index);
bool viewers_options_unwatched(const struct viewers_options *options, unsigned index);

void viewers_options_fini(struct viewers_options *options);
