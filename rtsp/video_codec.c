// SPDX-License-Identifier: Apache-2.0
#include "rtsp/video_codec.h"

const struct rtsp_video_codec *rtsp_video_codec_of(enum rtsp_codec codec)
{
    static const struct rtsp_video_codec *const table[] = {
        [RTSP_CODEC_H264] = &rtsp_video_h264, [RTSP_CODEC_H265] = &rtsp_video_h265,
        [RTSP_CODEC_VP8] = &rtsp_video_vp8,   [RTSP_CODEC_VP9] = &rtsp_video_vp9,
        [RTSP_CODEC_AV1] = &rtsp_video_av1,
    };

    return codec < sizeof(table) / sizeof(table[0]) ? table[codec] : NULL;
}
