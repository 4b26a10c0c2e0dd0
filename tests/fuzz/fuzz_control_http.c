// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection to the HTTP port, with all of control/ behind it but cameras: evhttp, guard,
// auth, WHEP, sessions. Input: what the client sends. Where SESSION stands in it, the id of a
// session that is there is sent.
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control/clock.h"
#include "control/config.h"
#include "control/http.h"
#include "control/log.h"
#include "control/sessions.h"
#include "control/streams.h"
#include "input.h"

#define SESSION "0123456789abcdef0123456789abcdef"

enum {
    // Of the loop: loopback hands on at once, so what has not come by then does not come.
    QUIET_TURNS = 8,
};

static const char config_text[] =
    "webrtc = { listen = \"127.0.0.1:1\"; tcp = false; };\n"
    "engine = { tx = \"sendmmsg\"; };\n"
    "auth = { users = ( { user = \"ann\";\n"
    "    password = \"sha256:x1:rKjvb9GJi20JUp27vJAiUwEjFHLbxg058AnOZU4sNZo=\"; } ); };\n"
    "streams = (\n"
    "    { name = \"cam1\"; source = \"rtsp://127.0.0.1:1/\"; },\n"
    "    { name = \"hall/down\"; source = \"rtsp://127.0.0.1:1/\"; },\n"
    "    { name = \"locked\"; source = \"rtsp://127.0.0.1:1/\"; read_auth = \"users\"; } );\n";

static const char offer[] =
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
    "m=video 9 UDP/TLS/RTP/SAVPF 102\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\n"
    "a=setup:actpass\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
    "a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:"
    "18:19:1A:1B:1C:1D:1E:1F\r\na=rtpmap:102 H264/90000\r\n"
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n";

static struct {
    struct event_base *base;
    struct ctl_config *config;
    struct eng_engine *engine;
    struct ctl_streams *streams;
    struct ctl_sessions *sessions;
    struct ctl_http *http;
    struct eng_addr addr;
    char id[CTL_SESSION_ID_LEN + 1];
} world;

// A loopback address whose port nobody has at this moment.
static struct eng_addr free_addr(int type)
{
    struct eng_addr addr = {.in4 = {.sin_family = AF_INET}};
    socklen_t len = sizeof(addr.in4);
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    addr.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert(fd >= 0 && bind(fd, &addr.sa, len) == 0 && getsockname(fd, &addr.sa, &len) == 0);
    close(fd);
    return addr;
}

static void load_config(void)
{
    char path[64], error[CTL_CONFIG_ERROR_MAX];
    int fd = memfd_create("rtcfan.cfg", MFD_CLOEXEC);

    assert(fd >= 0 && write(fd, config_text, sizeof(config_text) - 1) == sizeof(config_text) - 1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    assert(ctl_config_load(path, &world.config, error, sizeof(error)) == 0);
    close(fd);
    world.config->engine.listen = world.config->webrtc_listen = free_addr(SOCK_DGRAM);
    world.config->metrics_listen = free_addr(SOCK_STREAM);
    world.addr = world.config->http_listen = free_addr(SOCK_STREAM);
}

static void go_live(struct ctl_stream *stream)
{
    stream->status.state = RTSP_LIVE;
    stream->status.video = (struct rtsp_track_info){
        .codec = RTSP_CODEC_H264,
        .camera_codec = RTSP_CODEC_H264,
        .clock_rate = 90000,
        .profile = {0x42, 0xc0, 0x1f},
        .width = 1280,
        .height = 720,
    };
}

static void set_up(void)
{
    struct ctl_http_config http;
    const char *what;
    char error[CTL_CONFIG_ERROR_MAX];

    signal(SIGPIPE, SIG_IGN);
    ctl_log_set_level(CTL_LOG_ERROR);
    load_config();
    assert(evthread_use_pthreads() == 0);
    world.base = event_base_new();
    assert(world.base);
    assert(eng_engine_create(&world.config->engine, &world.engine, &what) == 0);
    assert(ctl_streams_create(world.base, world.engine, world.config, &world.streams) == 0);
    assert(ctl_sessions_create(world.base, world.engine, world.config, &world.sessions) == 0);
    http = (struct ctl_http_config){
        .config = world.config,
        .engine = world.engine,
        .streams = world.streams,
        .sessions = world.sessions,
    };
    assert(ctl_http_create(world.base, &http, &world.http, error, sizeof(error)) == 0);
    assert(eng_engine_start(world.engine) == 0);
    go_live(ctl_streams_at(world.streams, 0));
    go_live(ctl_streams_at(world.streams, 2));
}

// Sees to it that there is a session; the last one may be gone by a DELETE, or by time.
static void keep_session(void)
{
    struct ctl_session_origin origin = {
        .by_loopback = true,
        .came_ns = ctl_now_ns(),
        .until_ns = INT64_MAX,
    };
    static char answer[WRTC_SDP_MAX];
    struct wrtc_error error;
    struct ctl_session *session;

    if (ctl_session_find(world.sessions, world.id, CTL_SESSION_ID_LEN))
        return;
    // Refused for as long as inputs have filled the server.
    if (ctl_session_offer(world.sessions, ctl_streams_at(world.streams, 0), offer,
                          sizeof(offer) - 1, &origin, answer, sizeof(answer), &session,
                          &error) == 0)
        memcpy(world.id, ctl_session_id(session), CTL_SESSION_ID_LEN);
}

static void name_session(uint8_t *bytes, size_t len)
{
    const size_t session_len = sizeof(SESSION) - 1;
    uint8_t *at = bytes;

    while ((at = memmem(at, len - (size_t)(at - bytes), SESSION, session_len)) != NULL) {
        memcpy(at, world.id, session_len);
        at += session_len;
    }
}

// What came back begins with a status line, and is no fault of the server's.
static void check_answer(const char *answer)
{
    unsigned status = 0;

    assert(sscanf(answer, "HTTP/%*u.%*u %3u ", &status) == 1);
    assert(status >= 200 && status < 600 && status != 500);
}

static void talk(int fd)
{
    char answer[4096];
    bool begun = false;

    for (int quiet = 0; quiet < QUIET_TURNS; quiet++) {
        ssize_t n;

        event_base_loop(world.base, EVLOOP_NONBLOCK);
        n = recv(fd, answer, sizeof(answer) - 1, MSG_DONTWAIT);
        if (n == 0)
            break;
        if (n < 0)
            continue;
        if (!begun) {
            answer[n] = '\0';
            check_answer(answer);
        }
        begun = true;
        quiet = 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    // Whatever state it is in, so that no port is kept for latecomers.
    const struct linger reset = {.l_onoff = 1};
    uint8_t *bytes = input_copy(data, len);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (!world.base)
        set_up();
    keep_session();
    name_session(bytes, len);
    assert(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
    // libFuzzer's alarm interrupts it.
    while (connect(fd, &world.addr.sa, sizeof(world.addr.in4)) != 0 && errno != EISCONN)
        assert(errno == EINTR || errno == EALREADY);
    // All of it fits into the socket's buffers.
    if (len > 0)
        send(fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    talk(fd);
    close(fd);
    event_base_loop(world.base, EVLOOP_NONBLOCK);
    free(bytes);
    return 0;
}
