// SPDX-License-Identifier: Apache-2.0
#include "rtsp/av1.h"

#include <errno.h>

#include "rtsp/bit_reader.h"

enum {
    FORBIDDEN_BIT = 0x80,
    HAS_EXTENSION = 0x04,
    HAS_SIZE = 0x02,
    PROFILE_MAX = 2,
    TIER_LEVEL_MIN = 8, // seq_level_idx below 4.0 has one tier only
    KEY_FRAME = 0,
};

// ---- OBUs ----

size_t rtsp_leb128_read(const uint8_t *data, size_t len, uint32_t *value)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < len && i < RTSP_LEB128_MAX; i++) {
        sum |= (uint64_t)(data[i] & 0x7f) << (7 * i);
        if (data[i] & 0x80)
            continue;
        if (sum > UINT32_MAX)
            return 0;
        *value = (uint32_t)sum;
        return i + 1;
    }
    return 0;
}

size_t rtsp_leb128_len(uint32_t value)
{
    size_t len = 1;

    for (; value > 0x7f; value >>= 7)
        len++;
    return len;
}

void rtsp_leb128_write(uint8_t *out, uint32_t value)
{
    for (; value > 0x7f; value >>= 7)
        *out++ = (uint8_t)(value | 0x80);
    *out = (uint8_t)value;
}

int rtsp_obu_parse(const uint8_t *data, size_t len, struct rtsp_obu *out)
{
    struct rtsp_obu obu;

    if (len == 0 || data[0] & FORBIDDEN_BIT)
        return -EBADMSG;
    obu.type = data[0] >> 3;
    obu.header_len = data[0] & HAS_EXTENSION ? 2 : 1;
    if (len < obu.header_len)
        return -EBADMSG;
    obu.payload = obu.header_len;
    obu.payload_len = len - obu.header_len;
    if (data[0] & HAS_SIZE) {
        uint32_t size;
        size_t size_len = rtsp_leb128_read(data + obu.payload, obu.payload_len, &size);

        if (size_len == 0 || size > obu.payload_len - size_len)
            return -EBADMSG;
        obu.payload += size_len;
        obu.payload_len = size;
    }
    *out = obu;
    return 0;
}

// ---- sequence header, 5.5 ----

// uvlc(), 4.10.3: only to get past it.
static void skip_uvlc(struct rtsp_bit_reader *b)
{
    unsigned zeros = 0;

    while (!b->failed && rtsp_read_bits(b, 1) == 0)
        zeros++;
    if (zeros < 32)
        rtsp_read_bits(b, zeros);
}

// timing_info() and decoder_model_info(). Returns the length of a buffer delay in bits, 0: there is
// no decoder model.
static unsigned read_timing(struct rtsp_bit_reader *b)
{
    unsigned delay_bits;

    rtsp_read_bits(b, 32);    // num_units_in_display_tick
    rtsp_read_bits(b, 32);    // time_scale
    if (rtsp_read_bits(b, 1)) // equal_picture_interval
        skip_uvlc(b);
    if (!rtsp_read_bits(b, 1)) // decoder_model_info_present_flag
        return 0;
    delay_bits = rtsp_read_bits(b, 5) + 1;
    rtsp_read_bits(b, 32); // num_units_in_decoding_tick
    rtsp_read_bits(b, 10); // lengths of buffer_removal_time and frame_presentation_time
    return delay_bits;
}

static void read_operating_points(struct rtsp_bit_reader *b, unsigned delay_bits,
                                  struct rtsp_picture_info *info)
{
    unsigned has_display_delay = rtsp_read_bits(b, 1);
    unsigned count = rtsp_read_bits(b, 5) + 1;

    for (unsigned i = 0; i < count; i++) {
        unsigned level, tier;

        rtsp_read_bits(b, 12); // operating_point_idc
        level = rtsp_read_bits(b, 5);
        tier = level >= TIER_LEVEL_MIN ? rtsp_read_bits(b, 1) : 0;
        if (delay_bits > 0 && rtsp_read_bits(b, 1)) {
            rtsp_read_bits(b, delay_bits); // decoder_buffer_delay
            rtsp_read_bits(b, delay_bits); // encoder_buffer_delay
            rtsp_read_bits(b, 1);          // low_delay_mode_flag
        }
        if (has_display_delay && rtsp_read_bits(b, 1))
            rtsp_read_bits(b, 4); // initial_display_delay_minus_1
        if (i == 0) {
            info->profile[1] = (uint8_t)level;
            info->profile[2] = (uint8_t)tier;
        }
    }
}

int rtsp_av1_parse_sequence(const uint8_t *payload, size_t len, struct rtsp_picture_info *out)
{
    struct rtsp_bit_reader b = rtsp_bit_reader(payload, len);
    struct rtsp_picture_info info = {0};
    unsigned width_bits, height_bits;

    info.profile[0] = (uint8_t)rtsp_read_bits(&b, 3);
    rtsp_read_bits(&b, 1);     // still_picture
    if (rtsp_read_bits(&b, 1)) // reduced_still_picture_header
        return -EBADMSG;
    read_operating_points(&b, rtsp_read_bits(&b, 1) ? read_timing(&b) : 0, &info);
    width_bits = rtsp_read_bits(&b, 4) + 1;
    height_bits = rtsp_read_bits(&b, 4) + 1;
    info.width = rtsp_read_bits(&b, width_bits) + 1;
    info.height = rtsp_read_bits(&b, height_bits) + 1;
    if (b.failed || info.profile[0] > PROFILE_MAX)
        return -EBADMSG;
    *out = info;
    return 0;
}

// ---- frame header, 5.9.2 ----

bool rtsp_av1_is_keyframe(const uint8_t *payload, size_t len)
{
    struct rtsp_bit_reader b = rtsp_bit_reader(payload, len);
    unsigned show_existing_frame = rtsp_read_bits(&b, 1);
    unsigned frame_type = rtsp_read_bits(&b, 2);
    unsigned show_frame = rtsp_read_bits(&b, 1);

    return !b.failed && !show_existing_frame && frame_type == KEY_FRAME && show_frame;
}
