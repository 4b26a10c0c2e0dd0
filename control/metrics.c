// SPDX-License-Identifier: Apache-2.0
#include "control/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "control/relay.h"
#include "control/stream_metrics.h"
#include "version_info.h"

const char *ctl_metrics_escape(const char *value, char *out, size_t size)
{
    size_t used = 0;

    for (; *value; value++) {
        char escaped = *value;
        bool escape = *value == '\n' || *value == '\\' || *value == '"';

        if (used + (escape ? 2 : 1) >= size)
            break;
        if (escape)
            out[used++] = '\\';
        if (escaped == '\n')
            escaped = 'n';
        out[used++] = escaped;
    }
    out[used] = '\0';
    return out;
}

void ctl_metrics_head(struct evbuffer *out, const char *name, const char *type, const char *help)
{
    evbuffer_add_printf(out, "# HELP rtcfan_%s %s.\n# TYPE rtcfan_%s %s\n", name, help, name, type);
}

static void write_plain(struct evbuffer *out, const char *name, const char *type, const char *help,
                        uint64_t value)
{
    ctl_metrics_head(out, name, type, help);
    evbuffer_add_printf(out, "rtcfan_%s %" PRIu64 "\n", name, value);
}

// ---- sessions ----

static void write_sessions(struct evbuffer *out, const struct ctl_sessions *sessions)
{
    struct ctl_sessions_stats s;

    ctl_sessions_read_stats(sessions, &s);
    write_plain(out, "viewers", "gauge", "Viewers that media is sent to", s.connected);
    write_plain(out, "sessions", "gauge", "WHEP sessions, joining and leaving ones included",
                s.sessions);
    write_plain(out, "sessions_created_total", "counter", "Offers answered", s.created);
    write_plain(out, "ice_restarts_total", "counter", "ICE restarts answered", s.restarts);
    write_plain(out, "sessions_failed_total", "counter",
                "Sessions that ended before the handshake had", s.failed);
    write_plain(out, "sessions_displaced_total", "counter",
                "Of these, sessions that no check came for and that gave way to another offer",
                s.displaced);
    write_plain(out, "offers_refused_total", "counter", "Offers refused for want of room",
                s.offers_refused);
    ctl_metrics_head(out, "sessions_ended_total", "counter", "Viewers that left, by who ended it");
    evbuffer_add_printf(out,
                        "rtcfan_sessions_ended_total{by=\"viewer\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"timeout\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"expiry\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"source\"} %" PRIu64 "\n"
                        "rtcfan_sessions_ended_total{by=\"server\"} %" PRIu64 "\n",
                        s.ended_by_viewer, s.ended_by_timeout, s.ended_by_expiry, s.ended_by_source,
                        s.ended_by_server);
    write_plain(out, "stun_refused_total", "counter", "STUN requests answered by an error",
                s.stun_refused);
    write_plain(out, "stun_unanswered_total", "counter",
                "STUN requests of no session beyond the rate of answers", s.stun_unanswered);
    write_plain(out, "strays_total", "counter", "Other datagrams that belong to no session",
                s.strays);
    write_plain(out, "control_send_failed_total", "counter",
                "STUN and DTLS datagrams that the engine had no room for", s.send_failed);
}

// ---- who is let in ----

static void write_auth(struct evbuffer *out, const struct ctl_auth *auth)
{
    static const char *const names[CTL_VERDICT_LATER] = {
        [CTL_VERDICT_GRANTED] = "granted",
        [CTL_VERDICT_UNKNOWN] = "unknown",
        [CTL_VERDICT_FORBIDDEN] = "forbidden",
        [CTL_VERDICT_UNAVAILABLE] = "unavailable",
    };
    struct ctl_auth_stats s;

    ctl_auth_read_stats(auth, &s);
    ctl_metrics_head(out, "auth_verdicts_total", "counter",
                     "Requests for streams that ask for credentials, by what came of them");
    for (int i = 0; i < CTL_VERDICT_LATER; i++)
        evbuffer_add_printf(out, "rtcfan_auth_verdicts_total{verdict=\"%s\"} %" PRIu64 "\n",
                            names[i], s.verdict[i]);
    ctl_metrics_head(out, "requests_refused_total", "counter",
                     "HTTP requests that were not looked at, by cause");
    evbuffer_add_printf(out,
                        "rtcfan_requests_refused_total{cause=\"requests_of_address\"} %" PRIu64 "\n"
                        "rtcfan_requests_refused_total{cause=\"failures_of_address\"} %" PRIu64 "\n"
                        "rtcfan_requests_refused_total{cause=\"auth_busy\"} %" PRIu64 "\n",
                        s.visitors.requests_refused, s.visitors.tries_refused, s.asks_refused);
}

// ---- engine ----

static void write_engine(struct evbuffer *out, struct eng_engine *engine)
{
    uint64_t value[ENG_COUNTERS];

    eng_engine_counters(engine, value);
    for (int i = 0; i < ENG_COUNTERS; i++) {
        const struct eng_counter_info *info = &eng_counter_info[i];

        if (i == 0 || strcmp(info->name, eng_counter_info[i - 1].name) != 0)
            evbuffer_add_printf(out, "# HELP rtcfan_%s_total %s.\n# TYPE rtcfan_%s_total counter\n",
                                info->name, info->help, info->name);
        evbuffer_add_printf(out, "rtcfan_%s_total%s%s%s %" PRIu64 "\n", info->name,
                            info->labels[0] ? "{" : "", info->labels, info->labels[0] ? "}" : "",
                            value[i]);
    }
}

// ---- process ----

static uint64_t resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long size = 0, resident = 0;

    if (!f)
        return 0;
    if (fscanf(f, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    fclose(f);
    return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    if (!dir)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.')
            count++;
    closedir(dir);
    return count - 1; // without the one that reads the folder
}

static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void write_process(struct evbuffer *out, struct eng_engine *engine)
{
    evbuffer_add_printf(out,
                        "# HELP rtcfan_build_info What runs here.\n"
                        "# TYPE rtcfan_build_info gauge\n"
                        "rtcfan_build_info{version=\"%s\",commit=\"%s\",sealer=\"%s\",tx=\"%s\","
                        "workers=\"%u\"} 1\n",
                        RTCFAN_VERSION, RTCFAN_COMMIT, eng_sealer_name(),
                        eng_engine_tx_name(engine), eng_engine_workers(engine));
    evbuffer_add_printf(out,
                        "# HELP process_resident_memory_bytes Resident memory size in bytes.\n"
                        "# TYPE process_resident_memory_bytes gauge\n"
                        "process_resident_memory_bytes %" PRIu64 "\n",
                        resident_bytes());
    evbuffer_add_printf(out,
                        "# HELP process_cpu_seconds_total User and system CPU time in seconds.\n"
                        "# TYPE process_cpu_seconds_total counter\n"
                        "process_cpu_seconds_total %.6f\n",
                        cpu_seconds());
    evbuffer_add_printf(out,
                        "# HELP process_open_fds Open file descriptors.\n"
                        "# TYPE process_open_fds gauge\n"
                        "process_open_fds %u\n",
                        open_files());
}

static void write_relay(struct evbuffer *out, const struct ctl_relay *relay)
{
    struct ctl_relay_stats s;

    ctl_relay_read_stats(relay, &s);
    write_plain(out, "tcp_connections", "gauge", "Viewers' TCP connections for media",
                s.connections);
    write_plain(out, "tcp_refused_total", "counter", "TCP connections for media beyond a bound",
                s.refused);
    write_plain(out, "tcp_strangers_total", "counter",
                "TCP connections closed as no viewer came by them", s.strangers);
    write_plain(out, "tcp_floods_total", "counter",
                "TCP connections for media closed as they brought too many datagrams", s.floods);
    write_plain(out, "tcp_dropped_total", "counter",
                "Datagrams that a TCP connection was too slow for", s.dropped);
}

void ctl_metrics_write(struct evbuffer *out, struct eng_engine *engine, struct ctl_streams *streams,
                       const struct ctl_sessions *sessions, const struct ctl_relay *relay,
                       const struct ctl_auth *auth)
{
    write_process(out, engine);
    ctl_stream_metrics_write(out, streams);
    write_sessions(out, sessions);
    write_relay(out, relay);
    write_auth(out, auth);
    write_engine(out, engine);
}
