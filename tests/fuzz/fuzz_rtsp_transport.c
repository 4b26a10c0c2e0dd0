// SPDX-License-Identifier: Apache-2.0
//
// The answer to SETUP. Input: what was asked for, the answer's header lines.
#include "response.h"
#include "rtsp/transport.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct rtsp_transport t = {.kind = input_u8(&in) % (RTSP_TRANSPORT_MULTICAST + 1),
                               .rtp_channel = 2,
                               .rtcp_channel = 3};
    enum rtsp_transport_kind asked = t.kind;
    struct rtsp_message m;
    uint8_t *text = response_of(200, in, &m);

    if (!text)
        return 0;
    if (rtsp_transport_read(&m, &t) == 0) {
        assert(rtsp_transport_name(t.kind));
        assert(t.kind != RTSP_TRANSPORT_MULTICAST || (t.host[0] && t.rtp_port > 0));
        assert(t.kind == asked || rtsp_message_header(&m, "Transport", 0).len > 0);
    }
    assert(input_is_line(t.host, sizeof(t.host)));
    free(text);
    return 0;
}
