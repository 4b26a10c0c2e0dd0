// SPDX-License-Identifier: Apache-2.0
//
// AV1 as a video codec (AV1 Bitstream & Decoding Process Specification 5.9, 7.5): parts are OBUs,
// the sequence header is the parameter set.
//
// What is left out: temporal delimiters and tile lists, as the RTP payload format wants it (5),
// padding, and types that decoders have to ignore.
#include "rtsp/av1.h"
#include "rtsp/depacketise_av1.h"
#include "rtsp/packetise_av1.h"
#include "rtsp/video_codec.h"

enum {
    SET_SEQUENCE = 1,
};

static void judge_sequence(const uint8_t *payload, size_t len, struct rtsp_verdict *verdict)
{
    if (rtsp_av1_parse_sequence(payload, len, &verdict->info) < 0)
        verdict->fate = RTSP_PART_MALFORMED;
    else
        verdict->set = SET_SEQUENCE;
}

static void judge(const struct rtsp_parameter_sets *sets, const uint8_t *data, size_t len,
                  struct rtsp_verdict *verdict)
{
    struct rtsp_obu obu;

    (void)sets;
    if (rtsp_obu_parse(data, len, &obu) < 0 || obu.payload + obu.payload_len != len) {
        verdict->fate = RTSP_PART_BROKEN;
        return;
    }
    switch (obu.type) {
    case RTSP_OBU_SEQUENCE_HEADER:
        judge_sequence(data + obu.payload, obu.payload_len, verdict);
        break;
    case RTSP_OBU_FRAME:
    case RTSP_OBU_FRAME_HEADER:
        verdict->picture = true;
        verdict->keyframe = rtsp_av1_is_keyframe(data + obu.payload, obu.payload_len);
        break;
    case RTSP_OBU_TILE_GROUP:
    case RTSP_OBU_REDUNDANT_FRAME_HEADER:
        verdict->picture = true;
        verdict->follows = true;
        break;
    case RTSP_OBU_METADATA:
        break;
    default:
        verdict->fate = RTSP_PART_LEFT_OUT;
    }
    if (verdict->fate == RTSP_PART_KEPT && len < RTSP_AV1_OBU_MIN)
        verdict->fate = RTSP_PART_BROKEN;
}

const struct rtsp_video_codec rtsp_video_av1 = {
    .brittle = true,
    .sets = {[SET_SEQUENCE] = 1},
    .depacketise = rtsp_depacketise_av1,
    .lose = rtsp_depacketise_av1_break,
    .end = rtsp_depacketise_av1_break,
    .judge = judge,
    .packetise = rtsp_packetise_av1,
};
