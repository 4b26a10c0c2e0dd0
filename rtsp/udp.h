// SPDX-License-Identifier: Apache-2.0
//
// A camera's media over UDP, unicast or multicast: ports for each track, and their RTP back in
// order. Ingest thread; its event_base calls the owner.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "engine/publish.h"
#include "rtsp/client.h"

struct event_base;
struct rtsp_udp;

// None may destroy it but on_batch.
struct rtsp_udp_owner {
    // Packets are gone when these return. RTP of one track comes in order, gaps and strays apart.
    void (*on_rtp)(void *ctx, enum eng_track track, const uint8_t *data, size_t len,
                   struct rtsp_now now);
    void (*on_rtcp)(void *ctx, enum eng_track track, const uint8_t *data, size_t len);
    // Some have come, and no more at the moment.
    void (*on_batch)(void *ctx, struct rtsp_now now);
    void *ctx;
};

// connection: the RTSP connection's socket; media comes between the same two addresses unless the
// camera says otherwise. 0 or -errno.
int rtsp_udp_create(struct event_base *base, int connection, const struct rtsp_udp_owner *owner,
                    struct rtsp_udp **out);

// Has the client ask for UDP or multicast, and opens ports for that. tcp_too: see
// rtsp_client_ask_for(). 0 or -errno.
int rtsp_udp_ask(struct rtsp_udp *udp, struct rtsp_client *client, enum rtsp_transport_kind kind,
                 bool tcp_too);

// When the client is ready: from now on what the camera sends is taken. Returns how many tracks
// come over UDP, or -errno; -EINVAL: a multicast group that is no address.
int rtsp_udp_begin(struct rtsp_udp *udp, const struct rtsp_client *client);

// Keeps firewalls on the way open; for each keepalive of the session.
void rtsp_udp_keep_open(struct rtsp_udp *udp);

// RTCP of ours for the track, if it comes by unicast.
void rtsp_udp_send_rtcp(struct rtsp_udp *udp, enum eng_track track, const uint8_t *data,
                        size_t len);

// When rtsp_udp_tick() is due, in ms of a monotonic clock; INT64_MAX: not at all.
int64_t rtsp_udp_due_ms(const struct rtsp_udp *udp);
// Gives up packets that have been waited for.
void rtsp_udp_tick(struct rtsp_udp *udp, struct rtsp_now now);

// Packets that came in the wrong order and were put right.
uint64_t rtsp_udp_reordered(const struct rtsp_udp *udp);

// NULL does no harm.
void rtsp_udp_destroy(struct rtsp_udp *udp);
