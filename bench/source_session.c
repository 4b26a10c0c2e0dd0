// SPDX-License-Identifier: Apache-2.0
#include "bench/source_session.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "bench/source_server.h"

static const char UNSUPPORTED_TRANSPORT[] = "461 Unsupported Transport";

// The first SETUP makes the session, further ones add tracks to it.
static int begin(struct source_session *session, struct source_server *server,
                 struct source_output *output, struct source_stream *stream,
                 enum source_transport_kind kind)
{
    uint64_t id;
    int rc = 0;

    if (getrandom(&id, sizeof(id), 0) < 0)
        return -errno;
    session->player = (struct source_player){0};
    if (kind == SOURCE_TRANSPORT_UDP)
        rc = source_pacer_init(&session->pacer, server->base, &server->udp);
    if (rc < 0)
        return rc;
    if (kind == SOURCE_TRANSPORT_UDP)
        session->player.pacer = &session->pacer;
    else
        session->player.output = output;
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++)
        session->player.rtp_channel[t] = session->player.rtcp_channel[t] = -1;
    snprintf(session->id, sizeof(session->id), "%016" PRIx64, id);
    session->stream = stream;
    session->kind = kind;
    session->state = SOURCE_SESSION_READY;
    return 0;
}

static bool channel_taken(const struct source_player *player, enum bench_track except, int channel)
{
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        if (t != except && player->rtp_channel[t] >= 0 &&
            (player->rtp_channel[t] == channel || player->rtcp_channel[t] == channel))
            return true;
    }
    return false;
}

static bool add_interleaved(struct source_player *player, enum bench_track t,
                            struct source_transport *transport)
{
    if (transport->rtp < 0) {
        transport->rtp = 2 * (int)t;
        transport->rtcp = transport->rtp + 1;
    }
    if (transport->rtp == transport->rtcp || channel_taken(player, t, transport->rtp) ||
        channel_taken(player, t, transport->rtcp))
        return false;
    player->rtp_channel[t] = transport->rtp;
    player->rtcp_channel[t] = transport->rtcp;
    return true;
}

static void set_port(struct sockaddr_storage *address, int port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)address)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)address)->sin_port = htons((uint16_t)port);
}

// Packets go to where the request came from, whatever the client says (RFC 2326 16).
static bool add_udp(struct source_session *session, int fd, enum bench_track t,
                    const struct source_transport *transport)
{
    struct source_udp_peer *peer = &session->pacer.peer;
    int channel = 2 * (int)t;
    struct sockaddr_storage address;
    socklen_t len = sizeof(address);

    if (getpeername(fd, (struct sockaddr *)&address, &len) < 0)
        return false;
    peer->to[channel] = peer->to[channel + 1] = address;
    peer->to_len = len;
    set_port(&peer->to[channel], transport->rtp);
    set_port(&peer->to[channel + 1], transport->rtcp);
    session->player.rtp_channel[t] = channel;
    session->player.rtcp_channel[t] = channel + 1;
    return true;
}

const char *source_session_setup(struct source_session *session, struct source_server *server,
                                 struct source_output *output, const struct source_request *request,
                                 struct source_transport *chosen)
{
    struct source_stream *stream = source_server_find(server, request->path);
    enum bench_track t = (enum bench_track)request->track;

    if (stream == NULL || request->track < 0 || t >= BENCH_TRACKS ||
        stream->clip->track[t].units == NULL)
        return "404 Not Found";
    if (session->state == SOURCE_SESSION_PLAYING)
        return "455 Method Not Valid in This State";
    if (session->state == SOURCE_SESSION_READY && session->stream != stream)
        return "459 Aggregate Operation Not Allowed";
    const struct source_transport *offer =
        source_transport_choose(request->offers, request->offer_count, server->served);
    if (offer == NULL || (session->state == SOURCE_SESSION_READY && session->kind != offer->kind))
        return UNSUPPORTED_TRANSPORT;
    if (session->state == SOURCE_SESSION_NONE &&
        begin(session, server, output, stream, offer->kind) < 0)
        return "500 Internal Server Error";
    *chosen = *offer;
    bool added = offer->kind == SOURCE_TRANSPORT_UDP ? add_udp(session, output->fd, t, chosen)
                                                     : add_interleaved(&session->player, t, chosen);
    return added ? NULL : UNSUPPORTED_TRANSPORT;
}

const char *source_session_play(struct source_session *session)
{
    if (session->state == SOURCE_SESSION_NONE)
        return "454 Session Not Found";
    if (session->state == SOURCE_SESSION_READY)
        source_stream_play(session->stream, &session->player);
    session->state = SOURCE_SESSION_PLAYING;
    return NULL;
}

void source_session_end(struct source_session *session)
{
    if (session->state == SOURCE_SESSION_PLAYING)
        source_stream_leave(session->stream, &session->player);
    if (session->state != SOURCE_SESSION_NONE && session->kind == SOURCE_TRANSPORT_UDP)
        source_pacer_fini(&session->pacer);
    *session = (struct source_session){0};
}

bool source_session_matches(const struct source_session *session,
                            const struct source_request *request)
{
    return session->state != SOURCE_SESSION_NONE && strcmp(session->id, request->session) == 0;
}
