// SPDX-License-Identifier: Apache-2.0
#include "rtsp/h264.h"

#include <errno.h>

#include "rtsp/rbsp.h"

enum {
    // Macroblocks along one side: sqrt(8 * MaxFS) of level 6.2 (ITU-T H.264 A.3.1).
    SIDE_MBS_MAX = 1055,
    SPS_ID_MAX = 31,
    PPS_ID_MAX = 255,
    CYCLE_MAX = 255, // num_ref_frames_in_pic_order_cnt_cycle
    SLICE_TYPE_MAX = 9,
};

static void skip_scaling_list(struct rtsp_rbsp *b, unsigned size) // 7.3.2.1.1.1
{
    int64_t last = 8;
    int64_t next = 8;

    for (unsigned i = 0; i < size && !b->failed; i++) {
        if (next != 0)
            next = (last + rtsp_rbsp_se(b) + 256) % 256;
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
static unsigned read_chroma(struct rtsp_rbsp *b)
{
    unsigned chroma_format = rtsp_rbsp_ue_max(b, 3);
    unsigned separate_planes = chroma_format == 3 ? rtsp_rbsp_bit(b) : 0;

    rtsp_rbsp_ue_max(b, 6); // bit_depth_luma_minus8
    rtsp_rbsp_ue_max(b, 6); // bit_depth_chroma_minus8
    rtsp_rbsp_bit(b);       // qpprime_y_zero_transform_bypass_flag
    if (rtsp_rbsp_bit(b)) { // seq_scaling_matrix_present_flag
        for (unsigned i = 0; i < (chroma_format == 3 ? 12u : 8u); i++) {
            if (rtsp_rbsp_bit(b))
                skip_scaling_list(b, i < 6 ? 16 : 64);
        }
    }
    return separate_planes ? 0 : chroma_format;
}

static void skip_picture_order(struct rtsp_rbsp *b)
{
    unsigned type = rtsp_rbsp_ue_max(b, 2);

    if (type == 0) {
        rtsp_rbsp_ue_max(b, 12); // log2_max_pic_order_cnt_lsb_minus4
    } else if (type == 1) {
        unsigned cycle;

        rtsp_rbsp_bit(b); // delta_pic_order_always_zero_flag
        rtsp_rbsp_se(b);  // offset_for_non_ref_pic
        rtsp_rbsp_se(b);  // offset_for_top_to_bottom_field
        cycle = rtsp_rbsp_ue_max(b, CYCLE_MAX);
        while (cycle-- > 0 && !b->failed)
            rtsp_rbsp_se(b); // offset_for_ref_frame
    }
}

// Frame size and cropping, the end of 7.3.2.1.1 before the VUI.
static void read_size(struct rtsp_rbsp *b, unsigned chroma, struct rtsp_h264_sps *sps)
{
    unsigned width = 16 * (rtsp_rbsp_ue_max(b, SIDE_MBS_MAX - 1) + 1);
    unsigned map_units = rtsp_rbsp_ue_max(b, SIDE_MBS_MAX - 1) + 1;
    unsigned frame_mbs_only = rtsp_rbsp_bit(b);
    unsigned rows = 2 - frame_mbs_only;

    sps->info.width = width;
    sps->info.height = 16 * map_units * rows;
    if (!frame_mbs_only)
        rtsp_rbsp_bit(b); // mb_adaptive_frame_field_flag
    rtsp_rbsp_bit(b);     // direct_8x8_inference_flag
    rtsp_rbsp_crop(b, chroma, rows, &sps->info.width, &sps->info.height);
}

int rtsp_h264_parse_sps(const uint8_t *nal, size_t len, struct rtsp_h264_sps *out)
{
    struct rtsp_h264_sps sps = {0};
    struct rtsp_rbsp b;
    unsigned chroma = 1;

    rtsp_rbsp_init(&b, nal, len);
    if (rtsp_nal_type((uint8_t)rtsp_rbsp_bits(&b, 8)) != RTSP_NAL_SPS)
        return -EBADMSG;
    for (unsigned i = 0; i < 3; i++)
        sps.info.profile[i] = (uint8_t)rtsp_rbsp_bits(&b, 8);
    sps.id = rtsp_rbsp_ue_max(&b, SPS_ID_MAX);
    if (has_chroma_format(sps.info.profile[0]))
        chroma = read_chroma(&b);
    rtsp_rbsp_ue_max(&b, 12); // log2_max_frame_num_minus4
    skip_picture_order(&b);
    rtsp_rbsp_ue_max(&b, 16); // max_num_ref_frames
    rtsp_rbsp_bit(&b);        // gaps_in_frame_num_value_allowed_flag
    read_size(&b, chroma, &sps);
    if (b.failed)
        return -EBADMSG;
    *out = sps;
    return 0;
}

int rtsp_h264_parse_pps_id(const uint8_t *nal, size_t len, unsigned *id)
{
    struct rtsp_rbsp b;
    unsigned value;

    rtsp_rbsp_init(&b, nal, len);
    if (rtsp_nal_type((uint8_t)rtsp_rbsp_bits(&b, 8)) != RTSP_NAL_PPS)
        return -EBADMSG;
    value = rtsp_rbsp_ue_max(&b, PPS_ID_MAX);
    if (b.failed)
        return -EBADMSG;
    *id = value;
    return 0;
}

int rtsp_h264_parse_slice(const uint8_t *nal, size_t len, struct rtsp_h264_slice *out)
{
    struct rtsp_rbsp b;
    unsigned nal_type;
    unsigned first_mb;
    unsigned slice_type;

    rtsp_rbsp_init(&b, nal, len);
    nal_type = rtsp_nal_type((uint8_t)rtsp_rbsp_bits(&b, 8));
    first_mb = rtsp_rbsp_ue_max(&b, SIDE_MBS_MAX * SIDE_MBS_MAX);
    slice_type = rtsp_rbsp_ue_max(&b, SLICE_TYPE_MAX);
    if (b.failed || (nal_type != RTSP_NAL_SLICE && nal_type != RTSP_NAL_PARTITION_A &&
                     nal_type != RTSP_NAL_IDR))
        return -EBADMSG;
    *out = (struct rtsp_h264_slice){.first_mb = first_mb, .b_slice = slice_type % 5 == 1};
    return 0;
}
