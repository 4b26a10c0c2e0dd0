// SPDX-License-Identifier: Apache-2.0
#include "control/server.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "control/addr.h"
#include "control/http.h"
#include "control/listen.h"
#include "control/log.h"
#include "control/relay.h"
#include "control/sessions.h"
#include "control/streams.h"
#include "control/version.h"

enum {
    // From the first signal to the end of the loop, goodbyes answered or not. Sources take up to
    // 1 s (CTL_INGEST_STOP_MS); what follows is joins and frees.
    CLOSE_LIMIT_MS = 1500,

    // The kernel lets go of a ring's socket only some 30 ms after its process has ended (measured
    // on 6.18), so a server that is restarted finds its own port in use. Others keep theirs for
    // longer.
    BIND_ATTEMPTS = 10,
    BIND_RETRY_MS = 100,

    // Status of a process that a second signal ended, as a shell shows SIGINT.
    EXIT_INTERRUPTED = 130,
};

struct server {
    const struct ctl_config *config;
    struct event_base *base;
    struct eng_engine *engine;
    struct ctl_streams *streams;
    struct ctl_sessions *sessions;
    struct ctl_relay *relay; // NULL: no TCP for media
    struct ctl_http *http;
    int signal_fd;
    struct event *signal_event;
    struct event *close_deadline;
    unsigned goodbyes; // that are still awaited: sessions, streams
};

// ---- going down ----

static void on_second_signal(int signal)
{
    (void)signal;
    _exit(EXIT_INTERRUPTED);
}

// From now on by handler, which works even where the loop hangs.
static void arm_second_signal(void)
{
    struct sigaction action = {.sa_handler = on_second_signal};
    sigset_t set;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void on_goodbye(void *ctx)
{
    struct server *server = ctx;

    assert(server->goodbyes > 0);
    if (--server->goodbyes == 0)
        event_base_loopbreak(server->base);
}

static void on_close_deadline(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;

    (void)fd;
    (void)what;
    ctl_log(CTL_LOG_WARN, "server", "not all viewers and cameras could be told goodbye in time");
    event_base_loopbreak(server->base);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    struct server *server = arg;
    struct timeval limit = {
        .tv_sec = CLOSE_LIMIT_MS / 1000,
        .tv_usec = CLOSE_LIMIT_MS % 1000 * 1000L,
    };
    struct signalfd_siginfo info;

    (void)what;
    if (read(fd, &info, sizeof(info)) != sizeof(info))
        return;
    event_del(server->signal_event);
    arm_second_signal();
    ctl_log(CTL_LOG_INFO, "server", "SIG%s: closing", sigabbrev_np((int)info.ssi_signo));
    evtimer_add(server->close_deadline, &limit);
    server->goodbyes = 2;
    ctl_sessions_close_all(server->sessions, on_goodbye, server);
    ctl_http_stop(server->http);
    ctl_streams_stop(server->streams, on_goodbye, server);
}

// ---- coming up ----

static void on_news(void *ctx, struct ctl_stream *stream)
{
    struct server *server = ctx;

    ctl_sessions_news(server->sessions, stream);
    ctl_http_news(server->http, stream);
}

static bool know_viewer(void *ctx, const struct eng_tuple *tuple)
{
    struct server *server = ctx;

    return ctl_sessions_know(server->sessions, tuple);
}

static bool hold_viewer(void *ctx, const struct eng_tuple *tuple, bool crowded)
{
    struct server *server = ctx;

    return ctl_sessions_hold(server->sessions, tuple, crowded);
}

static void raise_file_limit(void)
{
    struct rlimit limit;

    // Each HTTP connection and each camera takes one; the soft limit is often 1,024.
    if (getrlimit(RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

// Threads inherit the mask: signals come to the control loop alone.
static int open_signals(struct server *server)
{
    sigset_t set;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    server->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return server->signal_fd < 0 ? -errno : 0;
}

static int create_loop(struct server *server)
{
    // Two loops run, on two threads: libevent's own globals need their locks.
    if (evthread_use_pthreads())
        return -ENOMEM;
    server->base = event_base_new();
    if (!server->base)
        return -ENOMEM;
    server->signal_event =
        event_new(server->base, server->signal_fd, EV_READ | EV_PERSIST, on_signal, server);
    server->close_deadline = evtimer_new(server->base, on_close_deadline, server);
    if (!server->signal_event || !server->close_deadline || event_add(server->signal_event, NULL))
        return -ENOMEM;
    return 0;
}

static int create_engine(struct server *server, char *error, size_t error_size)
{
    const struct ctl_config *config = server->config;
    const struct timespec pause = {.tv_nsec = BIND_RETRY_MS * 1000000L};
    const char *what = "";
    int rc = eng_engine_create(&config->engine, &server->engine, &what);

    for (int i = 1; rc == -EADDRINUSE && i < BIND_ATTEMPTS; i++) {
        nanosleep(&pause, NULL);
        rc = eng_engine_create(&config->engine, &server->engine, &what);
    }
    if (rc && strcmp(what, "bind") == 0)
        ctl_listen_error(config, "webrtc.listen", rc, error, error_size);
    else if (rc)
        snprintf(error, error_size,
                 "%s:1: engine: %s: %s; see the keys of engine in "
                 "configs/rtcfan.cfg",
                 config->path, what, strerror(-rc));
    return rc;
}

static int create_relay(struct server *server, char *error, size_t error_size)
{
    const struct ctl_relay_viewers viewers = {know_viewer, hold_viewer, server};
    const struct ctl_config *config = server->config;
    int rc;

    if (!config->tcp)
        return 0;
    rc = ctl_relay_create(server->base, &config->webrtc_listen, &viewers, &server->relay);
    if (rc)
        ctl_listen_error(config, "webrtc.listen", rc, error, error_size);
    return rc;
}

// Everything that can fail, ports first. Nothing runs yet.
static int create_parts(struct server *server, char *error, size_t error_size)
{
    struct ctl_http_config http = {.config = server->config};
    const char *part = "signals";
    int rc = open_signals(server);

    error[0] = '\0';
    if (!rc) {
        part = "event loop";
        rc = create_loop(server);
    }
    if (!rc)
        rc = create_engine(server, error, error_size);
    if (!rc)
        rc = create_relay(server, error, error_size);
    if (!rc) {
        part = "streams";
        rc = ctl_streams_create(server->base, server->engine, server->config, &server->streams);
    }
    if (!rc) {
        part = "sessions";
        rc = ctl_sessions_create(server->base, server->engine, server->config, &server->sessions);
    }
    if (!rc) {
        http.engine = server->engine;
        http.streams = server->streams;
        http.sessions = server->sessions;
        http.relay = server->relay;
        rc = ctl_http_create(server->base, &http, &server->http, error, error_size);
    }
    if (!rc)
        ctl_streams_watch(server->streams, on_news, server);
    if (rc && !error[0])
        snprintf(error, error_size, "%s:1: cannot set up %s: %s", server->config->path, part,
                 strerror(-rc));
    return rc;
}

static int start_parts(struct server *server, char *error, size_t error_size)
{
    const char *part = "workers";
    int rc = eng_engine_start(server->engine);

    if (!rc) {
        part = "ingest thread";
        rc = ctl_streams_start(server->streams);
    }
    if (rc)
        snprintf(error, error_size, "%s:1: cannot start %s: %s", server->config->path, part,
                 strerror(-rc));
    return rc;
}

static void destroy_parts(struct server *server)
{
    if (server->http)
        ctl_http_destroy(server->http);
    if (server->sessions)
        ctl_sessions_destroy(server->sessions);
    ctl_relay_destroy(server->relay);
    // Before the engine: the ingest thread writes into its streams.
    if (server->streams)
        ctl_streams_destroy(server->streams);
    if (server->engine)
        eng_engine_destroy(server->engine);
    if (server->close_deadline)
        event_free(server->close_deadline);
    if (server->signal_event)
        event_free(server->signal_event);
    if (server->base)
        event_base_free(server->base);
    if (server->signal_fd >= 0)
        close(server->signal_fd);
}

// ---- what runs, for the log ----

static void log_tx(const struct eng_engine *engine)
{
    struct eng_tx_costs costs = eng_engine_tx_costs(engine);

    if (costs.io_uring_ns != 0)
        ctl_log(CTL_LOG_INFO, "engine",
                "send backend %s: a message costs %u ns by io_uring here, %u ns by sendmmsg",
                eng_engine_tx_name(engine), costs.io_uring_ns, costs.sendmmsg_ns);
    else
        ctl_log(CTL_LOG_INFO, "engine", "send backend %s", eng_engine_tx_name(engine));
}

static void log_workers(const struct server *server)
{
    char cores[ENG_WORKERS_MAX * 5 + 1]; // up to four digits and a blank each
    FILE *f = fmemopen(cores, sizeof(cores), "w");

    if (!f)
        return;
    for (unsigned i = 0; i < eng_engine_workers(server->engine); i++)
        fprintf(f, "%s%d", i ? " " : "", eng_engine_core(server->engine, i));
    fclose(f);
    ctl_log(CTL_LOG_INFO, "engine", "cores %s (%s), sealer %s", cores,
            server->config->engine.core_count ? "as configured" : "chosen", eng_sealer_name());
    log_tx(server->engine);
}

static void log_parts(const struct server *server)
{
    const struct ctl_config *config = server->config;
    const char *scheme = config->http_cert ? "https" : "http";
    struct eng_addr page = config->http_listen;
    char text[CTL_ADDR_TEXT_MAX];

    ctl_log(CTL_LOG_INFO, "server", "rtcfan %s, %s, %zu streams", ctl_version(), config->path,
            config->stream_count);
    log_workers(server);
    ctl_log(CTL_LOG_INFO, "webrtc", "media on %s/udp%s, up to %u viewers",
            ctl_addr_format(&config->webrtc_listen, text), config->tcp ? " and tcp" : "",
            config->max_viewers);
    ctl_log(CTL_LOG_INFO, "metrics", "http://%s/metrics",
            ctl_addr_format(&config->metrics_listen, text));
    ctl_log(CTL_LOG_INFO, "http", "on %s%s", ctl_addr_format(&config->http_listen, text),
            config->http_cert ? ", with TLS" : "");
    ctl_addr_make_concrete(&page);
    ctl_addr_format(&page, text);
    for (size_t i = 0; i < config->stream_count; i++)
        ctl_log(CTL_LOG_INFO, "http", "page %s://%s/%s/", scheme, text, config->streams[i].name);
}

int ctl_server_run(const struct ctl_config *config, char *error, size_t error_size)
{
    struct server server = {.config = config, .signal_fd = -1};
    int rc;

    raise_file_limit();
    rc = create_parts(&server, error, error_size);
    if (!rc)
        rc = start_parts(&server, error, error_size);
    if (!rc) {
        log_parts(&server);
        event_base_dispatch(server.base);
    }
    destroy_parts(&server);
    if (!rc)
        ctl_log(CTL_LOG_INFO, "server", "closed");
    return rc;
}
