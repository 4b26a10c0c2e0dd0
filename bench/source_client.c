// SPDX-License-Identifier: Apache-2.0
#include "bench/source_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "bench/source_output.h"
#include "bench/source_request.h"
#include "bench/source_sdp.h"
#include "bench/source_server.h"

enum {
    READ_MAX = 16384, // bytes of one turn, so that one client cannot keep the others waiting
    FRAMING_LEN = 4,
    // What a client may have sent without waiting for answers: a request with its body.
    INPUT_MAX = SOURCE_HEAD_MAX + SOURCE_BODY_MAX + 4 + READ_MAX,
    RESPONSE_MAX = SOURCE_SDP_MAX + 2048,
    // About a second of media, as a camera has it. The kernel's own choice holds half a minute, and
    // a slow reader would see an old picture rather than a gap.
    SEND_BUFFER = 256 << 10,
    SESSION_TIMEOUT_S = 60, // said, not kept: the connection's end is the session's
};

struct source_client {
    LIST_ENTRY(source_client) link;
    struct source_server *server;
    int fd;
    struct event *readable;
    struct evbuffer *input;
    struct source_output output;
    struct source_stream *stream; // of the session; NULL: no SETUP yet
    struct source_player player;
    bool playing;
    char session[17];
};

// Status line and CSeq, then headers and body as the format says.
static void respond(struct source_client *client, const struct source_request *request,
                    const char *status, const char *format, ...)
{
    char text[RESPONSE_MAX];
    va_list args;

    int len = snprintf(text, sizeof(text), "RTSP/1.0 %s\r\nCSeq: %s\r\n", status, request->cseq);
    va_start(args, format);
    len += vsnprintf(text + len, sizeof(text) - (size_t)len, format, args);
    va_end(args);
    source_output_send(&client->output, text, (size_t)len);
}

static void respond_status(struct source_client *client, const struct source_request *request,
                           const char *status)
{
    respond(client, request, status, "\r\n");
}

static bool session_matches(const struct source_client *client,
                            const struct source_request *request)
{
    return client->stream != NULL && strcmp(client->session, request->session) == 0;
}

// The URL's host part as the client sees this server. text: at least INET6_ADDRSTRLEN + 9 bytes.
static void format_authority(const struct source_client *client, char *text, size_t text_size)
{
    struct sockaddr_storage address = {0}; // of no family if the socket is gone
    socklen_t len = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "";

    getsockname(client->fd, (struct sockaddr *)&address, &len);
    if (address.ss_family == AF_INET6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
        evutil_inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
        snprintf(text, text_size, "[%s]:%u", host, ntohs(in6->sin6_port));
    } else if (address.ss_family == AF_INET) {
        struct sockaddr_in *in4 = (struct sockaddr_in *)&address;
        evutil_inet_ntop(AF_INET, &in4->sin_addr, host, sizeof(host));
        snprintf(text, text_size, "%s:%u", host, ntohs(in4->sin_port));
    } else {
        snprintf(text, text_size, "localhost");
    }
}

static void on_describe(struct source_client *client, const struct source_request *request)
{
    const struct source_stream *stream = source_server_find(client->server, request->path);
    char sdp[SOURCE_SDP_MAX], authority[INET6_ADDRSTRLEN + 9];

    if (stream == NULL) {
        respond_status(client, request, "404 Not Found");
        return;
    }
    size_t sdp_len = source_sdp_write(stream->clip, stream->name, sdp);
    format_authority(client, authority, sizeof(authority));
    respond(client, request, "200 OK",
            "Content-Base: rtsp://%s/%s/\r\n"
            "Content-Type: application/sdp\r\n"
            "Content-Length: %zu\r\n\r\n%s",
            authority, stream->name, sdp_len, sdp);
}

// The first SETUP makes the session, further ones add tracks to it.
static int begin_session(struct source_client *client, struct source_stream *stream)
{
    uint64_t id;

    if (client->stream != NULL)
        return 0;
    if (getrandom(&id, sizeof(id), 0) < 0)
        return -errno;
    snprintf(client->session, sizeof(client->session), "%016" PRIx64, id);
    client->stream = stream;
    client->player = (struct source_player){.output = &client->output};
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++)
        client->player.rtp_channel[t] = client->player.rtcp_channel[t] = -1;
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

static void on_setup(struct source_client *client, const struct source_request *request)
{
    static const bool served[SOURCE_TRANSPORTS] = {[SOURCE_TRANSPORT_INTERLEAVED] = true};
    struct source_stream *stream = source_server_find(client->server, request->path);
    struct source_player *player = &client->player;
    enum bench_track t = (enum bench_track)request->track;

    if (stream == NULL || request->track < 0 || t >= BENCH_TRACKS ||
        stream->clip->track[t].units == NULL) {
        respond_status(client, request, "404 Not Found");
        return;
    }
    if (client->stream != NULL && client->stream != stream) {
        respond_status(client, request, "459 Aggregate Operation Not Allowed");
        return;
    }
    if (client->playing) {
        respond_status(client, request, "455 Method Not Valid in This State");
        return;
    }
    const struct source_transport *offer =
        source_transport_choose(request->offers, request->offer_count, served);
    if (offer == NULL) {
        respond_status(client, request, "461 Unsupported Transport");
        return;
    }
    if (begin_session(client, stream) < 0) {
        respond_status(client, request, "500 Internal Server Error");
        return;
    }
    int rtp = offer->rtp >= 0 ? offer->rtp : 2 * request->track;
    int rtcp = offer->rtp >= 0 ? offer->rtcp : rtp + 1;
    if (rtp == rtcp || channel_taken(player, t, rtp) || channel_taken(player, t, rtcp)) {
        respond_status(client, request, "461 Unsupported Transport");
        return;
    }
    player->rtp_channel[t] = rtp;
    player->rtcp_channel[t] = rtcp;
    respond(client, request, "200 OK",
            "Session: %s;timeout=%d\r\n"
            "Transport: RTP/AVP/TCP;unicast;interleaved=%d-%d;ssrc=%08X\r\n\r\n",
            client->session, SESSION_TIMEOUT_S, rtp, rtcp, stream->ssrc[t]);
}

static void on_play(struct source_client *client, const struct source_request *request)
{
    const struct source_stream *stream = client->stream;
    char info[512 + BENCH_TRACKS * SOURCE_NAME_MAX], authority[INET6_ADDRSTRLEN + 9];
    int len = 0;

    if (!session_matches(client, request)) {
        respond_status(client, request, "454 Session Not Found");
        return;
    }
    if (client->playing) {
        respond(client, request, "200 OK", "Session: %s\r\n\r\n", client->session);
        return;
    }
    // Nothing is sent before the event loop's next turn: the answer comes first.
    source_stream_play(client->stream, &client->player);
    client->playing = true;
    format_authority(client, authority, sizeof(authority));
    info[0] = '\0';
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        int64_t k = client->player.first[t];
        if (client->player.rtp_channel[t] < 0)
            continue;
        len += snprintf(info + len, sizeof(info) - (size_t)len,
                        "%surl=rtsp://%s/%s/trackID=%d;seq=%u;rtptime=%u", len > 0 ? "," : "",
                        authority, stream->name, t, source_stream_sequence(stream, t, k),
                        source_stream_timestamp(stream, t, k));
    }
    respond(client, request, "200 OK",
            "Session: %s;timeout=%d\r\nRange: npt=now-\r\nRTP-Info: %s\r\n\r\n", client->session,
            SESSION_TIMEOUT_S, info);
}

static void leave_stream(struct source_client *client)
{
    if (client->playing)
        source_stream_leave(client->stream, &client->player);
    client->server->units_sent += client->player.units_sent;
    client->server->units_dropped += client->player.units_dropped;
    client->playing = false;
    client->stream = NULL;
    client->player = (struct source_player){0};
}

static void on_teardown(struct source_client *client, const struct source_request *request)
{
    if (!session_matches(client, request)) {
        respond_status(client, request, "454 Session Not Found");
        return;
    }
    leave_stream(client);
    respond_status(client, request, "200 OK");
}

static void handle(struct source_client *client, const struct source_request *request)
{
    switch (request->method) {
    case SOURCE_OPTIONS:
        respond(client, request, "200 OK",
                "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n\r\n");
        break;
    case SOURCE_DESCRIBE:
        on_describe(client, request);
        break;
    case SOURCE_SETUP:
        on_setup(client, request);
        break;
    case SOURCE_PLAY:
        on_play(client, request);
        break;
    case SOURCE_GET_PARAMETER:
        if (request->session[0] != '\0' && !session_matches(client, request))
            respond_status(client, request, "454 Session Not Found");
        else
            respond_status(client, request, "200 OK");
        break;
    case SOURCE_TEARDOWN:
        on_teardown(client, request);
        break;
    case SOURCE_METHOD_OTHER:
        respond_status(client, request, "501 Not Implemented");
        break;
    }
}

// Takes requests and interleaved packets (the client's RTCP, ignored) as far as they are complete.
static int take_input(struct source_client *client)
{
    for (;;) {
        size_t len = evbuffer_get_length(client->input);
        const unsigned char *data = evbuffer_pullup(client->input, -1);
        int taken;

        if (len == 0)
            return 0;
        if (data[0] == '$') {
            size_t total =
                len < FRAMING_LEN ? len + 1 : FRAMING_LEN + (size_t)(data[2] << 8 | data[3]);
            taken = total <= len ? (int)total : 0;
        } else {
            struct source_request request;
            taken = source_request_parse((const char *)data, len, &request);
            if (taken > 0)
                handle(client, &request);
        }
        if (taken <= 0)
            return taken < 0 || len > INPUT_MAX ? -EBADMSG : 0;
        evbuffer_drain(client->input, (size_t)taken);
    }
}

static void on_readable(evutil_socket_t fd, short what, void *ctx)
{
    struct source_client *client = ctx;
    (void)what;

    int n = evbuffer_read(client->input, fd, READ_MAX);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || take_input(client) < 0)
        source_client_destroy(client);
}

int source_client_create(struct source_server *server, int fd)
{
    struct source_client *client = calloc(1, sizeof(*client));
    int one = 1, send_buffer = SEND_BUFFER;

    if (client == NULL) {
        close(fd);
        return -ENOMEM;
    }
    client->server = server;
    client->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    int rc = source_output_init(&client->output, server->base, fd);
    if (rc < 0)
        goto close_socket;
    rc = -ENOMEM;
    client->input = evbuffer_new();
    if (client->input == NULL)
        goto fini_output;
    client->readable = event_new(server->base, fd, EV_READ | EV_PERSIST, on_readable, client);
    if (client->readable == NULL || event_add(client->readable, NULL) != 0)
        goto free_events;
    LIST_INSERT_HEAD(&server->clients, client, link);
    server->client_count++;
    return 0;

free_events:
    if (client->readable != NULL)
        event_free(client->readable);
    evbuffer_free(client->input);
fini_output:
    source_output_fini(&client->output);
close_socket:
    close(fd);
    free(client);
    return rc;
}

void source_client_destroy(struct source_client *client)
{
    leave_stream(client);
    LIST_REMOVE(client, link);
    client->server->client_count--;
    event_free(client->readable);
    evbuffer_free(client->input);
    source_output_fini(&client->output);
    close(client->fd);
    free(client);
}
