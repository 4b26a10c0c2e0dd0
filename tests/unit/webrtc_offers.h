// SPDX-License-Identifier: Apache-2.0
//
// Reads the offers that stand in tests/unit/offers. Include it after <cmocka.h>.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const offer_files[] = {
    "aiortc-1.16-video-audio-sendrecv",
    "aiortc-1.4-audio-video",
    "aiortc-1.4-video-audio",
    "aiortc-1.9-video-audio",
    "chromium-109-video-audio",
    "chromium-119-audio",
    "chromium-131-audio-video",
    "chromium-143-video-audio-sendrecv",
    "chromium-156-audio-video-datachannel",
    "chromium-156-max-bundle",
    "chromium-156-video",
    "chromium-156-video-audio",
    "firefox-153-audio-video-datachannel",
    "firefox-153-video-audio",
    "firefox-153-video-audio-no-h264",
    "gstreamer-1.22-h265-nack",
    "gstreamer-1.22-video-audio-max-bundle",
    "gstreamer-1.22-video-audio-no-bundle",
    "gstreamer-1.22-video-audio-sendrecv",
    "hand-bundle-only",
    "hand-safari",
    "libdatachannel-0.24-five-codecs",
    "libdatachannel-0.24-video-audio",
    "libdatachannel-0.24-video-datachannel",
    "pion-3.2-video-audio",
    "pion-4.0-audio",
    "pion-4.2-video-audio",
    "pion-4.2-video-audio-sendrecv",
    "str0m-0.24-video-audio",
    "webrtc-rs-0.13-video-audio",
    "werift-0.19-video-audio",
    "werift-0.24-video-audio",
    "werift-0.25-no-bundle",
    "wrtc-0.10-video-audio",
    "wrtc-0.8-plan-b",
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
