// SPDX-License-Identifier: Apache-2.0
//
// A camera's session description. Input: its text.
#include "input.h"
#include "rtsp/sdp.h"

static void check_track(const struct rtsp_sdp_track *track)
{
    const struct rtsp_format *format = &track->format;

    assert(input_is_line(track->control, sizeof(track->control)));
    assert(input_is_line(track->offered, sizeof(track->offered)));
    for (size_t i = 0; i < sizeof(format->set) / sizeof(format->set[0]); i++)
        assert(format->set[i].len <= sizeof(format->set[i].data));
    if (format->codec == RTSP_CODEC_NONE)
        return;
    assert(strcmp(rtsp_codec_name(format->codec), "unknown") != 0);
    assert(format->payload_type <= 127 && format->clock_rate > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = (char *)input_copy(data, len);
    struct rtsp_sdp sdp;

    if (rtsp_sdp_parse(text, len, true, &sdp) == 0) {
        assert(input_is_line(sdp.control, sizeof(sdp.control)));
        for (int t = 0; t < ENG_TRACKS; t++)
            check_track(&sdp.track[t]);
    }
    free(text);
    return 0;
}
