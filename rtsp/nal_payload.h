// SPDX-License-Identifier: Apache-2.0
//
// How NAL units lie in RTP payloads, which H.264 and H.265 do alike but for the widths of headers
// (RFC 6184 5, RFC 7798 4.4): one by itself, several in one payload, or one in fragments. Constants
// of a codec; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/parameter_sets.h"

struct rtsp_nal_payload {
    size_t header_len; // of a NAL unit; an aggregate has one, fragments have one and a byte more

    // The type is (first byte >> type_shift) & type_mask; in the header of a fragment it is the
    // lowest bits.
    unsigned type_shift;
    uint8_t type_mask;
    unsigned single_max; // the last type that is a NAL unit by itself
    unsigned aggregate;  // the types of the other two kinds of payload
    unsigned fragment;
    unsigned keyframe_first, keyframe_last; // types of slices of a keyframe

    // Writes the header of an aggregate of these NAL units, but for its type.
    void (*write_aggregate)(uint8_t *header, const struct rtsp_part *nal, size_t count);
};

enum {
    RTSP_AGGREGATE_LENGTH_LEN = 2, // in front of each NAL unit of an aggregate
    RTSP_FRAGMENT_HEADER_LEN = 1,  // behind the header
    RTSP_FRAGMENT_START = 0x80,
    RTSP_FRAGMENT_END = 0x40,
};

static inline unsigned rtsp_nal_payload_type(const struct rtsp_nal_payload *payload, uint8_t byte)
{
    return (unsigned)byte >> payload->type_shift & payload->type_mask;
}

// The first byte of a header with another type in it.
static inline uint8_t rtsp_nal_payload_retype(const struct rtsp_nal_payload *payload, uint8_t byte,
                                              unsigned type)
{
    unsigned mask = (unsigned)payload->type_mask << payload->type_shift;

    return (uint8_t)((byte & ~mask) | type << payload->type_shift);
}

static inline bool rtsp_nal_payload_is_keyframe(const struct rtsp_nal_payload *payload,
                                                unsigned type)
{
    return type >= payload->keyframe_first && type <= payload->keyframe_last;
}
