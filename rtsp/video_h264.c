// SPDX-License-Identifier: Apache-2.0
//
// H.264 as a video codec: what each NAL unit is (ITU-T H.264 7.4.1.2.3, RFC 6184 5.1), and how they
// lie in payloads.
//
// What is left out: access unit delimiters, filler, NAL units that are malformed, and SEI of
// nothing but timing (sei.h).
#include "rtsp/depacketise_nal.h"
#include "rtsp/h264.h"
#include "rtsp/nal_payload.h"
#include "rtsp/packetise_nal.h"
#include "rtsp/sei.h"
#include "rtsp/video_codec.h"

enum {
    HEADER_LEN = 1,
    FORBIDDEN_BIT = 0x80,
    SET_SPS = 1,
    SET_PPS = 2,
    // Encoders use one SPS and one or two PPS.
    SPS_COUNT = 2,
    PPS_COUNT = 8,
};

// ---- what a NAL unit is ----

static void judge_slice(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    unsigned type = rtsp_nal_type(nal[0]);
    struct rtsp_h264_slice slice;

    verdict->picture = true;
    verdict->follows = true; // as partitions B and C do
    if (type != RTSP_NAL_SLICE && type != RTSP_NAL_PARTITION_A && type != RTSP_NAL_IDR)
        return;
    if (rtsp_h264_parse_slice(nal, len, &slice) < 0) {
        verdict->fate = RTSP_PART_BROKEN;
        return;
    }
    verdict->follows = slice.first_mb != 0;
    verdict->b_picture = slice.b_slice;
    verdict->expendable = slice.b_slice && (nal[0] & RTSP_NAL_REF_IDC_MASK) == 0;
}

static void judge_sps(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    struct rtsp_h264_sps sps;

    if (rtsp_h264_parse_sps(nal, len, &sps) < 0) {
        verdict->fate = RTSP_PART_MALFORMED;
        return;
    }
    verdict->set = SET_SPS;
    verdict->set_id = sps.id;
    verdict->info = sps.info;
}

static void judge_pps(const uint8_t *nal, size_t len, struct rtsp_verdict *verdict)
{
    if (rtsp_h264_parse_pps_id(nal, len, &verdict->set_id) < 0)
        verdict->fate = RTSP_PART_MALFORMED;
    else
        verdict->set = SET_PPS;
}

static bool is_useless(const uint8_t *nal, size_t len)
{
    switch (rtsp_nal_type(nal[0])) {
    case RTSP_NAL_AUD:
    case RTSP_NAL_FILLER:
        return true;
    case RTSP_NAL_SEI:
        return !(nal[0] & FORBIDDEN_BIT) && rtsp_sei_is_timing(nal, len, HEADER_LEN);
    default:
        return false;
    }
}

static void judge(const struct rtsp_parameter_sets *sets, const uint8_t *nal, size_t len,
                  struct rtsp_verdict *verdict)
{
    unsigned type = rtsp_nal_type(nal[0]);

    (void)sets;
    verdict->keyframe = type == RTSP_NAL_IDR;
    if (is_useless(nal, len))
        verdict->fate = RTSP_PART_LEFT_OUT;
    else if (nal[0] & FORBIDDEN_BIT)
        verdict->fate = RTSP_PART_BROKEN;
    else if (rtsp_nal_is_vcl(type))
        judge_slice(nal, len, verdict);
    else if (type == 0 || type > RTSP_NAL_MAX)
        verdict->fate = RTSP_PART_MALFORMED;
    else if (type == RTSP_NAL_SPS)
        judge_sps(nal, len, verdict);
    else if (type == RTSP_NAL_PPS)
        judge_pps(nal, len, verdict);
}

// ---- payloads ----

// The highest importance of all (RFC 6184 5.7).
static void write_aggregate(uint8_t *header, const struct rtsp_part *nal, size_t count)
{
    header[0] = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t importance = nal[i].data[0] & RTSP_NAL_REF_IDC_MASK;

        if (importance > header[0])
            header[0] = importance;
    }
}

static const struct rtsp_nal_payload payload = {
    .header_len = HEADER_LEN,
    .type_mask = 0x1f,
    .single_max = RTSP_NAL_MAX,
    .aggregate = RTSP_NAL_STAP_A,
    .fragment = RTSP_NAL_FU_A,
    .keyframe_first = RTSP_NAL_IDR,
    .keyframe_last = RTSP_NAL_IDR,
    .write_aggregate = write_aggregate,
};

const struct rtsp_video_codec rtsp_video_h264 = {
    .nal = &payload,
    .start_codes = true,
    .sets = {[SET_SPS] = SPS_COUNT, [SET_PPS] = PPS_COUNT},
    .depacketise = rtsp_depacketise_nal,
    .lose = rtsp_depacketise_nal_break,
    .end = rtsp_depacketise_nal_break,
    .judge = judge,
    .packetise = rtsp_packetise_nal,
};
