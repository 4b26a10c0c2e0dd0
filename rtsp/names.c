// SPDX-License-Identifier: Apache-2.0
#include "rtsp/source.h"

const char *rtsp_state_name(enum rtsp_state state)
{
    switch (state) {
    case RTSP_IDLE:
        return "idle";
    case RTSP_CONNECTING:
        return "connecting";
    case RTSP_LIVE:
        return "live";
    case RTSP_STALLED:
        return "stalled";
    case RTSP_WAITING:
        return "waiting";
    case RTSP_STATES:
        break;
    }
    return "unknown";
}

const char *rtsp_cause_name(enum rtsp_cause cause)
{
    static const char *const names[RTSP_CAUSES] = {
        [RTSP_CAUSE_REFUSED] = "refused", [RTSP_CAUSE_UNREACHABLE] = "unreachable",
        [RTSP_CAUSE_TLS] = "tls",         [RTSP_CAUSE_AUTH] = "auth",
        [RTSP_CAUSE_CLOSED] = "closed",   [RTSP_CAUSE_SILENCE] = "silence",
        [RTSP_CAUSE_NO_UDP] = "no_udp",   [RTSP_CAUSE_PROTOCOL] = "protocol",
        [RTSP_CAUSE_CODEC] = "codec",     [RTSP_CAUSE_LOCAL] = "local",
    };

    return names[cause];
}

const char *rtsp_codec_name(enum rtsp_codec codec)
{
    switch (codec) {
    case RTSP_CODEC_NONE:
        return "none";
    case RTSP_CODEC_H264:
        return "H264";
    case RTSP_CODEC_H265:
        return "H265";
    case RTSP_CODEC_VP8:
        return "VP8";
    case RTSP_CODEC_VP9:
        return "VP9";
    case RTSP_CODEC_AV1:
        return "AV1";
    case RTSP_CODEC_OPUS:
        return "opus";
    case RTSP_CODEC_PCMU:
        return "PCMU";
    case RTSP_CODEC_PCMA:
        return "PCMA";
    case RTSP_CODEC_G722:
        return "G722";
    case RTSP_CODEC_L16:
        return "L16";
    case RTSP_CODEC_AAC:
        return "AAC";
    }
    return "unknown";
}
