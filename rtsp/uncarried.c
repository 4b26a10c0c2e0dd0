// SPDX-License-Identifier: Apache-2.0
#include "rtsp/uncarried.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rtsp/transcode.h"

static const char video_text[] =
    "the camera sends %s as video, which browsers do not take; set it to H.264";
static const char audio_text[] = "the camera sends %s as audio, which browsers do not take; set it "
                                 "to Opus, G.711 or G.722";
static const char no_aac_text[] =
    "the camera sends AAC, and this rtcfan cannot make Opus of it; set the camera to Opus or G.711, "
    "or install what rtcfan --version says is missing";
static const char odd_aac_text[] =
    "the camera sends AAC, but neither in mode AAC-hbr or AAC-lbr nor as LATM with cpresent=0; set "
    "it to Opus or G.711";

void rtsp_uncarried_describe(enum eng_track kind, const char *offered, char *out, size_t size)
{
    bool aac = strcasestr(offered, "MPEG4-GENERIC") || strcasestr(offered, "MP4A-LATM");

    if (kind == ENG_VIDEO)
        snprintf(out, size, video_text, offered);
    else if (aac)
        snprintf(out, size, "%s", rtsp_transcoder_find() == -ENOENT ? no_aac_text : odd_aac_text);
    else
        snprintf(out, size, audio_text, offered);
}
