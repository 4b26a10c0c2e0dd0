// SPDX-License-Identifier: Apache-2.0
#include "rtsp/vp8.h"

#include <errno.h>
#include <string.h>

enum {
    TAG_LEN = 3,
    INTER_FRAME = 0x01, // in the tag's first byte
    START_CODE_LEN = 3,
    KEYFRAME_LEN = TAG_LEN + START_CODE_LEN + 4,
};

// 14 bits, little-endian; the two above are how a player may scale the picture.
static unsigned read_side(const uint8_t *p)
{
    return (p[1] & 0x3fu) << 8 | p[0];
}

int rtsp_vp8_parse_frame(const uint8_t *data, size_t len, struct rtsp_vp8_frame *out)
{
    static const uint8_t start_code[START_CODE_LEN] = {0x9d, 0x01, 0x2a};
    const uint8_t *size = data + TAG_LEN + START_CODE_LEN;

    if (len < TAG_LEN)
        return -EBADMSG;
    if (data[0] & INTER_FRAME) {
        *out = (struct rtsp_vp8_frame){.keyframe = false};
        return 0;
    }
    if (len < KEYFRAME_LEN || memcmp(data + TAG_LEN, start_code, START_CODE_LEN) != 0)
        return -EBADMSG;
    *out = (struct rtsp_vp8_frame){
        .keyframe = true, .width = read_side(size), .height = read_side(size + 2)};
    return 0;
}
