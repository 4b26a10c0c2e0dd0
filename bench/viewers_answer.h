// SPDX-License-Identifier: Apache-2.0
//
// What a viewer needs of an SDP answer (RFC 8866, 8839, 8842, 8829), from whatever server: one
// transport for all, since the offer demands BUNDLE, and what each payload type is. Attributes of
// the session stand in for those that an m-line lacks. Plain functions; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/types.h"
#include "webrtc/sdp.h"

enum {
    VIEWERS_CANDIDATES_MAX = 16, // the rest is passed over
    VIEWERS_PAYLOAD_TYPES = 128,
};

enum viewers_kind {
    VIEWERS_NOTHING, // a payload type that was not answered
    VIEWERS_VIDEO,
    VIEWERS_AUDIO,
    VIEWERS_RTX, // RFC 4588, of the one video
};

struct viewers_answer {
    struct wrtc_transport transport;
    size_t candidate_count;
    struct eng_addr candidate[VIEWERS_CANDIDATES_MAX]; // highest priority first
    unsigned unusable;                   // candidates that are TCP, names, or of component 2
    uint8_t kind[VIEWERS_PAYLOAD_TYPES]; // enum viewers_kind
    bool video, audio;                   // will be sent
    bool nack, pli;                      // for video
};

// 0, or -EINVAL with *what saying what is missing.
int viewers_answer_parse(const char *text, size_t len, struct viewers_answer *out,
                         const char **what);
