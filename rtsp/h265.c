// SPDX-License-Identifier: Apache-2.0
#include "rtsp/h265.h"

#include <errno.h>

#include "rtsp/rbsp.h"

enum {
    // Samples along one side: sqrt(8 * MaxLumaPs) of level 7.2 (ITU-T H.265 A.4.1).
    SIDE_MAX = 33776,
    SPS_ID_MAX = 15,
    PPS_ID_MAX = 63,
    SUB_LAYERS_MAX = 7,
    DPB_MAX = 16, // MaxDpbSize
    SLICE_TYPE_MAX = 2,
    SLICE_TYPE_B = 0,
    // Bits of profile_tier_level (7.3.3): profile_compatibility_flags to general_reserved_zero_bit.
    PROFILE_FLAGS_BITS = 32 + 48,
    SUB_LAYER_PROFILE_BITS = 8 + PROFILE_FLAGS_BITS,
    SUB_LAYER_LEVEL_BITS = 8,
};

static bool begin(struct rtsp_rbsp *b, const uint8_t *nal, size_t len)
{
    if (len <= RTSP_H265_HEADER_LEN)
        return false;
    rtsp_rbsp_init(b, nal + RTSP_H265_HEADER_LEN, len - RTSP_H265_HEADER_LEN);
    return true;
}

int rtsp_h265_parse_vps_id(const uint8_t *nal, size_t len, unsigned *id)
{
    struct rtsp_rbsp b;

    if (!begin(&b, nal, len) || rtsp_h265_type(nal) != RTSP_H265_VPS)
        return -EBADMSG;
    *id = rtsp_rbsp_bits(&b, 4);
    return 0;
}

static void read_profile(struct rtsp_rbsp *b, unsigned sub_layers, uint8_t profile[3])
{
    bool has_profile[SUB_LAYERS_MAX], has_level[SUB_LAYERS_MAX];

    rtsp_rbsp_skip(b, 2); // general_profile_space
    profile[1] = (uint8_t)rtsp_rbsp_bit(b);
    profile[0] = (uint8_t)rtsp_rbsp_bits(b, 5);
    rtsp_rbsp_skip(b, PROFILE_FLAGS_BITS);
    profile[2] = (uint8_t)rtsp_rbsp_bits(b, 8);
    for (unsigned i = 0; i + 1 < sub_layers; i++) {
        has_profile[i] = rtsp_rbsp_bit(b);
        has_level[i] = rtsp_rbsp_bit(b);
    }
    if (sub_layers > 1)
        rtsp_rbsp_skip(b, 2 * (9 - sub_layers)); // reserved_zero_2bits
    for (unsigned i = 0; i + 1 < sub_layers; i++)
        rtsp_rbsp_skip(b, (has_profile[i] ? SUB_LAYER_PROFILE_BITS : 0u) +
                              (has_level[i] ? SUB_LAYER_LEVEL_BITS : 0u));
}

// Size and conformance window (7.3.2.2.1).
static void read_size(struct rtsp_rbsp *b, struct rtsp_picture_info *info)
{
    unsigned chroma = rtsp_rbsp_ue_max(b, 3);

    if (chroma == 3)
        rtsp_rbsp_bit(b); // separate_colour_plane_flag
    info->width = rtsp_rbsp_ue_max(b, SIDE_MAX);
    info->height = rtsp_rbsp_ue_max(b, SIDE_MAX);
    rtsp_rbsp_crop(b, chroma, 1, &info->width, &info->height);
}

// sps_max_num_reorder_pics of the highest sub-layer, the last in the list.
static unsigned read_reorder(struct rtsp_rbsp *b, unsigned sub_layers)
{
    unsigned count = rtsp_rbsp_bit(b) ? sub_layers : 1; // sub_layer_ordering_info_present_flag
    unsigned reorder = 0;

    while (count-- > 0) {
        rtsp_rbsp_ue_max(b, DPB_MAX - 1); // sps_max_dec_pic_buffering_minus1
        reorder = rtsp_rbsp_ue_max(b, DPB_MAX - 1);
        rtsp_rbsp_ue(b); // sps_max_latency_increase_plus1
    }
    return reorder;
}

int rtsp_h265_parse_sps(const uint8_t *nal, size_t len, struct rtsp_h265_sps *out)
{
    struct rtsp_h265_sps sps = {0};
    struct rtsp_rbsp b;

    if (!begin(&b, nal, len) || rtsp_h265_type(nal) != RTSP_H265_SPS)
        return -EBADMSG;
    rtsp_rbsp_skip(&b, 4); // sps_video_parameter_set_id
    sps.sub_layers = rtsp_rbsp_bits(&b, 3) + 1;
    if (sps.sub_layers > SUB_LAYERS_MAX)
        return -EBADMSG;
    rtsp_rbsp_bit(&b); // sps_temporal_id_nesting_flag
    read_profile(&b, sps.sub_layers, sps.info.profile);
    sps.id = rtsp_rbsp_ue_max(&b, SPS_ID_MAX);
    read_size(&b, &sps.info);
    rtsp_rbsp_ue_max(&b, 8);  // bit_depth_luma_minus8
    rtsp_rbsp_ue_max(&b, 8);  // bit_depth_chroma_minus8
    rtsp_rbsp_ue_max(&b, 12); // log2_max_pic_order_cnt_lsb_minus4
    sps.reorders = read_reorder(&b, sps.sub_layers) > 0;
    if (b.failed)
        return -EBADMSG;
    *out = sps;
    return 0;
}

int rtsp_h265_parse_pps(const uint8_t *nal, size_t len, struct rtsp_h265_pps *out)
{
    struct rtsp_h265_pps pps;
    struct rtsp_rbsp b;

    if (!begin(&b, nal, len) || rtsp_h265_type(nal) != RTSP_H265_PPS)
        return -EBADMSG;
    pps.id = rtsp_rbsp_ue_max(&b, PPS_ID_MAX);
    pps.sps_id = rtsp_rbsp_ue_max(&b, SPS_ID_MAX);
    rtsp_rbsp_skip(&b, 2); // dependent_slice_segments_enabled_flag, output_flag_present_flag
    pps.extra_bits = rtsp_rbsp_bits(&b, 3);
    if (b.failed)
        return -EBADMSG;
    *out = pps;
    return 0;
}

// Up to slice_pic_parameter_set_id (7.3.6.1).
static void read_slice(struct rtsp_rbsp *b, unsigned type, struct rtsp_h265_slice *slice)
{
    slice->first = rtsp_rbsp_bit(b);
    if (type >= RTSP_H265_BLA_W_LP)
        rtsp_rbsp_bit(b); // no_output_of_prior_pics_flag
    slice->pps_id = rtsp_rbsp_ue_max(b, PPS_ID_MAX);
}

int rtsp_h265_parse_slice(const uint8_t *nal, size_t len, struct rtsp_h265_slice *out)
{
    struct rtsp_h265_slice slice;
    struct rtsp_rbsp b;

    if (!begin(&b, nal, len) || rtsp_h265_type(nal) > RTSP_H265_VCL_MAX)
        return -EBADMSG;
    read_slice(&b, rtsp_h265_type(nal), &slice);
    if (b.failed)
        return -EBADMSG;
    *out = slice;
    return 0;
}

bool rtsp_h265_is_b_slice(const uint8_t *nal, size_t len, const struct rtsp_h265_pps *pps)
{
    struct rtsp_h265_slice slice;
    struct rtsp_rbsp b;
    unsigned type;

    if (!begin(&b, nal, len))
        return false;
    read_slice(&b, rtsp_h265_type(nal), &slice);
    rtsp_rbsp_skip(&b, pps->extra_bits); // slice_reserved_flag
    type = rtsp_rbsp_ue_max(&b, SLICE_TYPE_MAX);
    return !b.failed && slice.first && type == SLICE_TYPE_B;
}
