// SPDX-License-Identifier: Apache-2.0
//
// How the media of one source comes: over the RTSP connection, or by UDP or multicast, whose ports
// are held here while a session lasts. Ingest thread; a plain struct in the source's memory.
//
// RTSP_CHOOSE_AUTO begins with UDP. A camera that refuses it, and one of which nothing arrives by
// UDP (rtsp_carrier_give_up_udp), is asked for TCP from then on. With rtsps and
// +http media comes in the connection, whatever the choice: by UDP it would be in the clear, or not
// get through.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/client.h"
#include "rtsp/link.h"
#include "rtsp/source.h"
#include "rtsp/udp.h"

struct event_base;

// All zero but its choice: no session yet.
struct rtsp_carrier {
    enum rtsp_transport_choice choice;
    bool tcp;             // what RTSP_CHOOSE_AUTO has come to
    struct rtsp_udp *udp; // in a session, unless media comes over TCP
    uint64_t reordered;   // of sessions before this one
};

// Tells the client what to ask for. connection: its socket; owner: takes what comes by UDP. 0, or
// -errno: there are no ports.
int rtsp_carrier_ask(struct rtsp_carrier *carrier, struct event_base *base, int connection,
                     const struct rtsp_udp_owner *owner, struct rtsp_client *client);

// The camera has decided how its media comes. 0, or -errno: it cannot be received so.
int rtsp_carrier_begin(struct rtsp_carrier *carrier, const struct rtsp_client *client);

// RTCP of ours for the track, the way that its media comes: up to RTSP_FEEDBACK_MAX bytes. What
// cannot be sent is lost.
void rtsp_carrier_send_rtcp(struct rtsp_carrier *carrier, struct rtsp_link *link,
                            const struct rtsp_client *client, enum eng_track track,
                            const uint8_t *data, size_t len);

// Media of this session is to come by UDP, and the next session may ask for TCP.
bool rtsp_carrier_may_give_up_udp(const struct rtsp_carrier *carrier);
void rtsp_carrier_give_up_udp(struct rtsp_carrier *carrier);

// The session is over.
void rtsp_carrier_end(struct rtsp_carrier *carrier);

// Packets that came in the wrong order and were put right, in all sessions.
uint64_t rtsp_carrier_reordered(const struct rtsp_carrier *carrier);
