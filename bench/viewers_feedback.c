// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_feedback.h"

enum {
    NS_PER_S = 1000000000
};

static struct viewers_rtcp_block report_on(struct viewers_track *track, int64_t now_ns)
{
    uint64_t expected = track->expected - track->expected_reported;
    uint64_t received = track->received - track->received_reported;
    uint64_t lost = expected > received ? expected - received : 0;

    track->expected_reported = track->expected;
    track->received_reported = track->received;
    return (struct viewers_rtcp_block){
        .ssrc = track->ssrc,
        .fraction_lost = (uint8_t)((lost << 8) / (expected + 1)), // 255 where all is lost
        .lost = (int32_t)(track->expected - track->received),
        .highest = (uint32_t)track->sequence.newest,
        .jitter = track->jitter16 >> 4,
        .lsr = track->lsr,
        .dlsr = track->lsr ? (uint32_t)((now_ns - track->lsr_ns) * 65536 / NS_PER_S) : 0,
    };
}

static size_t write_report(struct viewers_media *media, int64_t now_ns, uint8_t *out)
{
    struct viewers_rtcp_block blocks[VIEWERS_RTCP_BLOCKS_MAX];
    size_t count = 0, len;

    if (media->video.sequence.started)
        blocks[count++] = report_on(&media->video, now_ns);
    if (media->audio.sequence.started)
        blocks[count++] = report_on(&media->audio, now_ns);
    media->report_ns = now_ns + VIEWERS_REPORT_NS;
    len = viewers_rtcp_write_report(out, media->ssrc, blocks, count);
    return len + viewers_rtcp_write_cname(out + len, media->ssrc);
}

static size_t write_nack(struct viewers_media *media, int64_t now_ns, int64_t rtt_ns, uint8_t *out)
{
    uint16_t seqs[VIEWERS_NACK_MAX];
    unsigned in_vain;
    size_t n = viewers_nack_due(&media->missing, now_ns, rtt_ns, seqs, &in_vain);

    viewers_count(media->env->counters, VIEWERS_COUNTER_NACKED, n);
    viewers_count(media->env->counters, VIEWERS_COUNTER_NACKS_IN_VAIN, in_vain);
    if (in_vain > 0 && media->pli && media->pli_ns == INT64_MAX)
        media->pli_ns = now_ns; // a decoder would stand still now
    if (n == 0)
        return 0;
    return viewers_rtcp_write_nack(out, media->ssrc, media->video.ssrc, seqs, n);
}

static size_t write_pli(struct viewers_media *media, int64_t now_ns, uint8_t *out)
{
    bool waiting = media->first_keyframe_ns == 0;

    media->pli_ns = waiting ? now_ns + VIEWERS_PLI_NS : INT64_MAX;
    if (!media->video.sequence.started) // no SSRC to ask
        return 0;
    viewers_count(media->env->counters, VIEWERS_COUNTER_PLI, 1);
    return viewers_rtcp_write_pli(out, media->ssrc, media->video.ssrc);
}

size_t viewers_feedback_write(struct viewers_media *media, int64_t now_ns, int64_t rtt_ns,
                              uint8_t out[VIEWERS_FEEDBACK_MAX])
{
    size_t begin, len;

    // A compound begins with a report, if only an empty one (RFC 3550 6.1).
    if (media->report_ns <= now_ns)
        begin = 0, len = write_report(media, now_ns, out);
    else
        begin = len = viewers_rtcp_write_report(out, media->ssrc, NULL, 0);
    if (viewers_nack_next_ns(&media->missing) <= now_ns)
        len += write_nack(media, now_ns, rtt_ns, out + len);
    if (media->pli_ns <= now_ns)
        len += write_pli(media, now_ns, out + len);
    if (len == begin)
        return 0;
    return viewers_srtp_seal_rtcp(media->env->cipher, &media->srtp, out, len);
}

int64_t viewers_feedback_next_ns(const struct viewers_media *media)
{
    int64_t next = viewers_nack_next_ns(&media->missing);

    next = media->report_ns < next ? media->report_ns : next;
    return media->pli_ns < next ? media->pli_ns : next;
}
