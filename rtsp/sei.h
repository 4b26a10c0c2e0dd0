// SPDX-License-Identifier: Apache-2.0
//
// The kinds of messages in an SEI NAL unit, which H.264 and H.265 write alike (ITU-T H.264 7.3.2.3,
// D.1; ITU-T H.265 7.3.5, D.2). Plain functions on the caller's memory, any thread; bytes may be
// anything.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// payloadType of an SEI message.
enum {
    RTSP_SEI_BUFFERING_PERIOD = 0,
    RTSP_SEI_PIC_TIMING = 1,
    RTSP_SEI_FILLER_PAYLOAD = 3,
    RTSP_SEI_REST = 31, // stands for all from 31 on
};

// Which types the messages have: bit n of *types for type n. nal has a header of header_len bytes.
// 0, or -EBADMSG: cut short, or its trailing bits are not where the last message ends.
int rtsp_sei_parse(const uint8_t *nal, size_t len, size_t header_len, uint32_t *types);

// Whether it holds nothing but buffering_period, pic_timing and filler_payload. These serve the
// timing of a hypothetical decoder, where browsers go by RTP timestamps, and in front of a slice
// each would be a short packet that splits a train.
bool rtsp_sei_is_timing(const uint8_t *nal, size_t len, size_t header_len);
