// SPDX-License-Identifier: Apache-2.0
//
// What a camera's answer to DESCRIBE comes down to: the tracks that are carried, why others are
// not, and the URLs to control them by. Plain functions on the caller's memory; ingest thread.
#pragma once

#include <stdbool.h>

#include "rtsp/control_url.h"
#include "rtsp/sdp.h"
#include "rtsp/source.h"

struct rtsp_description {
    struct rtsp_sdp sdp;
    struct rtsp_control_url control;
    // Why a track is not carried; empty: it is, or there is none.
    char note[ENG_TRACKS][RTSP_NOTE_MAX];
};

// request: the URL that was described. 0; -EAGAIN: whether AAC can be carried is not known yet
// (rtsp_transcoder_find); -ENOENT: no track is carried; -EINVAL: a control URL is none; -EBADMSG:
// no SDP with media.
int rtsp_description_read(struct rtsp_description *description, const char *request,
                          const struct rtsp_message *described);

bool rtsp_description_has(const struct rtsp_description *description, enum eng_track track);

// The first of the notes, NULL: none.
const char *rtsp_description_lacks(const struct rtsp_description *description);
