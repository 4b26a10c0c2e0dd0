// SPDX-License-Identifier: Apache-2.0
//
// Reads the offers that stand in tests/unit/offers. Include it after <cmocka.h>.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const offer_files[] = {
    "aiortc-1.4-audio-video",
    "aiortc-1.4-video-audio",
    "chromium-156-audio-video-datachannel",
    "chromium-156-max-bundle",
    "chromium-156-video",
    "chromium-156-video-audio",
    "gstreamer-1.22-video-audio-max-bundle",
    "gstreamer-1.22-video-audio-no-bundle",
    "hand-bundle-only",
    "hand-firefox-h264",
    "hand-firefox-no-h264",
    "hand-libdatachannel",
    "hand-pion",
    "hand-safari",
};

enum {
    OFFER_FILES = sizeof(offer_files) / sizeof(offer_files[0])
};

// The file's text with a NUL behind it, on the heap: free it.
static char *read_offer(const char *name, size_t *len)
{
    static const char here[] = __FILE__;
    char path[4096];
    char *text = malloc(65536);
    int folder = (int)(strrchr(here, '/') - here);
    FILE *file;

    snprintf(path, sizeof(path), "%.*s/offers/%s.sdp", folder, here, name);
    file = fopen(path, "r");
    if (!text || !file)
        fail_msg("cannot read %s", path);
    *len = fread(text, 1, 65535, file);
    text[*len] = '\0';
    fclose(file);
    return text;
}
