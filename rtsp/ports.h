// SPDX-License-Identifier: Apache-2.0
//
// The UDP ports on which one track of a camera arrives: RTP on an even one, RTCP on the next (RFC
// 3550 11), unicast or multicast. Ingest thread; its event_base calls the owner.
//
// Only what comes from the camera's addresses is taken: anybody can send to a port.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "rtsp/now.h"

struct event_base;
struct rtsp_ports;

enum {
    RTSP_PORTS_DATAGRAM_MAX = 2048, // bytes; longer ones are dropped. Ethernet's MTU and some
    RTSP_PORTS_BATCH = 32,          // datagrams taken by one system call
    RTSP_PORTS_TRIES = 64,          // pairs of ports of which one was taken already
};

// Both may close the ports.
struct rtsp_ports_owner {
    // Bytes are gone when it returns. now: when the batch was taken off the socket.
    void (*on_datagram)(void *ctx, bool rtcp, const uint8_t *data, size_t len, struct rtsp_now now);
    // A batch of datagrams is over.
    void (*on_batch)(void *ctx, struct rtsp_now now);
    void *ctx;
};

// local: the address at which the camera shall reach us; its port is ignored. 0 or -errno.
int rtsp_ports_open(struct event_base *base, const struct sockaddr_storage *local,
                    const struct rtsp_ports_owner *owner, struct rtsp_ports **out);

// Joins a multicast group on the interface that has this address. group's port is that of RTP.
int rtsp_ports_join(struct event_base *base, const struct sockaddr_storage *group,
                    const struct sockaddr_storage *local, const struct rtsp_ports_owner *owner,
                    struct rtsp_ports **out);

// The port of RTP.
uint16_t rtsp_ports_number(const struct rtsp_ports *ports);

// From now on what these two addresses send is taken (they may be the same), nothing before. rtp
// and rtcp: the camera's own ports, 0: unknown. Where they are known, a packet to each at the first
// address opens firewalls on the way.
void rtsp_ports_expect(struct rtsp_ports *ports, const struct sockaddr_storage *from,
                       const struct sockaddr_storage *or_from, uint16_t rtp, uint16_t rtcp);

// Sends those packets again (an RTCP receiver report without blocks, RFC 3550 6.4.2): firewalls
// forget, and some cameras end a session of which they hear nothing by RTCP.
void rtsp_ports_keep_open(struct rtsp_ports *ports);

// To the camera's port for RTCP; nothing where that is unknown. What is lost is lost.
void rtsp_ports_send_rtcp(struct rtsp_ports *ports, const uint8_t *data, size_t len);

// NULL does no harm.
void rtsp_ports_close(struct rtsp_ports *ports);
