// SPDX-License-Identifier: Apache-2.0
//
// bench/source: up to a thousand RTSP cameras in one process, from one looped clip of any bitrate,
// frame rate, GOP and size. Their frames are spread over time, as those of real cameras are, and
// cost next to nothing: what is measured beside them is the receiver.
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/clip.h"
#include "bench/option.h"
#include "bench/source_clip.h"
#include "bench/source_clock.h"
#include "bench/source_option.h"
#include "bench/source_server.h"
#include "bench/source_summary.h"
#include "bench/spread.h"

enum {
    NS_PER_MS = 1000000,
    NS_PER_S = 1000000000,
    US_PER_S = 1000000,
};

static int init_streams(struct source_stream *streams, const struct source_options *options,
                        struct event_base *base, const struct bench_clip *clip)
{
    int64_t now_ns = source_clock_ns();
    const char *name = options->name;

    if (name == NULL)
        name = options->streams == 1 ? "demo" : "cam";
    for (unsigned i = 0; i < options->streams; i++) {
        char full[SOURCE_NAME_MAX + 16];
        if (options->streams == 1)
            snprintf(full, sizeof(full), "%s", name);
        else
            snprintf(full, sizeof(full), "%.*s%u", SOURCE_NAME_MAX + 1, name, i + 1);
        streams[i].begin_ns = now_ns;
        if (!options->aligned)
            streams[i].begin_ns -= bench_spread_ns(&clip->track[BENCH_VIDEO], i);
        streams[i].audio_wait_ns = (int64_t)options->audio_wait_ms * NS_PER_MS;
        int rc = source_stream_init(&streams[i], base, clip, full);
        if (rc < 0) {
            while (i-- > 0)
                source_stream_fini(&streams[i]);
            return rc;
        }
    }
    return 0;
}

// A connection is a descriptor: as many as we may have.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// With timers of microseconds: libevent's usual clock goes in steps of a few milliseconds.
static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();

    if (config == NULL)
        return NULL;
    event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NO_CACHE_TIME);
    struct event_base *base = event_base_new_with_config(config);
    event_config_free(config);
    return base;
}

static void on_signal(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(ctx);
}

// ADDRESS:PORT; the port by hand, because evutil_parse_sockaddr_port() knows no port 0.
static int parse_address(const char *text, struct sockaddr_storage *out, int *out_len)
{
    char host[INET6_ADDRSTRLEN + 2];
    const char *colon = strrchr(text, ':');

    if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
        return -EINVAL;
    unsigned port = bench_option_number("source", colon + 1, 0, UINT16_MAX);
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    if (evutil_parse_sockaddr_port(host, (struct sockaddr *)out, out_len) != 0)
        return -EINVAL;
    if (out->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)out)->sin6_port = htons((uint16_t)port);
    else
        ((struct sockaddr_in *)out)->sin_port = htons((uint16_t)port);
    return 0;
}

static void print_listening(const struct source_server *server, const char *listen,
                            const struct sockaddr_storage *address)
{
    const struct sockaddr_in *in4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
    unsigned port = ntohs(address->ss_family == AF_INET6 ? in6->sin6_port : in4->sin_port);
    int host_len = (int)(strrchr(listen, ':') - listen);
    const char *first = server->streams[0].name;
    const char *last = server->streams[server->stream_count - 1].name;

    printf("source: rtsp://%.*s:%u/%s", host_len, listen, port, first);
    if (server->stream_count > 1)
        printf(" to %s", last);
    printf("\n");
    fflush(stdout);
}

// Serves until a signal.
static int serve(struct source_server *server, const char *listen)
{
    struct sockaddr_storage address = {0};
    int address_len = sizeof(address);

    if (parse_address(listen, &address, &address_len) < 0) {
        fprintf(stderr, "source: --listen %s: an address and a port are expected\n", listen);
        return -EINVAL;
    }
    int rc = source_server_init(server, &address, (socklen_t)address_len);
    if (rc < 0) {
        fprintf(stderr, "source: --listen %s: %s\n", listen, strerror(-rc));
        return rc;
    }
    print_listening(server, listen, &address);
    event_base_dispatch(server->base);
    source_server_fini(server);
    return 0;
}

static double cpu_seconds(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / US_PER_S;
}

// Serves until a signal, and says what was sent.
static int serve_and_report(struct source_server *server, const struct source_options *options)
{
    int64_t begin_ns = source_clock_ns();
    double begin_cpu = cpu_seconds();

    int rc = serve(server, options->listen);
    if (rc < 0)
        return rc;
    struct source_summary summary = {
        .streams = server->streams,
        .stream_count = server->stream_count,
        .refused = server->udp.refused,
        .seconds = (double)(source_clock_ns() - begin_ns) / NS_PER_S,
        .cpu_seconds = cpu_seconds() - begin_cpu,
    };
    source_summary_print(&summary);
    if (options->json != NULL)
        rc = source_summary_write(&summary, options->json);
    if (rc < 0)
        fprintf(stderr, "source: --json %s: %s\n", options->json, strerror(-rc));
    return rc;
}

// Everything between the clip and its end.
static int run(const struct source_options *options, const struct bench_clip *clip)
{
    int rc = -ENOMEM;
    struct event_base *base = create_base();
    struct source_stream *streams = calloc(options->streams, sizeof(*streams));

    if (base == NULL || streams == NULL)
        goto free_base;
    struct event *interrupt = evsignal_new(base, SIGINT, on_signal, base);
    struct event *terminate = evsignal_new(base, SIGTERM, on_signal, base);
    if (interrupt == NULL || terminate == NULL)
        goto free_signals;
    event_add(interrupt, NULL);
    event_add(terminate, NULL);
    rc = init_streams(streams, options, base, clip);
    if (rc < 0) {
        fprintf(stderr, "source: streams: %s (names have at most %d characters)\n", strerror(-rc),
                SOURCE_NAME_MAX);
        goto free_signals;
    }
    struct source_server server = {
        .base = base,
        .clip = clip,
        .streams = streams,
        .stream_count = options->streams,
        .served = {[SOURCE_TRANSPORT_INTERLEAVED] = !options->udp_only,
                   [SOURCE_TRANSPORT_UDP] = !options->tcp_only},
    };
    rc = serve_and_report(&server, options);
    for (unsigned i = 0; i < options->streams; i++)
        source_stream_fini(&streams[i]);
free_signals:
    if (interrupt != NULL)
        event_free(interrupt);
    if (terminate != NULL)
        event_free(terminate);
free_base:
    free(streams);
    if (base != NULL)
        event_base_free(base);
    return rc;
}

// The file that was named, or a clip as it was asked for.
static int load_clip(const struct source_options *options, struct bench_clip **clip)
{
    const struct source_wish *wish = &options->wish;
    struct bench_clip_options as = {
        .fps = wish->fps, .codec = wish->codec, .stamp = options->stamp};
    const char *path = options->clip, *error = "cannot be made";
    char made[PATH_MAX] = "";
    int rc = 0;

    if (path == NULL) {
        path = made;
        rc = source_clip_path(wish, made, sizeof(made));
        if (rc == 0)
            rc = source_clip_make(wish, made);
    }
    if (rc == 0)
        rc = bench_clip_load(path, &as, clip, &error);
    if (rc < 0)
        fprintf(stderr, "source: %s: %s (%s)\n", path, error, strerror(-rc));
    return rc;
}

int main(int argc, char **argv)
{
    struct source_options options = source_options_parse(argc, argv);
    struct bench_clip *clip = NULL;

    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    if (load_clip(&options, &clip) < 0)
        return BENCH_EXIT_USAGE;
    int rc = run(&options, clip);
    bench_clip_destroy(clip);
    return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
