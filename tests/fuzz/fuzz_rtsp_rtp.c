// SPDX-License-Identifier: Apache-2.0
//
// A camera's RTP and RTCP headers and sequence numbers. Input: how many numbers, the numbers, a
// packet, which is read both ways.
#include <errno.h>

#include "input.h"
#include "rtsp/rtp.h"

enum {
    SSRC = 7
};

static void check_step(struct rtsp_sequence *s, uint16_t number)
{
    struct rtsp_sequence was = *s;
    enum rtsp_sequence_step step = rtsp_sequence_take(s, number);

    assert(s->started);
    assert(step == RTSP_SEQUENCE_STALE ? s->newest == was.newest : s->newest == number);
    assert((step == RTSP_SEQUENCE_JUMP) == (s->jumps == was.jumps + 1));
    assert((step == RTSP_SEQUENCE_GAP) == (s->lost > was.lost));
    assert(s->lost - was.lost < RTSP_SEQUENCE_DROPOUT_MAX);
    assert((step == RTSP_SEQUENCE_STALE) ==
           (s->late + s->duplicates == was.late + was.duplicates + 1));
}

static void check_rtp(const uint8_t *data, size_t len)
{
    struct rtsp_rtp rtp;
    int rc = rtsp_rtp_parse(data, len, &rtp);

    assert(rc == 0 || rc == -EBADMSG);
    if (rc < 0)
        return;
    assert(rtp.payload >= data + 12 && rtp.payload + rtp.payload_len <= data + len);
    assert(rtp.payload_type <= 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct rtsp_sequence sequence = {0};
    struct rtsp_sr sr;
    uint8_t *packet;
    int rc;

    for (unsigned left = input_u8(&in); left > 0 && in.len > 0; left--)
        check_step(&sequence, input_u16(&in));
    packet = input_copy(in.data, in.len);
    check_rtp(packet, in.len);
    rc = rtsp_rtcp_find_sr(packet, in.len, &sr);
    assert(rc == 0 || rc == -ENOENT || rc == -EBADMSG);
    assert(rc != 0 || in.len >= 28);
    assert(!rtsp_rtcp_says_bye(packet, in.len, SSRC) || in.len >= 8);
    free(packet);
    return 0;
}
