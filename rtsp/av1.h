// SPDX-License-Identifier: Apache-2.0
//
// What has to be known of AV1 to carry it: open bitstream units (OBUs), the sequence header, the
// start of a frame header (AV1 Bitstream & Decoding Process Specification 5.3, 5.5, 5.9). Plain
// functions on the caller's memory, any thread; bytes may be anything.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/parameter_sets.h"

enum {
    RTSP_OBU_SEQUENCE_HEADER = 1,
    RTSP_OBU_TEMPORAL_DELIMITER = 2,
    RTSP_OBU_FRAME_HEADER = 3,
    RTSP_OBU_TILE_GROUP = 4,
    RTSP_OBU_METADATA = 5,
    RTSP_OBU_FRAME = 6, // frame header and tile group in one
    RTSP_OBU_REDUNDANT_FRAME_HEADER = 7,
    RTSP_OBU_TILE_LIST = 8,
    RTSP_OBU_PADDING = 15,
};

// Bytes that a size of up to 4 GiB - 1 may take: leb128() allows 8 of any number (4.10.5).
enum {
    RTSP_LEB128_MAX = 8,
};

// Reads a leb128() number of at most UINT32_MAX. Returns its length in bytes; 0: cut short, or
// larger.
size_t rtsp_leb128_read(const uint8_t *data, size_t len, uint32_t *value);

// How many bytes value takes, and writes them.
size_t rtsp_leb128_len(uint32_t value);
void rtsp_leb128_write(uint8_t *out, uint32_t value);

// One OBU where it stands.
struct rtsp_obu {
    unsigned type;
    size_t header_len;  // 1, or 2 with temporal and spatial layer
    size_t payload;     // where it begins: behind header and obu_size
    size_t payload_len; // of obu_size, or all there is where it has none
};

// The OBU at the start of data. 0, or -EBADMSG: cut short, or the forbidden bit is set.
int rtsp_obu_parse(const uint8_t *data, size_t len, struct rtsp_obu *out);

// payload: of a sequence header OBU. *out: seq_profile (0 to 2), seq_level_idx and seq_tier of the
// first operating point, which has all layers; the size of the largest frame. 0, or -EBADMSG: cut
// short, of a reserved profile, or of pictures that stand alone (reduced_still_picture_header).
int rtsp_av1_parse_sequence(const uint8_t *payload, size_t len, struct rtsp_picture_info *out);

// Whether the payload of a frame or frame header OBU begins a frame from which decoding may start:
// a key frame that is shown at once (7.6.2).
bool rtsp_av1_is_keyframe(const uint8_t *payload, size_t len);
