// SPDX-License-Identifier: Apache-2.0
#include "bench/source_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/source_output.h"
#include "bench/source_request.h"
#include "bench/source_sdp.h"
#include "bench/source_server.h"
#include "bench/source_session.h"

enum {
    READ_MAX = 16384, // bytes of one turn, so that one client cannot keep the others waiting
    FRAMING_LEN = 4,
    // What a client may have sent without waiting for answers: a request with its body.
    INPUT_MAX = SOURCE_HEAD_MAX + SOURCE_BODY_MAX + 4 + READ_MAX,
    RESPONSE_MAX = SOURCE_SDP_MAX + 2048,
    SEND_BUFFER_MIN = 256 << 10,
    SESSION_TIMEOUT_S = 60, // said, not kept: the connection's end is the session's
};

struct source_client {
    LIST_ENTRY(source_client) link;
    struct source_server *server;
    int fd;
    struct event *readable;
    struct evbuffer *input;
    struct source_output output;
    struct source_session session;
};

static const char SESSION_NOT_FOUND[] = "454 Session Not Found";

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

static void on_setup(struct source_client *client, const struct source_request *request)
{
    struct source_session *session = &client->session;
    struct source_transport chosen;
    const char *refusal =
        source_session_setup(session, client->server, &client->output, request, &chosen);

    if (refusal != NULL) {
        respond_status(client, request, refusal);
        return;
    }
    uint32_t ssrc = session->stream->ssrc[request->track];
    unsigned port = client->server->udp.port;
    if (chosen.kind == SOURCE_TRANSPORT_UDP)
        respond(client, request, "200 OK",
                "Session: %s;timeout=%d\r\n"
                "Transport: RTP/AVP;unicast;client_port=%d-%d;server_port=%u-%u;ssrc=%08X\r\n\r\n",
                session->id, SESSION_TIMEOUT_S, chosen.rtp, chosen.rtcp, port, port + 1, ssrc);
    else
        respond(client, request, "200 OK",
                "Session: %s;timeout=%d\r\n"
                "Transport: RTP/AVP/TCP;unicast;interleaved=%d-%d;ssrc=%08X\r\n\r\n",
                session->id, SESSION_TIMEOUT_S, chosen.rtp, chosen.rtcp, ssrc);
}

// RTP-Info (RFC 2326 12.33): where each track begins.
static void format_info(const struct source_client *client, char *info, size_t info_size)
{
    const struct source_stream *stream = client->session.stream;
    const struct source_player *player = &client->session.player;
    char authority[INET6_ADDRSTRLEN + 9];
    int len = 0;

    format_authority(client, authority, sizeof(authority));
    info[0] = '\0';
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        int64_t k = player->first[t];
        if (player->rtp_channel[t] < 0)
            continue;
        len += snprintf(info + len, info_size - (size_t)len,
                        "%surl=rtsp://%s/%s/trackID=%d;seq=%u;rtptime=%u", len > 0 ? "," : "",
                        authority, stream->name, t, source_stream_sequence(stream, t, k),
                        source_stream_timestamp(stream, t, k));
    }
}

static void on_play(struct source_client *client, const struct source_request *request)
{
    const struct source_session *session = &client->session;
    char info[512 + BENCH_TRACKS * SOURCE_NAME_MAX];
    bool again = session->state == SOURCE_SESSION_PLAYING;
    const char *refusal = source_session_matches(session, request)
                              ? source_session_play(&client->session)
                              : SESSION_NOT_FOUND;

    if (refusal != NULL) {
        respond_status(client, request, refusal);
    } else if (again) {
        respond(client, request, "200 OK", "Session: %s\r\n\r\n", session->id);
    } else {
        format_info(client, info, sizeof(info));
        respond(client, request, "200 OK",
                "Session: %s;timeout=%d\r\nRange: npt=now-\r\nRTP-Info: %s\r\n\r\n", session->id,
                SESSION_TIMEOUT_S, info);
    }
}

static void on_teardown(struct source_client *client, const struct source_request *request)
{
    if (!source_session_matches(&client->session, request)) {
        respond_status(client, request, SESSION_NOT_FOUND);
        return;
    }
    source_session_end(&client->session);
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
        if (request->session[0] != '\0' && !source_session_matches(&client->session, request))
            respond_status(client, request, SESSION_NOT_FOUND);
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

// About a second of media, as a camera has it. The kernel's own choice holds half a minute, and a
// slow reader would see an old picture rather than a gap.
static void limit_send_buffer(const struct source_client *client)
{
    const struct bench_clip_track *video = &client->server->clip->track[BENCH_VIDEO];
    size_t second = video->bytes_len * video->clock_rate / video->loop_ticks;
    int size = second > SEND_BUFFER_MIN ? (int)second : SEND_BUFFER_MIN;

    if (setsockopt(client->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(client->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int source_client_create(struct source_server *server, int fd)
{
    struct source_client *client = calloc(1, sizeof(*client));
    int one = 1;

    if (client == NULL) {
        close(fd);
        return -ENOMEM;
    }
    client->server = server;
    client->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    limit_send_buffer(client);
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
    source_session_end(&client->session);
    LIST_REMOVE(client, link);
    client->server->client_count--;
    event_free(client->readable);
    evbuffer_free(client->input);
    source_output_fini(&client->output);
    close(client->fd);
    free(client);
}
