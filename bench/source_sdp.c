// SPDX-License-Identifier: Apache-2.0
#include "bench/source_sdp.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdio.h>

enum {
    BASE64_MAX = (BENCH_PARAMETER_SET_MAX + 2) / 3 * 4 + 1
};

static void base64(const uint8_t *data, size_t len, char to[BASE64_MAX])
{
    assert(len <= BENCH_PARAMETER_SET_MAX);
    EVP_EncodeBlock((unsigned char *)to, data, (int)len);
}

// RFC 7587 7, RFC 3551 6.
static const char *const rtpmaps[BENCH_CODECS] = {
    [BENCH_CODEC_OPUS] = "opus/48000/2",
    [BENCH_CODEC_PCMU] = "PCMU/8000",
    [BENCH_CODEC_PCMA] = "PCMA/8000",
};

static int write_audio(const struct bench_clip *clip, char *to, size_t room)
{
    unsigned payload_type = clip->track[BENCH_AUDIO].payload_type;
    int len = snprintf(to, room,
                       "m=audio 0 RTP/AVP %u\r\n"
                       "a=rtpmap:%u %s\r\n",
                       payload_type, payload_type, rtpmaps[clip->codec]);

    assert(len > 0 && (size_t)len < room);
    if (clip->codec == BENCH_CODEC_OPUS)
        len += snprintf(to + len, room - (size_t)len, "a=fmtp:%u sprop-stereo=1\r\n", payload_type);
    assert((size_t)len < room);
    len += snprintf(to + len, room - (size_t)len, "a=control:trackID=%d\r\n", BENCH_AUDIO);
    assert((size_t)len < room);
    return len;
}

size_t source_sdp_write(const struct bench_clip *clip, const char *name, char to[SOURCE_SDP_MAX])
{
    const struct bench_clip_track *video = &clip->track[BENCH_VIDEO];
    char sps[BASE64_MAX], pps[BASE64_MAX];

    base64(clip->sps, clip->sps_len, sps);
    base64(clip->pps, clip->pps_len, pps);
    int len = snprintf(to, SOURCE_SDP_MAX,
                       "v=0\r\n"
                       "o=- 1 1 IN IP4 127.0.0.1\r\n"
                       "s=%s\r\n"
                       "c=IN IP4 0.0.0.0\r\n"
                       "t=0 0\r\n"
                       "a=control:*\r\n"
                       "a=range:npt=now-\r\n"
                       "m=video 0 RTP/AVP %u\r\n"
                       "a=rtpmap:%u H264/%u\r\n"
                       "a=fmtp:%u packetization-mode=1;profile-level-id=%02x%02x%02x;"
                       "sprop-parameter-sets=%s,%s\r\n"
                       "a=control:trackID=%d\r\n",
                       name, video->payload_type, video->payload_type, video->clock_rate,
                       video->payload_type, clip->sps[1], clip->sps[2], clip->sps[3], sps, pps,
                       BENCH_VIDEO);
    assert(len > 0 && len < SOURCE_SDP_MAX);
    if (clip->codec != BENCH_CODEC_NONE)
        len += write_audio(clip, to + len, SOURCE_SDP_MAX - (size_t)len);
    return (size_t)len;
}
