// SPDX-License-Identifier: Apache-2.0
#include "rtsp/carrier.h"

#include <assert.h>
#include <string.h>

#include "rtsp/bytes.h"
#include "rtsp/feedback.h"

static int ask_for_udp(struct rtsp_carrier *c, struct event_base *base, int connection,
                       const struct rtsp_udp_owner *owner, struct rtsp_client *client)
{
    enum rtsp_transport_kind kind =
        c->choice == RTSP_CHOOSE_MULTICAST ? RTSP_TRANSPORT_MULTICAST : RTSP_TRANSPORT_UDP;
    int rc = rtsp_udp_create(base, connection, owner, &c->udp);

    if (rc == 0)
        rc = rtsp_udp_ask(c->udp, client, kind, c->choice == RTSP_CHOOSE_AUTO);
    if (rc < 0)
        rtsp_carrier_end(c);
    return rc;
}

int rtsp_carrier_ask(struct rtsp_carrier *carrier, struct event_base *base, int connection,
                     const struct rtsp_udp_owner *owner, struct rtsp_client *client)
{
    const struct rtsp_url *url = rtsp_client_url(client);
    int rc = 0;

    if (carrier->choice != RTSP_CHOOSE_TCP && !carrier->tcp && !url->tls && !url->tunnel) {
        rc = ask_for_udp(carrier, base, connection, owner, client);
        if (rc == 0 || carrier->choice != RTSP_CHOOSE_AUTO)
            return rc;
    }
    rtsp_client_ask_for(client, RTSP_TRANSPORT_TCP, NULL, false);
    return 0;
}

int rtsp_carrier_begin(struct rtsp_carrier *carrier, const struct rtsp_client *client)
{
    int count;

    if (!carrier->udp)
        return 0;
    count = rtsp_udp_begin(carrier->udp, client);
    if (count == 0) {
        rtsp_carrier_give_up_udp(carrier);
        rtsp_carrier_end(carrier);
    }
    return count < 0 ? count : 0;
}

void rtsp_carrier_send_rtcp(struct rtsp_carrier *carrier, struct rtsp_link *link,
                            const struct rtsp_client *client, enum eng_track track,
                            const uint8_t *data, size_t len)
{
    const struct rtsp_transport *transport = rtsp_client_transport(client, track);
    uint8_t frame[4 + RTSP_FEEDBACK_MAX] = {'$', transport->rtcp_channel}; // RFC 2326 10.12

    assert(len <= RTSP_FEEDBACK_MAX);
    if (transport->kind != RTSP_TRANSPORT_TCP) {
        rtsp_udp_send_rtcp(carrier->udp, track, data, len);
        return;
    }
    rtsp_write_u16(frame + 2, (uint16_t)len);
    memcpy(frame + 4, data, len);
    (void)rtsp_link_send(link, frame, 4 + len);
}

bool rtsp_carrier_may_give_up_udp(const struct rtsp_carrier *carrier)
{
    return carrier->udp && carrier->choice == RTSP_CHOOSE_AUTO;
}

void rtsp_carrier_give_up_udp(struct rtsp_carrier *carrier)
{
    carrier->tcp = carrier->choice == RTSP_CHOOSE_AUTO;
}

void rtsp_carrier_end(struct rtsp_carrier *carrier)
{
    carrier->reordered = rtsp_carrier_reordered(carrier);
    rtsp_udp_destroy(carrier->udp);
    carrier->udp = NULL;
}

uint64_t rtsp_carrier_reordered(const struct rtsp_carrier *carrier)
{
    return carrier->reordered + (carrier->udp ? rtsp_udp_reordered(carrier->udp) : 0);
}
