// SPDX-License-Identifier: Apache-2.0
//
// VP9 as a video codec (RFC 9628): a picture, of all its layers, is one part. Its first frame says
// what it is.
#include "rtsp/depacketise_vpx.h"
#include "rtsp/packetise_vpx.h"
#include "rtsp/video_codec.h"
#include "rtsp/vp9.h"

static void judge(const struct rtsp_parameter_sets *sets, const uint8_t *data, size_t len,
                  struct rtsp_verdict *verdict)
{
    struct rtsp_vp9_frame frame;

    (void)sets;
    verdict->picture = true;
    if (rtsp_vp9_parse_frame(data, len, &frame) < 0) {
        verdict->fate = RTSP_PART_BROKEN;
        return;
    }
    verdict->keyframe = frame.keyframe;
    verdict->info.profile[0] = frame.profile;
    verdict->info.width = frame.width;
    verdict->info.height = frame.height;
}

const struct rtsp_video_codec rtsp_video_vp9 = {
    .brittle = true,
    .depacketise = rtsp_depacketise_vp9,
    .lose = rtsp_depacketise_vpx_lose,
    .end = rtsp_depacketise_vpx_end,
    .judge = judge,
    .packetise = rtsp_packetise_vp9,
};
