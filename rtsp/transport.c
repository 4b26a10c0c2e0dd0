// SPDX-License-Identifier: Apache-2.0
#include "rtsp/transport.h"

#include <errno.h>
#include <stdio.h>

const char *rtsp_transport_name(enum rtsp_transport_kind kind)
{
    static const char *const names[] = {
        [RTSP_TRANSPORT_TCP] = "tcp",
        [RTSP_TRANSPORT_UDP] = "udp",
        [RTSP_TRANSPORT_MULTICAST] = "multicast",
    };

    return names[kind];
}

void rtsp_transport_ask(enum rtsp_transport_kind kind, uint16_t number,
                        char out[RTSP_TRANSPORT_MAX])
{
    switch (kind) {
    case RTSP_TRANSPORT_TCP:
        snprintf(out, RTSP_TRANSPORT_MAX, "RTP/AVP/TCP;unicast;interleaved=%u-%u", number,
                 number + 1u);
        break;
    case RTSP_TRANSPORT_UDP:
        snprintf(out, RTSP_TRANSPORT_MAX, "RTP/AVP;unicast;client_port=%u-%u", number, number + 1u);
        break;
    case RTSP_TRANSPORT_MULTICAST:
        snprintf(out, RTSP_TRANSPORT_MAX, "RTP/AVP;multicast");
        break;
    }
}

// "5000-5001", or "5000", which means that and the next.
static bool read_pair(struct rtsp_span text, uint32_t max, uint32_t pair[2])
{
    struct rtsp_span first;

    rtsp_span_cut(&text, '-', &first);
    if (!rtsp_span_number(rtsp_span_trim(first), max, &pair[0]))
        return false;
    if (!rtsp_span_number(rtsp_span_trim(text), max, &pair[1]))
        pair[1] = (pair[0] + 1) & max;
    return true;
}

static int read_channels(struct rtsp_span value, struct rtsp_transport *t)
{
    uint32_t pair[2];

    if (!read_pair(value, UINT8_MAX, pair))
        return -EBADMSG;
    t->kind = RTSP_TRANSPORT_TCP;
    t->rtp_channel = (uint8_t)pair[0];
    t->rtcp_channel = (uint8_t)pair[1];
    return 0;
}

static int read_ports(struct rtsp_span value, struct rtsp_transport *t)
{
    uint32_t pair[2];

    if (!read_pair(value, UINT16_MAX, pair))
        return -EBADMSG;
    t->rtp_port = (uint16_t)pair[0];
    t->rtcp_port = (uint16_t)pair[1];
    return 0;
}

static int read_host(struct rtsp_span value, struct rtsp_transport *t)
{
    return rtsp_span_copy(rtsp_span_trim(value), t->host, sizeof(t->host)) < 0 ? -EBADMSG : 0;
}

// One parameter between semicolons. What is not known is passed over.
static int read_parameter(struct rtsp_span part, struct rtsp_transport *t)
{
    bool multicast = t->kind == RTSP_TRANSPORT_MULTICAST;
    struct rtsp_span value;

    if (rtsp_span_starts(part, "RTP/AVP/TCP", NULL))
        t->kind = RTSP_TRANSPORT_TCP;
    else if (rtsp_span_is(part, "multicast"))
        t->kind = RTSP_TRANSPORT_MULTICAST;
    else if (rtsp_span_is(part, "unicast") && multicast)
        t->kind = RTSP_TRANSPORT_UDP;
    else if (rtsp_span_starts(part, "interleaved=", &value))
        return read_channels(value, t);
    else if (rtsp_span_starts(part, multicast ? "port=" : "server_port=", &value))
        return read_ports(value, t);
    else if (rtsp_span_starts(part, multicast ? "destination=" : "source=", &value))
        return read_host(value, t);
    return 0;
}

// The lower transport stands first in the header: "RTP/AVP" alone is UDP (RFC 2326 12.39).
static void read_profile(struct rtsp_span part, struct rtsp_transport *t)
{
    if ((rtsp_span_is(part, "RTP/AVP") || rtsp_span_is(part, "RTP/AVP/UDP")) &&
        t->kind == RTSP_TRANSPORT_TCP)
        t->kind = RTSP_TRANSPORT_UDP;
}

int rtsp_transport_read(const struct rtsp_message *message, struct rtsp_transport *transport)
{
    struct rtsp_span rest = rtsp_message_header(message, "Transport", 0);
    struct rtsp_span part;
    int rc = 0;

    for (bool first = true; rc == 0 && rtsp_span_cut(&rest, ';', &part); first = false) {
        part = rtsp_span_trim(part);
        if (first)
            read_profile(part, transport);
        rc = read_parameter(part, transport);
    }
    if (rc == 0 && transport->kind == RTSP_TRANSPORT_MULTICAST &&
        (transport->host[0] == '\0' || transport->rtp_port == 0))
        rc = -EBADMSG;
    return rc;
}
