// SPDX-License-Identifier: Apache-2.0
//
// The camera's session description (RFC 8866; RFC 2326 C), reduced to what is pulled: the first
// H.264, VP8, VP9 or AV1 video, or H.265 where there is none, and the first Opus, PCMU, PCMA,
// G.722, L16 or AAC audio, each with its control URL. A bounded parser over the caller's bytes; any
// thread. Whatever lines it does not need may be missing or broken.
#pragma once

#include <stddef.h>

#include "engine/publish.h"
#include "rtsp/track.h"
#include "rtsp/url.h"

enum {
    RTSP_SDP_MAX = 64 * 1024,   // bytes
    RTSP_SDP_MEDIA_MAX = 16,    // m= sections looked at
    RTSP_SDP_PAYLOADS_MAX = 64, // payload types looked at in one of them
    RTSP_SDP_RATE_MAX = 192000, // Hz of a clock; no camera has a faster one
    RTSP_SDP_OFFERED_MAX = 48,  // bytes of what the camera offers, for messages
};

struct rtsp_sdp_track {
    struct rtsp_format format;  // codec NONE: there is no such track
    char control[RTSP_URL_MAX]; // a=control as it stands there, empty: none
    // Encoding names of all such m= sections, for messages: "MP4V-ES, JPEG"; with clock rate and
    // channels where these are what cannot be carried.
    char offered[RTSP_SDP_OFFERED_MAX];
};

struct rtsp_sdp {
    char control[RTSP_URL_MAX]; // of the session (aggregate control), empty: none
    struct rtsp_sdp_track track[ENG_TRACKS];
};

// aac: AAC can be carried. 0; -EBADMSG: no m= line in it; -EMSGSIZE: larger than RTSP_SDP_MAX.
int rtsp_sdp_parse(const char *text, size_t len, bool aac, struct rtsp_sdp *out);
