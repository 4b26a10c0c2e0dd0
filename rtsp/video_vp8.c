// SPDX-License-Identifier: Apache-2.0
//
// VP8 as a video codec (RFC 6386, RFC 7741): a picture is one part.
#include "rtsp/depacketise_vpx.h"
#include "rtsp/packetise_vpx.h"
#include "rtsp/video_codec.h"
#include "rtsp/vp8.h"

static void judge(const struct rtsp_parameter_sets *sets, const uint8_t *data, size_t len,
                  struct rtsp_verdict *verdict)
{
    struct rtsp_vp8_frame frame;

    (void)sets;
    verdict->picture = true;
    if (rtsp_vp8_parse_frame(data, len, &frame) < 0) {
        verdict->fate = RTSP_PART_BROKEN;
        return;
    }
    verdict->keyframe = frame.keyframe;
    verdict->info.width = frame.width;
    verdict->info.height = frame.height;
}

const struct rtsp_video_codec rtsp_video_vp8 = {
    .brittle = true,
    .depacketise = rtsp_depacketise_vp8,
    .lose = rtsp_depacketise_vpx_lose,
    .end = rtsp_depacketise_vpx_end,
    .judge = judge,
    .packetise = rtsp_packetise_vp8,
};
