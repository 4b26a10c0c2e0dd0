// SPDX-License-Identifier: Apache-2.0
//
// How a track's media comes: what is asked for in SETUP, and what the camera's answer says (RFC
// 2326 12.39). Plain functions on the caller's memory; any thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/message.h"

enum rtsp_transport_kind {
    RTSP_TRANSPORT_TCP,       // in the RTSP connection itself (RFC 2326 10.12)
    RTSP_TRANSPORT_UDP,       // to ports of ours
    RTSP_TRANSPORT_MULTICAST, // to a group that the camera names
};

const char *rtsp_transport_name(enum rtsp_transport_kind kind); // "tcp", "udp", "multicast"

enum {
    RTSP_TRANSPORT_HOST_MAX = 64, // an address as text, bytes with the NUL
    RTSP_TRANSPORT_MAX = 80,      // what is asked for, bytes with the NUL
};

struct rtsp_transport {
    enum rtsp_transport_kind kind;
    uint8_t rtp_channel, rtcp_channel; // TCP
    // UDP: the camera's ports, 0: it does not say. Multicast: those of the group.
    uint16_t rtp_port, rtcp_port;
    // UDP: where the media comes from, empty: from where RTSP does. Multicast: the group.
    char host[RTSP_TRANSPORT_HOST_MAX];
};

// What to ask for. number: TCP: the channel of RTP; UDP: our port for RTP. RTCP has the next one.
void rtsp_transport_ask(enum rtsp_transport_kind kind, uint16_t number,
                        char out[RTSP_TRANSPORT_MAX]);

// What the camera's answer to SETUP says. *transport: what was asked for on the way in (TCP:
// channels); what the answer leaves out stays as it is. 0, or -EBADMSG: it says what cannot be, or
// names no group and port for multicast.
int rtsp_transport_read(const struct rtsp_message *message, struct rtsp_transport *transport);
