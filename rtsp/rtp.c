// SPDX-License-Identifier: Apache-2.0
#include "rtsp/rtp.h"

#include <errno.h>

#include "rtsp/bytes.h"

enum {
    RTP_HEADER_LEN = 12,
    RTCP_HEADER_LEN = 4,
    RTCP_SR_LEN = 28, // header, SSRC and sender information
    RTCP_SR = 200,
    RTCP_BYE = 203,
};

static bool is_version_2(uint8_t first)
{
    return first >> 6 == 2;
}

int rtsp_rtp_parse(const uint8_t *data, size_t len, struct rtsp_rtp *out)
{
    size_t head = RTP_HEADER_LEN;
    size_t padding = 0;

    if (len < head || !is_version_2(data[0]))
        return -EBADMSG;
    head += 4 * (size_t)(data[0] & 0x0f);
    if (data[0] & 0x10) {
        if (len < head + 4)
            return -EBADMSG;
        head += 4 + 4 * (size_t)rtsp_read_u16(data + head + 2);
    }
    if (len < head)
        return -EBADMSG;
    if (data[0] & 0x20) {
        padding = data[len - 1];
        if (padding == 0 || padding > len - head)
            return -EBADMSG;
    }
    *out = (struct rtsp_rtp){
        .marker = data[1] >> 7,
        .payload_type = data[1] & 0x7f,
        .sequence = rtsp_read_u16(data + 2),
        .timestamp = rtsp_read_u32(data + 4),
        .ssrc = rtsp_read_u32(data + 8),
        .payload = data + head,
        .payload_len = len - head - padding,
    };
    return 0;
}

static void start_at(struct rtsp_sequence *s, uint16_t number)
{
    s->started = true;
    s->newest = number;
    s->wraps = 0;
    s->history = 1;
    s->late_run = 0;
}

static enum rtsp_sequence_step take_late(struct rtsp_sequence *s, uint16_t number, unsigned behind)
{
    uint64_t bit = (uint64_t)1 << behind;

    s->late_run = s->late_run && number == s->late_next ? s->late_run + 1 : 1;
    s->late_next = (uint16_t)(number + 1);
    if (s->late_run == RTSP_SEQUENCE_LATE_RUN) {
        start_at(s, number);
        s->jumps++;
        return RTSP_SEQUENCE_JUMP;
    }
    if (s->history & bit)
        s->duplicates++;
    else
        s->late++;
    s->history |= bit;
    return RTSP_SEQUENCE_STALE;
}

enum rtsp_sequence_step rtsp_sequence_take(struct rtsp_sequence *s, uint16_t number)
{
    uint16_t ahead = (uint16_t)(number - s->newest);
    uint16_t behind = (uint16_t)(s->newest - number);

    if (!s->started) {
        start_at(s, number);
        return RTSP_SEQUENCE_NEXT;
    }
    if (behind < RTSP_SEQUENCE_LATE_MAX)
        return take_late(s, number, behind);
    if (ahead > RTSP_SEQUENCE_DROPOUT_MAX) {
        start_at(s, number);
        s->jumps++;
        return RTSP_SEQUENCE_JUMP;
    }
    if (number < s->newest)
        s->wraps++;
    s->newest = number;
    s->history = ahead < 64 ? s->history << ahead | 1 : 1;
    s->late_run = 0;
    s->lost += ahead - 1u;
    return ahead == 1 ? RTSP_SEQUENCE_NEXT : RTSP_SEQUENCE_GAP;
}

uint32_t rtsp_sequence_highest(const struct rtsp_sequence *s)
{
    return (uint32_t)s->wraps << 16 | s->newest;
}

void rtsp_sequence_restart(struct rtsp_sequence *s)
{
    s->started = false;
}

// The bytes of the packet that a compound one begins with; 0: malformed.
static size_t rtcp_size(const uint8_t *data, size_t len)
{
    size_t size;

    if (len < RTCP_HEADER_LEN || !is_version_2(data[0]))
        return 0;
    size = 4 * ((size_t)rtsp_read_u16(data + 2) + 1);
    return size <= len ? size : 0;
}

int rtsp_rtcp_find_sr(const uint8_t *data, size_t len, struct rtsp_sr *out)
{
    while (len > 0) {
        size_t size = rtcp_size(data, len);

        if (size == 0)
            return -EBADMSG;
        if (data[1] == RTCP_SR) {
            if (size < RTCP_SR_LEN)
                return -EBADMSG;
            *out = (struct rtsp_sr){
                .ssrc = rtsp_read_u32(data + 4),
                .ntp = (uint64_t)rtsp_read_u32(data + 8) << 32 | rtsp_read_u32(data + 12),
                .rtp_timestamp = rtsp_read_u32(data + 16),
            };
            return 0;
        }
        data += size;
        len -= size;
    }
    return -ENOENT;
}

bool rtsp_rtcp_says_bye(const uint8_t *data, size_t len, uint32_t ssrc)
{
    size_t size;

    for (; (size = rtcp_size(data, len)) > 0; data += size, len -= size) {
        size_t count = data[1] == RTCP_BYE ? data[0] & 0x1f : 0;

        for (size_t i = 0; i < count && 4 * (i + 2) <= size; i++)
            if (rtsp_read_u32(data + 4 * (i + 1)) == ssrc)
                return true;
    }
    return false;
}
