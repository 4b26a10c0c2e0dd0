// SPDX-License-Identifier: Apache-2.0
#include "rtsp/vp9.h"

#include <errno.h>

#include "rtsp/bit_reader.h"

enum {
    FRAME_MARKER = 2,
    SYNC_CODE = 0x498342,
    COLOR_SPACE_RGB = 7,
};

static bool has_any_chroma(uint8_t profile)
{
    return profile & 1; // 1 and 3 have more than 4:2:0
}

static void skip_color_config(struct rtsp_bit_reader *b, uint8_t profile) // 6.2.2
{
    bool rgb;

    if (profile >= 2)
        rtsp_read_bits(b, 1); // ten_or_twelve_bit
    rgb = rtsp_read_bits(b, 3) == COLOR_SPACE_RGB;
    if (!rgb)
        rtsp_read_bits(b, 1); // color_range
    if (!rgb && has_any_chroma(profile))
        rtsp_read_bits(b, 2); // subsampling_x, subsampling_y
    if (has_any_chroma(profile))
        rtsp_read_bits(b, 1); // reserved_zero
    else if (rgb)
        b->failed = true;
}

int rtsp_vp9_parse_frame(const uint8_t *data, size_t len, struct rtsp_vp9_frame *out)
{
    struct rtsp_bit_reader b = rtsp_bit_reader(data, len);
    struct rtsp_vp9_frame frame = {0};

    if (rtsp_read_bits(&b, 2) != FRAME_MARKER)
        return -EBADMSG;
    frame.profile = (uint8_t)rtsp_read_bits(&b, 1);
    frame.profile |= (uint8_t)(rtsp_read_bits(&b, 1) << 1);
    if (frame.profile == 3)
        rtsp_read_bits(&b, 1); // reserved_zero
    if (rtsp_read_bits(&b, 1)) // show_existing_frame
        goto out;
    frame.keyframe = rtsp_read_bits(&b, 1) == 0;
    rtsp_read_bits(&b, 2); // show_frame, error_resilient_mode
    if (!frame.keyframe)
        goto out;
    if (rtsp_read_bits(&b, 24) != SYNC_CODE)
        return -EBADMSG;
    skip_color_config(&b, frame.profile);
    frame.width = rtsp_read_bits(&b, 16) + 1;
    frame.height = rtsp_read_bits(&b, 16) + 1;
out:
    if (b.failed)
        return -EBADMSG;
    *out = frame;
    return 0;
}
