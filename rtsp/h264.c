// SPDX-License-Identifier: Apache-2.0
#include "rtsp/h264.h"

#include <errno.h>

enum {
    // Macroblocks along one side: sqrt(8 * MaxFS) of level 6.2 (ITU-T H.264 A.3.1).
    SIDE_MBS_MAX = 1055,
    SPS_ID_MAX = 31,
    PPS_ID_MAX = 255,
    CYCLE_MAX = 255, // num_ref_frames_in_pic_order_cnt_cycle
    SLICE_TYPE_MAX = 9,
};

// Reads bits of an RBSP. Once a read went wrong, it and all later ones give 0 and failed is set, so
// that a parser looks at it once, at its end.
struct bits {
    const uint8_t *at;
    const uint8_t *end;
    unsigned zeros; // zero bytes just before *at
    unsigned left;  // unread bits of byte
    uint8_t byte;
    bool failed;
};

static void bits_init(struct bits *b, const uint8_t *nal, size_t len)
{
    *b = (struct bits){.at = nal, .end = nal + len};
}

static void next_byte(struct bits *b)
{
    if (b->zeros >= 2 && b->at < b->end && *b->at == 3) { // emulation prevention, 7.4.1.1
        b->at++;
        b->zeros = 0;
    }
    if (b->at == b->end) {
        b->failed = true;
        return;
    }
    b->byte = *b->at++;
    b->zeros = b->byte == 0 ? b->zeros + 1 : 0;
    b->left = 8;
}

static unsigned read_bit(struct bits *b)
{
    if (b->left == 0)
        next_byte(b);
    if (b->failed)
        return 0;
    b->left--;
    return (unsigned)b->byte >> b->left & 1;
}

// count: 0 to 32.
static uint32_t read_bits(struct bits *b, unsigned count)
{
    uint32_t value = 0;

    while (count-- > 0)
        value = value << 1 | read_bit(b);
    return value;
}

// ue(v), 9.1. The longest code has 31 zeros before its 1; the value fits in 32 bits.
static uint32_t read_ue(struct bits *b)
{
    unsigned zeros = 0;

    while (!b->failed && read_bit(b) == 0) {
        if (++zeros > 31)
            b->failed = true;
    }
    if (b->failed)
        return 0;
    return (uint32_t)(((uint64_t)1 << zeros) - 1) + read_bits(b, zeros);
}

// ue(v) of at most max.
static unsigned read_ue_max(struct bits *b, unsigned max)
{
    uint32_t value = read_ue(b);

    if (value > max) {
        b->failed = true;
        return 0;
    }
    return value;
}

static int64_t read_se(struct bits *b)
{
    int64_t code = read_ue(b);

    return code & 1 ? (code + 1) / 2 : -(code / 2);
}

static void skip_scaling_list(struct bits *b, unsigned size) // 7.3.2.1.1.1
{
    int64_t last = 8;
    int64_t next = 8;

    for (unsigned i = 0; i < size && !b->failed; i++) {
        if (next != 0)
            next = (last + read_se(b) + 256) % 256;
        if (next != 0)
            last = next;
    }
}

static bool has_chroma_format(unsigned profile_idc)
{
    switch (profile_idc) {
    case 100:
    case 110:
    case 122:
    case 244:
    case 44:
    case 83:
    case 86:
    case 118:
    case 128:
    case 138:
    case 139:
    case 134:
    case 135:
        return true;
    default:
        return false;
    }
}

// Returns ChromaArrayType (7.4.2.1.1).
static unsigned read_chroma(struct bits *b)
{
    unsigned chroma_format = read_ue_max(b, 3);
    unsigned separate_planes = chroma_format == 3 ? read_bit(b) : 0;

    read_ue_max(b, 6); // bit_depth_luma_minus8
    read_ue_max(b, 6); // bit_depth_chroma_minus8
    read_bit(b);       // qpprime_y_zero_transform_bypass_flag
    if (read_bit(b)) { // seq_scaling_matrix_present_flag
        for (unsigned i = 0; i < (chroma_format == 3 ? 12u : 8u); i++) {
            if (read_bit(b))
                skip_scaling_list(b, i < 6 ? 16 : 64);
        }
    }
    return separate_planes ? 0 : chroma_format;
}

static void skip_picture_order(struct bits *b)
{
    unsigned type = read_ue_max(b, 2);

    if (type == 0) {
        read_ue_max(b, 12); // log2_max_pic_order_cnt_lsb_minus4
    } else if (type == 1) {
        unsigned cycle;

        read_bit(b); // delta_pic_order_always_zero_flag
        read_se(b);  // offset_for_non_ref_pic
        read_se(b);  // offset_for_top_to_bottom_field
        cycle = read_ue_max(b, CYCLE_MAX);
        while (cycle-- > 0 && !b->failed)
            read_se(b); // offset_for_ref_frame
    }
}

// Frame size and cropping, the end of 7.3.2.1.1 before the VUI; crop units are those of 7.4.2.1.1.
static void read_size(struct bits *b, unsigned chroma, struct rtsp_h264_sps *sps)
{
    unsigned width = 16 * (read_ue_max(b, SIDE_MBS_MAX - 1) + 1);
    unsigned map_units = read_ue_max(b, SIDE_MBS_MAX - 1) + 1;
    unsigned frame_mbs_only = read_bit(b);
    unsigned height = 16 * map_units * (2 - frame_mbs_only);
    unsigned crop_x = 0;
    unsigned crop_y = 0;

    if (!frame_mbs_only)
        read_bit(b); // mb_adaptive_frame_field_flag
    read_bit(b);     // direct_8x8_inference_flag
    if (read_bit(b)) {
        unsigned unit_x = chroma == 1 || chroma == 2 ? 2 : 1;
        unsigned unit_y = (chroma == 1 ? 2 : 1) * (2 - frame_mbs_only);

        crop_x = unit_x * read_ue_max(b, width);
        crop_x += unit_x * read_ue_max(b, width);
        crop_y = unit_y * read_ue_max(b, height);
        crop_y += unit_y * read_ue_max(b, height);
    }
    if (crop_x >= width || crop_y >= height) {
        b->failed = true;
        return;
    }
    sps->info.width = width - crop_x;
    sps->info.height = height - crop_y;
}

int rtsp_h264_parse_sps(const uint8_t *nal, size_t len, struct rtsp_h264_sps *out)
{
    struct rtsp_h264_sps sps = {0};
    struct bits b;
    unsigned chroma = 1;

    bits_init(&b, nal, len);
    if (rtsp_nal_type((uint8_t)read_bits(&b, 8)) != RTSP_NAL_SPS)
        return -EBADMSG;
    for (unsigned i = 0; i < 3; i++)
        sps.info.profile[i] = (uint8_t)read_bits(&b, 8);
    sps.id = read_ue_max(&b, SPS_ID_MAX);
    if (has_chroma_format(sps.info.profile[0]))
        chroma = read_chroma(&b);
    read_ue_max(&b, 12); // log2_max_frame_num_minus4
    skip_picture_order(&b);
    read_ue_max(&b, 16); // max_num_ref_frames
    read_bit(&b);        // gaps_in_frame_num_value_allowed_flag
    read_size(&b, chroma, &sps);
    if (b.failed)
        return -EBADMSG;
    *out = sps;
    return 0;
}

int rtsp_h264_parse_pps_id(const uint8_t *nal, size_t len, unsigned *id)
{
    struct bits b;
    unsigned value;

    bits_init(&b, nal, len);
    if (rtsp_nal_type((uint8_t)read_bits(&b, 8)) != RTSP_NAL_PPS)
        return -EBADMSG;
    value = read_ue_max(&b, PPS_ID_MAX);
    if (b.failed)
        return -EBADMSG;
    *id = value;
    return 0;
}

int rtsp_h264_parse_slice(const uint8_t *nal, size_t len, struct rtsp_h264_slice *out)
{
    struct bits b;
    unsigned nal_type;
    unsigned first_mb;
    unsigned slice_type;

    bits_init(&b, nal, len);
    nal_type = rtsp_nal_type((uint8_t)read_bits(&b, 8));
    first_mb = read_ue_max(&b, SIDE_MBS_MAX * SIDE_MBS_MAX);
    slice_type = read_ue_max(&b, SLICE_TYPE_MAX);
    if (b.failed || (nal_type != RTSP_NAL_SLICE && nal_type != RTSP_NAL_PARTITION_A &&
                     nal_type != RTSP_NAL_IDR))
        return -EBADMSG;
    *out = (struct rtsp_h264_slice){.first_mb = first_mb, .b_slice = slice_type % 5 == 1};
    return 0;
}

// One byte, where all bits of the one before it have been read.
static unsigned read_byte(struct bits *b)
{
    next_byte(b);
    b->left = 0;
    return b->failed ? 0 : b->byte;
}

// payloadType or payloadSize: the sum of bytes up to the first that is not 0xff (7.3.2.3.1).
static size_t read_sei_number(struct bits *b)
{
    size_t sum = 0;
    unsigned byte;

    do {
        byte = read_byte(b);
        sum += byte;
    } while (byte == 0xff);
    return sum;
}

static bool at_trailing_bits(const struct bits *b)
{
    return b->end - b->at == 1 && *b->at == 0x80;
}

int rtsp_h264_parse_sei(const uint8_t *nal, size_t len, uint32_t *types)
{
    struct bits b;
    uint32_t seen = 0;

    bits_init(&b, nal, len);
    if (rtsp_nal_type((uint8_t)read_byte(&b)) != RTSP_NAL_SEI)
        return -EBADMSG;
    do {
        size_t type = read_sei_number(&b);
        size_t left = read_sei_number(&b);

        seen |= UINT32_C(1) << (type < RTSP_SEI_REST ? type : RTSP_SEI_REST);
        while (left-- > 0 && !b.failed)
            read_byte(&b);
    } while (!b.failed && !at_trailing_bits(&b));
    if (b.failed)
        return -EBADMSG;
    *types = seen;
    return 0;
}
