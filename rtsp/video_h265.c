// SPDX-License-Identifier: Apache-2.0
//
// H.265 as a video codec: what each NAL unit is (ITU-T H.265 7.4.2.2, 7.4.2.4.4), and how they lie
// in payloads (RFC 7798 4.4).
//
// Keyframes are the pictures at which a decoder can begin: IDR, CRA and BLA. What is left out:
// access unit delimiters, filler, NAL units that are malformed or of another layer than the base,
// and SEI of nothing but timing (sei.h).
#include "rtsp/depacketise_nal.h"
#include "rtsp/h265.h"
#include "rtsp/nal_payload.h"
#include "rtsp/packetise_nal.h"
#include "rtsp/sei.h"
#include "rtsp/video_codec.h"

enum {
    FORBIDDEN_BIT = 0x80,
    TEMPORAL_ID_MASK = 7,
    SET_VPS = 1,
    SET_SPS = 2,
    SET_PPS = 3,
    // Encoders use one VPS, one SPS and one or two PPS.
    VPS_COUNT = 2,
    SPS_COUNT = 2,
    PPS_COUNT = 8,
};

// ---- what a NAL unit is ----

static bool is_keyframe(unsigned type)
{
    return type >= RTSP_H265_BLA_W_LP && type <= RTSP_H265_CRA;
}

static bool find_pps(const struct rtsp_parameter_sets *sets, unsigned id, struct rtsp_h265_pps *pps)
{
    struct rtsp_part part;

    return rtsp_parameter_sets_find(sets, SET_PPS, id, &part) &&
           rtsp_h265_parse_pps(part.data, part.len, pps) == 0;
}

static bool find_sps(const struct rtsp_parameter_sets *sets, unsigned id, struct rtsp_h265_sps *sps)
{
    struct rtsp_part part;

    return rtsp_parameter_sets_find(sets, SET_SPS, id, &part) &&
           rtsp_h265_parse_sps(part.data, part.len, sps) == 0;
}

// Whether it is a B-picture. Encoders for low delay predict in both directions from the past as
// well; then the SPS says that nothing is reordered.
static void judge_order(const struct rtsp_parameter_sets *sets, const uint8_t *nal, size_t len,
                        unsigned pps_id, struct rtsp_verdict *verdict)
{
    unsigned type = rtsp_h265_type(nal);
    bool leading = type >= RTSP_H265_RADL_N && type <= RTSP_H265_RASL_R;
    struct rtsp_h265_pps pps;
    struct rtsp_h265_sps sps;

    if (!find_pps(sets, pps_id, &pps) || (!leading && !rtsp_h265_is_b_slice(nal, len, &pps)) ||
        !find_sps(sets, pps.sps_id, &sps) || !sps.reorders)
        return;
    verdict->b_picture = true;
    // Others of its sub-layer do not depend on it, and there is no higher one; or it is a leading
    // picture, on which only leading pictures depend.
    verdict->expendable =
        leading || (type % 2 == 0 && rtsp_h265_temporal_id_plus1(nal) == sps.sub_layers);
}

static void judge_slice(const struct rtsp_parameter_sets *sets, const uint8_t *nal, size_t len,
                        struct rtsp_verdict *verdict)
{
    unsigned type = rtsp_h265_type(nal);
    struct rtsp_h265_slice slice;

    if (type > RTSP_H265_RASL_R && !is_keyframe(type)) { // reserved: decoders skip them
        verdict->fate = RTSP_PART_MALFORMED;
        return;
    }
    verdict->picture = true;
    if (rtsp_h265_parse_slice(nal, len, &slice) < 0) {
        verdict->fate = RTSP_PART_BROKEN;
        return;
    }
    verdict->follows = !slice.first;
    verdict->skipped_at_start = type == RTSP_H265_RASL_N || type == RTSP_H265_RASL_R;
    if (slice.first && !verdict->keyframe)
        judge_order(sets, nal, len, slice.pps_id, verdict);
}

static void judge_vps(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    if (rtsp_h265_parse_vps_id(nal, len, &verdict->set_id) < 0)
        verdict->fate = RTSP_PART_MALFORMED;
    else
        verdict->set = SET_VPS;
}

static void judge_sps(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    struct rtsp_h265_sps sps;

    if (rtsp_h265_parse_sps(nal, len, &sps) < 0) {
        verdict->fate = RTSP_PART_MALFORMED;
        return;
    }
    verdict->set = SET_SPS;
    verdict->set_id = sps.id;
    verdict->info = sps.info;
}

static void judge_pps(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    struct rtsp_h265_pps pps;

    if (rtsp_h265_parse_pps(nal, len, &pps) < 0) {
        verdict->fate = RTSP_PART_MALFORMED;
        return;
    }
    verdict->set = SET_PPS;
    verdict->set_id = pps.id;
}

// What is not of the picture itself.
static void judge_other(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    switch (rtsp_h265_type(nal)) {
    case RTSP_H265_VPS:
        judge_vps(nal, len, verdict);
        break;
    case RTSP_H265_SPS:
        judge_sps(nal, len, verdict);
        break;
    case RTSP_H265_PPS:
        judge_pps(nal, len, verdict);
        break;
    case RTSP_H265_AUD:
    case RTSP_H265_FILLER:
        verdict->fate = RTSP_PART_LEFT_OUT;
        break;
    case RTSP_H265_PREFIX_SEI:
    case RTSP_H265_SUFFIX_SEI:
        if (rtsp_sei_is_timing(nal, len, RTSP_H265_HEADER_LEN))
            verdict->fate = RTSP_PART_LEFT_OUT;
        break;
    case RTSP_H265_EOS:
    case RTSP_H265_EOB:
        break;
    default:
        verdict->fate = RTSP_PART_MALFORMED;
    }
}

static void judge(const struct rtsp_parameter_sets *sets, const uint8_t *nal, size_t len,
                  struct rtsp_verdict *verdict)
{
    unsigned type = rtsp_h265_type(nal);

    verdict->keyframe = is_keyframe(type);
    if (len < RTSP_H265_HEADER_LEN || nal[0] & FORBIDDEN_BIT ||
        rtsp_h265_temporal_id_plus1(nal) == 0)
        verdict->fate = RTSP_PART_BROKEN;
    else if (rtsp_h265_layer_id(nal) > 0)
        verdict->fate = RTSP_PART_LEFT_OUT;
    else if (type <= RTSP_H265_VCL_MAX)
        judge_slice(sets, nal, len, verdict);
    else
        judge_other(nal, len, verdict);
}

// ---- payloads ----

// The lowest layer and temporal sub-layer of all; only the base layer is carried (RFC 7798 4.4.2).
static void write_aggregate(uint8_t *header, const struct rtsp_part *nal, size_t count)
{
    header[0] = 0;
    header[1] = TEMPORAL_ID_MASK;
    for (size_t i = 0; i < count; i++) {
        uint8_t temporal_id_plus1 = nal[i].data[1] & TEMPORAL_ID_MASK;

        if (temporal_id_plus1 < header[1])
            header[1] = temporal_id_plus1;
    }
}

static const struct rtsp_nal_payload payload = {
    .header_len = RTSP_H265_HEADER_LEN,
    .type_shift = 1,
    .type_mask = 0x3f,
    .single_max = RTSP_H265_SINGLE_MAX,
    .aggregate = RTSP_H265_AP,
    .fragment = RTSP_H265_FU,
    .keyframe_first = RTSP_H265_BLA_W_LP,
    .keyframe_last = RTSP_H265_CRA,
    .write_aggregate = write_aggregate,
};

const struct rtsp_video_codec rtsp_video_h265 = {
    .nal = &payload,
    .start_codes = true,
    .sets = {[SET_VPS] = VPS_COUNT, [SET_SPS] = SPS_COUNT, [SET_PPS] = PPS_COUNT},
    .depacketise = rtsp_depacketise_nal,
    .lose = rtsp_depacketise_nal_break,
    .end = rtsp_depacketise_nal_break,
    .judge = judge,
    .packetise = rtsp_packetise_nal,
};
