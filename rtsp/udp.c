// SPDX-License-Identifier: Apache-2.0
#include "rtsp/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/ports.h"
#include "rtsp/reorder.h"

// One track; the context of its ports and of its reorder buffer.
struct lane {
    struct rtsp_udp *udp;
    enum eng_track track;
    struct rtsp_ports *ports; // NULL: none open
    struct rtsp_reorder reorder;
};

struct rtsp_udp {
    struct event_base *base;
    struct rtsp_udp_owner owner;
    struct sockaddr_storage ours, theirs; // the RTSP connection's two ends
    struct lane lane[ENG_TRACKS];
    struct rtsp_now now; // of the packets that are going through the reorder buffers
};

// ---- what arrives ----

static void on_packet(void *ctx, const uint8_t *data, size_t len)
{
    struct lane *lane = ctx;

    lane->udp->owner.on_rtp(lane->udp->owner.ctx, lane->track, data, len, lane->udp->now);
}

static void on_datagram(void *ctx, bool rtcp, const uint8_t *data, size_t len, struct rtsp_now now)
{
    struct lane *lane = ctx;
    const struct rtsp_reorder_sink sink = {on_packet, lane};

    lane->udp->now = now;
    if (rtcp)
        lane->udp->owner.on_rtcp(lane->udp->owner.ctx, lane->track, data, len);
    else
        rtsp_reorder_put(&lane->reorder, data, len, rtsp_now_ms(now), &sink);
}

static void on_batch(void *ctx, struct rtsp_now now)
{
    struct lane *lane = ctx;

    lane->udp->owner.on_batch(lane->udp->owner.ctx, now);
}

// ---- the owner's calls ----

int rtsp_udp_create(struct event_base *base, int connection, const struct rtsp_udp_owner *owner,
                    struct rtsp_udp **out)
{
    struct rtsp_udp *udp = calloc(1, sizeof(*udp));
    socklen_t ours = sizeof(udp->ours), theirs = sizeof(udp->theirs);

    if (!udp)
        return -ENOMEM;
    udp->base = base;
    udp->owner = *owner;
    for (int t = 0; t < ENG_TRACKS; t++) {
        udp->lane[t].udp = udp;
        udp->lane[t].track = (enum eng_track)t;
        rtsp_reorder_init(&udp->lane[t].reorder);
    }
    if (getsockname(connection, (struct sockaddr *)&udp->ours, &ours) < 0 ||
        getpeername(connection, (struct sockaddr *)&udp->theirs, &theirs) < 0) {
        int rc = -errno;

        free(udp);
        return rc;
    }
    *out = udp;
    return 0;
}

static struct rtsp_ports_owner ports_owner(struct lane *lane)
{
    return (struct rtsp_ports_owner){.on_datagram = on_datagram, .on_batch = on_batch, .ctx = lane};
}

int rtsp_udp_ask(struct rtsp_udp *udp, struct rtsp_client *client, enum rtsp_transport_kind kind,
                 bool tcp_too)
{
    uint16_t port[ENG_TRACKS] = {0};

    for (int t = 0; t < ENG_TRACKS && kind == RTSP_TRANSPORT_UDP; t++) {
        struct lane *lane = &udp->lane[t];
        const struct rtsp_ports_owner owner = ports_owner(lane);
        int rc = rtsp_ports_open(udp->base, &udp->ours, &owner, &lane->ports);

        if (rc < 0)
            return rc;
        port[t] = rtsp_ports_number(lane->ports);
    }
    rtsp_client_ask_for(client, kind, port, tcp_too);
    return 0;
}

// An address as text, of the family that the connection has. False: it is none.
static bool read_host(const struct rtsp_udp *udp, const char *text, uint16_t port,
                      struct sockaddr_storage *out)
{
    memset(out, 0, sizeof(*out));
    out->ss_family = udp->theirs.ss_family;
    if (out->ss_family == AF_INET6) {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)out;

        address->sin6_port = htons(port);
        return inet_pton(AF_INET6, text, &address->sin6_addr) == 1;
    }
    struct sockaddr_in *address = (struct sockaddr_in *)out;

    address->sin_port = htons(port);
    return inet_pton(AF_INET, text, &address->sin_addr) == 1;
}

static int join(struct lane *lane, const struct rtsp_transport *transport)
{
    const struct rtsp_ports_owner owner = ports_owner(lane);
    struct rtsp_udp *udp = lane->udp;
    struct sockaddr_storage group;
    int rc;

    if (!read_host(udp, transport->host, transport->rtp_port, &group))
        return -EINVAL;
    rc = rtsp_ports_join(udp->base, &group, &udp->ours, &owner, &lane->ports);
    if (rc == 0)
        rtsp_ports_expect(lane->ports, &udp->theirs, &udp->theirs, 0, 0);
    return rc;
}

static void expect(struct lane *lane, const struct rtsp_transport *transport)
{
    struct rtsp_udp *udp = lane->udp;
    struct sockaddr_storage host;

    // Behind address translation cameras name an address that is theirs alone: media may then come
    // from where RTSP does.
    if (!read_host(udp, transport->host, 0, &host))
        host = udp->theirs;
    rtsp_ports_expect(lane->ports, &host, &udp->theirs, transport->rtp_port, transport->rtcp_port);
}

int rtsp_udp_begin(struct rtsp_udp *udp, const struct rtsp_client *client)
{
    int count = 0, rc = 0;

    for (int t = 0; t < ENG_TRACKS && rc == 0; t++) {
        const struct rtsp_transport *transport = rtsp_client_transport(client, (enum eng_track)t);

        if (!rtsp_client_format(client, (enum eng_track)t) || transport->kind == RTSP_TRANSPORT_TCP)
            continue;
        count++;
        if (transport->kind == RTSP_TRANSPORT_MULTICAST)
            rc = join(&udp->lane[t], transport);
        else
            expect(&udp->lane[t], transport);
    }
    return rc < 0 ? rc : count;
}

void rtsp_udp_keep_open(struct rtsp_udp *udp)
{
    for (int t = 0; t < ENG_TRACKS; t++)
        if (udp->lane[t].ports)
            rtsp_ports_keep_open(udp->lane[t].ports);
}

void rtsp_udp_send_rtcp(struct rtsp_udp *udp, enum eng_track track, const uint8_t *data, size_t len)
{
    if (udp->lane[track].ports)
        rtsp_ports_send_rtcp(udp->lane[track].ports, data, len);
}

int64_t rtsp_udp_due_ms(const struct rtsp_udp *udp)
{
    int64_t due_ms = INT64_MAX;

    for (int t = 0; t < ENG_TRACKS; t++)
        if (udp->lane[t].reorder.due_ms < due_ms)
            due_ms = udp->lane[t].reorder.due_ms;
    return due_ms;
}

void rtsp_udp_tick(struct rtsp_udp *udp, struct rtsp_now now)
{
    udp->now = now;
    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct rtsp_reorder_sink sink = {on_packet, &udp->lane[t]};

        rtsp_reorder_tick(&udp->lane[t].reorder, rtsp_now_ms(now), &sink);
    }
}

uint64_t rtsp_udp_reordered(const struct rtsp_udp *udp)
{
    uint64_t sum = 0;

    for (int t = 0; t < ENG_TRACKS; t++)
        sum += udp->lane[t].reorder.reordered;
    return sum;
}

void rtsp_udp_destroy(struct rtsp_udp *udp)
{
    if (!udp)
        return;
    for (int t = 0; t < ENG_TRACKS; t++) {
        rtsp_ports_close(udp->lane[t].ports);
        rtsp_reorder_restart(&udp->lane[t].reorder);
    }
    free(udp);
}
