// SPDX-License-Identifier: Apache-2.0
#include "control/note.h"

#include <stdio.h>
#include <string.h>

#include "webrtc/sdp.h"

// Why the viewer does not get the track; empty: the camera has none.
static void explain(const struct rtsp_track_info *info, char out[RTSP_NOTE_MAX])
{
    if (info->codec == RTSP_CODEC_NONE)
        memcpy(out, info->note, RTSP_NOTE_MAX);
    else
        snprintf(out, RTSP_NOTE_MAX, "the camera sends %s, which this viewer does not take%s",
                 rtsp_codec_name(info->codec),
                 info->codec == RTSP_CODEC_H264 ? "; " WRTC_H264_ADVICE : "");
}

void ctl_note_write(const struct rtsp_source_status *status, bool video, bool audio,
                    char out[CTL_NOTE_MAX])
{
    char picture[RTSP_NOTE_MAX] = "", sound[RTSP_NOTE_MAX] = "";

    if (!video)
        explain(&status->video, picture);
    if (!audio)
        explain(&status->audio, sound);
    snprintf(out, CTL_NOTE_MAX, "%s%s%s%s%s", picture[0] ? "No picture: " : "", picture,
             picture[0] && sound[0] ? ". " : "", sound[0] ? "No sound: " : "", sound);
}

const char *ctl_note_b_frames(const struct rtsp_source_status *status, enum rtsp_b_frames wish)
{
    if (status->b_frames && wish == RTSP_B_FRAMES_KEEP)
        return "B-frames are shown out of order by most viewers; turn them off in the camera, or "
               "set bframes = \"drop\"";
    if (status->b_frames)
        return "B-frames on which others depend remain, and most viewers show them out of order; "
               "turn B-frames off in the camera, or choose its Baseline profile";
    if (status->b_frames_missing)
        return "B-frames are dropped, as most viewers show them out of order; turn them off in the "
               "camera for its full frame rate";
    return "";
}
