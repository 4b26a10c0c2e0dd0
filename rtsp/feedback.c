// SPDX-License-Identifier: Apache-2.0
#include "rtsp/feedback.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "rtsp/bytes.h"

enum {
    RTCP_RR = 201,
    RTCP_SDES = 202,
    RTCP_PSFB = 206,
    SDES_CNAME = 1,
    FMT_PLI = 1,
    FMT_FIR = 4,
    LOST_MAX = 0x7fffff, // 24 bits, signed
};

void rtsp_feedback_begin(struct rtsp_feedback *feedback, enum rtsp_refresh refresh, uint32_t ssrc,
                         const struct rtsp_track_stats *stats, int64_t now_ms)
{
    *feedback = (struct rtsp_feedback){
        .refresh = refresh,
        .ssrc = ssrc,
        .report_ms = now_ms + RTSP_FEEDBACK_REPORT_MS,
        .refresh_ms = now_ms,
        .lost_before = stats->rtp_lost,
        .lost = stats->rtp_lost,
        .received = stats->rtp_packets,
        .dropped = stats->frames_dropped,
    };
}

void rtsp_feedback_want(struct rtsp_feedback *feedback, const struct rtsp_track_stats *stats)
{
    if (feedback->wanted || feedback->refresh == RTSP_REFRESH_NONE)
        return;
    feedback->wanted = true;
    feedback->keyframes = stats->keyframes;
    feedback->command++;
}

// The first 32 bits of each packet (RFC 3550 6.4.1). words: that follow.
static uint8_t *put_head(uint8_t *p, unsigned count, uint8_t type, uint16_t words)
{
    p[0] = (uint8_t)(0x80 | count);
    p[1] = type;
    rtsp_write_u16(p + 2, words);
    return p + 4;
}

static uint8_t *put_u32(uint8_t *p, uint32_t value)
{
    rtsp_write_u32(p, value);
    return p + 4;
}

// Jitter and the time of the last sender report are left out: cameras have no use for them.
static uint8_t *put_report(struct rtsp_feedback *f, const struct rtsp_track_stats *stats,
                           const struct rtsp_reception *reception, uint8_t *p)
{
    uint64_t lost = stats->rtp_lost - f->lost;
    uint64_t expected = lost + stats->rtp_packets - f->received;
    uint64_t fraction = expected > 0 ? lost * 256 / expected : 0;
    uint64_t all = stats->rtp_lost - f->lost_before;

    f->lost = stats->rtp_lost;
    f->received = stats->rtp_packets;
    p = put_head(p, 1, RTCP_RR, 7);
    p = put_u32(p, f->ssrc);
    p = put_u32(p, reception->ssrc);
    p = put_u32(p, (uint32_t)(fraction > 255 ? 255 : fraction) << 24 |
                       (uint32_t)(all > LOST_MAX ? LOST_MAX : all));
    p = put_u32(p, reception->highest);
    memset(p, 0, 12);
    return p + 12;
}

// Each compound packet names its sender (RFC 3550 6.1).
static uint8_t *put_name(const struct rtsp_feedback *f, uint8_t *p)
{
    char name[16];
    int len = snprintf(name, sizeof(name), "rtcfan-%08x", f->ssrc);

    assert(len == 15);
    p = put_head(p, 1, RTCP_SDES, 6);
    p = put_u32(p, f->ssrc);
    p[0] = SDES_CNAME;
    p[1] = (uint8_t)len;
    memcpy(p + 2, name, (size_t)len);
    memset(p + 2 + len, 0, 3); // the end of the list, and of the word
    return p + 2 + len + 3;
}

static uint8_t *put_refresh(const struct rtsp_feedback *f, uint32_t media_ssrc, uint8_t *p)
{
    bool fir = f->refresh == RTSP_REFRESH_FIR;

    p = put_head(p, fir ? FMT_FIR : FMT_PLI, RTCP_PSFB, fir ? 4 : 2);
    p = put_u32(p, f->ssrc);
    p = put_u32(p, fir ? 0 : media_ssrc);
    if (!fir)
        return p;
    p = put_u32(p, media_ssrc);
    return put_u32(p, (uint32_t)f->command << 24);
}

size_t rtsp_feedback_write(struct rtsp_feedback *feedback, const struct rtsp_track_stats *stats,
                           const struct rtsp_reception *reception, int64_t now_ms,
                           uint8_t out[RTSP_FEEDBACK_MAX])
{
    uint8_t *p = out;
    bool refresh;

    if (stats->frames_dropped > feedback->dropped)
        rtsp_feedback_want(feedback, stats);
    feedback->dropped = stats->frames_dropped;
    if (stats->keyframes > feedback->keyframes)
        feedback->wanted = false;
    refresh = feedback->wanted && now_ms >= feedback->refresh_ms;
    if (!refresh && now_ms < feedback->report_ms)
        return 0;
    feedback->report_ms = now_ms + RTSP_FEEDBACK_REPORT_MS;
    p = put_report(feedback, stats, reception, p);
    p = put_name(feedback, p);
    if (refresh) {
        feedback->refresh_ms = now_ms + RTSP_FEEDBACK_REFRESH_MS;
        p = put_refresh(feedback, reception->ssrc, p);
    }
    return (size_t)(p - out);
}
