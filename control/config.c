// SPDX-License-Identifier: Apache-2.0
#include "control/config.h"

#include <assert.h>
#include <errno.h>
#include <libconfig.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/addr.h"
#include "control/auth_hook.h"
#include "control/config_value.h"
#include "control/http_tls.h"
#include "control/jwt_keys.h"
#include "control/password.h"
#include "control/srtp_profile.h"
#include "rtsp/url.h"

// ---- the keys ----

static const char *const tx_choices[] = {
    [ENG_TX_AUTO] = "auto", [ENG_TX_IO_URING] = "io_uring", [ENG_TX_SENDMMSG] = "sendmmsg", NULL};
static const char *const level_choices[] = {[CTL_LOG_ERROR] = "error",
                                            [CTL_LOG_WARN] = "warn",
                                            [CTL_LOG_INFO] = "info",
                                            [CTL_LOG_DEBUG] = "debug",
                                            NULL};

static const char *const transport_choices[] = {[RTSP_CHOOSE_AUTO] = "auto",
                                                [RTSP_CHOOSE_TCP] = "tcp",
                                                [RTSP_CHOOSE_UDP] = "udp",
                                                [RTSP_CHOOSE_MULTICAST] = "multicast",
                                                NULL};

static const char *const b_frames_choices[] = {
    [RTSP_B_FRAMES_KEEP] = "keep", [RTSP_B_FRAMES_DROP] = "drop", NULL};

static const char *host_fault(const char *value)
{
    return ctl_name_is_host(value) ? NULL : "is not a host";
}

static const char *redirect_fault(const char *value)
{
    size_t scheme = strncmp(value, "https://", 8) == 0  ? 8
                    : strncmp(value, "http://", 7) == 0 ? 7
                                                        : 0;
    size_t len = strlen(value);

    if (scheme == 0 || len == scheme)
        return "is no http:// or https:// URL";
    for (size_t i = 0; i < len; i++)
        if (value[i] <= ' ' || value[i] > '~' || strchr("<>\"?#", value[i]))
            return "has a character that is not allowed";
    return value[len - 1] == '/' ? "ends with '/'" : NULL;
}

static const char *token_fault(const char *value)
{
    const char *fault = ctl_password_fault(value);

    if (!fault && ctl_password_is_slow(value))
        fault = "is slow to check, and tokens need no slow hash";
    return fault;
}

static const char *user_fault(const char *value)
{
    if (value[0] == '\0' || strlen(value) >= CTL_USER_MAX)
        return "is empty or too long";
    return strchr(value, ':') ? "has a ':', which Basic authentication cannot carry" : NULL;
}

static const char *key_file_fault(const char *value)
{
    struct ctl_jwt_keys *keys;
    const char *fault = NULL;

    if (ctl_jwt_keys_load(value, &keys, &fault) == 0)
        ctl_jwt_keys_free(keys);
    return fault;
}

static int check_tls(struct ctl_loader *l, void *target, const char *text,
                     const config_setting_t *item);
static int check_ice_server(struct ctl_loader *l, void *target, const char *text,
                            const config_setting_t *item);
static int check_stream(struct ctl_loader *l, void *target, const char *text,
                        const config_setting_t *item);

#define AUTH_METHODS "\"none\", \"users\", \"jwt\" or \"hook\""
static const char *const auth_choices[] = {[CTL_AUTH_NONE] = "none",
                                           [CTL_AUTH_USERS] = "users",
                                           [CTL_AUTH_JWT] = "jwt",
                                           [CTL_AUTH_HOOK] = "hook",
                                           NULL};

#define STREAMS "streams"

#define GROUP(name_)                                                              \
    {                                                                             \
        .group = "", .name = (name_), .read = ctl_value_group, .members = (name_) \
    }
#define LISTEN(group_, default_)                                                           \
    {                                                                                      \
        .group = #group_, .name = "listen", .read = ctl_value_addr, .address = (default_), \
        .offset = offsetof(struct ctl_config, group_##_listen),                            \
        .line_offset = offsetof(struct ctl_config, group_##_line),                         \
    }
#define VALUE(group_, name_, read_, field_, ...)                   \
    {                                                              \
        .group = group_, .name = name_, .read = read_,             \
        .offset = offsetof(struct ctl_config, field_), __VA_ARGS__ \
    }

#define HTTP_TLS "http.tls"

#define ICE_SERVERS "webrtc.ice_servers"
#define ICE_SERVER(name_, field_, ...)                                 \
    {                                                                  \
        .group = ICE_SERVERS, .name = name_, .read = ctl_value_text,   \
        .offset = offsetof(struct ctl_ice_server, field_), __VA_ARGS__ \
    }

#define USERS "auth.users"
#define USER(name_, field_, ...)                                                 \
    {                                                                            \
        .group = USERS, .name = name_, .read = ctl_value_text, .required = true, \
        .offset = offsetof(struct ctl_user, field_), __VA_ARGS__                 \
    }

#define HASH "a hash such as \"sha256:SALT:BASE64\" (configs/rtcfan.cfg says how it is made)"

#define STREAM(name_, read_, field_, ...)                                 \
    {                                                                     \
        .group = STREAMS, .name = name_, .read = read_,                   \
        .offset = offsetof(struct ctl_stream_config, field_), __VA_ARGS__ \
    }

static const struct ctl_key keys[] = {
    GROUP("http"),
    GROUP("webrtc"),
    GROUP("engine"),
    GROUP("ingest"),
    GROUP("metrics"),
    GROUP("log"),
    GROUP("auth"),
    VALUE("", STREAMS, ctl_value_list, streams, .members = STREAMS, .noun = "streams",
          .count_offset = offsetof(struct ctl_config, stream_count),
          .item_size = sizeof(struct ctl_stream_config), .check = check_stream, .min = 1,
          .max = ENG_STREAMS_MAX,
          .expected = "streams = ( { name = \"cam1\"; source = \"rtsp://host/path\"; } );"),
    LISTEN(http, "0.0.0.0:8889"),
    VALUE("http", "max_requests_per_second", ctl_value_unsigned, http_requests_max, .min = 0,
          .max = 100000, .fallback = 100),
    {
        .group = "http",
        .name = "tls",
        .read = ctl_value_group,
        .members = HTTP_TLS,
        .check = check_tls,
    },
    VALUE(HTTP_TLS, "cert", ctl_value_text, http_cert, .expected = "a file in PEM"),
    VALUE(HTTP_TLS, "key", ctl_value_text, http_key, .expected = "a file in PEM"),
    LISTEN(webrtc, "0.0.0.0:8189"),
    VALUE("webrtc", "additional_hosts", ctl_value_texts, additional_hosts, .fault = host_fault,
          .count_offset = offsetof(struct ctl_config, additional_host_count), .noun = "hosts",
          .max = CTL_HOSTS_MAX,
          .expected = "an array of addresses or names in quotes, such as [ \"203.0.113.5\" ], or "
                      "[ ]"),
    VALUE("webrtc", "max_viewers", ctl_value_unsigned, max_viewers, .min = 1,
          .max = (long long)ENG_WORKERS_MAX * ENG_WORKER_VIEWERS_MAX, .fallback = 10000),
    VALUE("webrtc", "playout_delay_ms", ctl_value_playout_delay, playout_delay, ),
    VALUE("webrtc", "srtp_profiles", ctl_value_srtp_profiles, srtp_profiles,
          .expected = "an array of one or both of " CTL_SRTP_PROFILE_NAMES ", best first"),
    VALUE("webrtc", "transport_cc", ctl_value_bool, transport_cc, ),
    VALUE("webrtc", "redirect", ctl_value_text, redirect, .fault = redirect_fault,
          .expected = "the base URL of another server, such as \"https://b.example.org:8889\""),
    VALUE("webrtc", "ice_servers", ctl_value_list, ice_servers, .members = ICE_SERVERS,
          .noun = "servers", .count_offset = offsetof(struct ctl_config, ice_server_count),
          .item_size = sizeof(struct ctl_ice_server), .check = check_ice_server,
          .max = CTL_ICE_SERVERS_MAX,
          .expected = "a list, ( { url = \"stun:stun.example.org\"; } )"),
    ICE_SERVER("url", url, .required = true, .fault = ctl_ice_url_fault,
               .expected = "a URL such as \"stun:stun.example.org:3478\" or "
                           "\"turn:turn.example.org:3478?transport=udp\""),
    ICE_SERVER("username", username, .fault = ctl_ice_text_fault, .expected = "text"),
    ICE_SERVER("credential", credential, .fault = ctl_ice_text_fault, .secret = true,
               .expected = "text"),
    VALUE("webrtc", "tcp", ctl_value_bool, tcp, ),
    VALUE("engine", "cores", ctl_value_cores, cores, ),
    VALUE("engine", "tx", ctl_value_choice, engine.tx, .choices = tx_choices,
          .fallback = ENG_TX_AUTO, .expected = "\"auto\", \"io_uring\" or \"sendmmsg\""),
    VALUE("engine", "payload_max", ctl_value_size, payload_max, .min = 256, .max = ENG_PAYLOAD_MAX,
          .fallback = 1176),
    VALUE("engine", "train_max", ctl_value_unsigned, engine.train_max, .min = 1,
          .max = ENG_TRAIN_MAX, .fallback = 16),
    VALUE("engine", "pace_ms", ctl_value_unsigned, engine.pace_ms, .min = 0, .max = 100,
          .fallback = 16),
    VALUE("engine", "max_packets_per_second", ctl_value_unsigned, packets_per_second_max, .min = 0,
          .max = 100000000, .fallback = 0),
    VALUE("engine", "gop_cache_bytes", ctl_value_size, engine.video_bytes, .min = 64 << 10,
          .max = 256 << 20, .fallback = 4 << 20),
    VALUE("engine", "gop_cache_seconds", ctl_value_unsigned, engine.video_seconds, .min = 0,
          .max = 60, .fallback = 10),
    VALUE("ingest", "threads", ctl_value_unsigned, ingest_threads, .min = 1,
          .max = CTL_INGEST_THREADS_MAX, .fallback = 1),
    VALUE("ingest", "batch_window", ctl_value_unsigned, batch_window, .min = 0, .max = 20,
          .fallback = 2),
    LISTEN(metrics, "127.0.0.1:9998"),
    VALUE("log", "level", ctl_value_choice, log_level, .choices = level_choices,
          .fallback = CTL_LOG_INFO, .expected = "\"error\", \"warn\", \"info\" or \"debug\""),
    VALUE("auth", "read_auth", ctl_value_choice, auth.read_auth, .choices = auth_choices,
          .fallback = CTL_AUTH_NONE, .expected = AUTH_METHODS),
    VALUE("auth", "users", ctl_value_list, auth.users, .members = USERS, .noun = "users",
          .count_offset = offsetof(struct ctl_config, auth.user_count),
          .item_size = sizeof(struct ctl_user), .max = CTL_USERS_MAX,
          .expected = "a list, ( { user = \"ann\"; password = \"sha256:...\"; } )"),
    USER("user", name, .fault = user_fault, .expected = "text, such as \"ann\""),
    USER("password", password, .fault = ctl_password_fault, .secret = true, .expected = HASH),
    VALUE("auth", "tokens", ctl_value_texts, auth.tokens, .fault = token_fault, .secret = true,
          .count_offset = offsetof(struct ctl_config, auth.token_count), .noun = "tokens",
          .max = CTL_TOKENS_MAX, .expected = HASH),
    VALUE("auth", "jwt_key", ctl_value_text, auth.jwt_key, .fault = key_file_fault,
          .expected = "a file with a JWK Set, a public key in PEM or a secret"),
    VALUE("auth", "jwt_issuer", ctl_value_text, auth.jwt_issuer, .expected = "text"),
    VALUE("auth", "jwt_audience", ctl_value_text, auth.jwt_audience, .expected = "text"),
    VALUE("auth", "hook", ctl_value_text, auth.hook, .fault = ctl_auth_hook_fault,
          .expected = "a URL such as \"http://127.0.0.1:9000/auth\""),
    STREAM("name", ctl_value_name, name, .expected = "text, such as \"cam1\""),
    STREAM("source", ctl_value_source, source,
           .expected = "text, such as \"rtsp://host:554/path\""),
    STREAM("transport", ctl_value_choice, transport, .choices = transport_choices,
           .fallback = RTSP_CHOOSE_AUTO, .expected = "\"auto\", \"tcp\", \"udp\" or \"multicast\""),
    STREAM("bframes", ctl_value_choice, b_frames, .choices = b_frames_choices,
           .fallback = RTSP_B_FRAMES_DROP, .expected = "\"keep\" or \"drop\""),
    STREAM("fingerprint", ctl_value_fingerprint, fingerprint,
           .expected = "the SHA-256 of the camera's certificate, 64 hex digits"),
    STREAM("on_demand", ctl_value_bool, on_demand, ),
    STREAM("on_demand_start_timeout", ctl_value_unsigned, start_timeout_s, .min = 1, .max = 30,
           .fallback = 10),
    STREAM("fallback", ctl_value_text, fallback_name,
           .expected = "the name of another stream in quotes"),
    STREAM("hold_viewers", ctl_value_unsigned, hold_viewers_s, .min = 0, .max = 86400,
           .fallback = 60),
    STREAM("read_auth", ctl_value_choice, read_auth, .choices = auth_choices,
           .fallback = CTL_AUTH_DEFAULT, .expected = AUTH_METHODS),
    STREAM("on_demand_close_after", ctl_value_unsigned, close_after_s, .min = 0, .max = 86400,
           .fallback = 10),
};

// ---- certificate ----

static int check_tls(struct ctl_loader *l, void *target, const char *text,
                     const config_setting_t *item)
{
    const struct ctl_config *config = target;
    char fault[CTL_HTTP_TLS_ERROR_MAX];

    if (!item)
        return 0;
    if (!config->http_cert || !config->http_key)
        return ctl_fail(l, item, "%s: cert or key is missing; expected both", text);
    if (ctl_http_tls_check(config->http_cert, config->http_key, fault) == 0)
        return 0;
    return ctl_fail(l, item, "%s: %s; expected a certificate and its key", text, fault);
}

// ---- servers for viewers ----

static int check_ice_server(struct ctl_loader *l, void *target, const char *text,
                            const config_setting_t *item)
{
    const struct ctl_ice_server *server = target;
    bool both = server->username && server->credential;

    if (both ||
        (!server->username && !server->credential && !ctl_ice_needs_credential(server->url)))
        return 0;
    return ctl_fail(l, item, "%s: username or credential is missing; expected both%s", text,
                    ctl_ice_needs_credential(server->url) ? " with a TURN server" : " or neither");
}

// ---- streams ----

// Whoever is to be asked must be there.
static int check_auth(struct ctl_loader *l, struct ctl_stream_config *stream, const char *text,
                      const config_setting_t *item)
{
    const struct ctl_auth_config *auth = &l->config->auth;
    const config_setting_t *own = config_setting_get_member(item, "read_auth");
    const char *missing = NULL;

    if (stream->read_auth == CTL_AUTH_DEFAULT)
        stream->read_auth = auth->read_auth;
    if (stream->read_auth == CTL_AUTH_USERS && auth->user_count + auth->token_count == 0)
        missing = "auth.users or auth.tokens";
    else if (stream->read_auth == CTL_AUTH_JWT && !auth->jwt_key)
        missing = "auth.jwt_key";
    else if (stream->read_auth == CTL_AUTH_HOOK && !auth->hook)
        missing = "auth.hook";
    if (!missing)
        return 0;
    return ctl_fail(l, own ? own : item, "%s.read_auth: nobody could watch; \"%s\" expects %s",
                    text, auth_choices[stream->read_auth], missing);
}

// What the keys of a stream say about each other.
static int check_stream(struct ctl_loader *l, void *target, const char *text,
                        const config_setting_t *item)
{
    struct ctl_stream_config *stream = target;
    bool udp = stream->transport == RTSP_CHOOSE_UDP || stream->transport == RTSP_CHOOSE_MULTICAST;
    struct rtsp_url url = {0};
    const char *fault;
    bool tls, tunnel;

    rtsp_url_parse(stream->source, &url, &fault);
    tls = url.tls;
    tunnel = url.tunnel;
    explicit_bzero(&url, sizeof(url));
    if (udp && (tls || tunnel))
        return ctl_fail(l, config_setting_get_member(item, "transport"),
                        "%s.transport: \"%s\" would lead the media of an %s source %s; expected "
                        "\"auto\" or \"tcp\"",
                        text, transport_choices[stream->transport], rtsp_url_scheme(tls, tunnel),
                        tls ? "through the network in the clear" : "past its tunnel");
    if (!tls && stream->fingerprint.set)
        return ctl_fail(l, config_setting_get_member(item, "fingerprint"),
                        "%s.fingerprint: there is no certificate without TLS; expected a source "
                        "with rtsps://, or no fingerprint",
                        text);
    stream->line = (int)config_setting_source_line(config_setting_get_member(item, "name"));
    return check_auth(l, stream, text, item);
}

static struct ctl_stream_config *find_stream(const struct ctl_config *config, const char *name)
{
    for (size_t i = 0; i < config->stream_count; i++)
        if (strcmp(config->streams[i].name, name) == 0)
            return &config->streams[i];
    return NULL;
}

// A stream may be shown in place of others, or have one shown in its own; not both.
static int link_fallback(struct ctl_loader *l, struct ctl_stream_config *stream,
                         const config_setting_t *item, unsigned i)
{
    const struct ctl_stream_config *other = find_stream(l->config, stream->fallback_name);
    const char *fault = NULL;

    if (!other)
        fault = "is no stream";
    else if (other == stream)
        fault = "is the stream itself";
    else if (other->fallback_name)
        fault = "has a fallback itself";
    else if (other->on_demand)
        fault = "is on demand";
    if (fault)
        return ctl_fail(l, config_setting_get_member(item, "fallback"),
                        "streams[%u].fallback: \"%s\" %s; expected another stream that is always "
                        "connected and has no fallback",
                        i, stream->fallback_name, fault);
    stream->fallback = other;
    return 0;
}

static int link_fallbacks(struct ctl_loader *l, const config_setting_t *list)
{
    int rc = 0;

    for (unsigned i = 0; i < l->config->stream_count && rc == 0; i++)
        if (l->config->streams[i].fallback_name)
            rc = link_fallback(l, &l->config->streams[i], config_setting_get_elem(list, i), i);
    return rc;
}

// ---- the file ----

static int check_listeners(struct ctl_loader *l)
{
    const struct eng_addr *http = &l->config->http_listen, *metrics = &l->config->metrics_listen;
    char text[CTL_ADDR_TEXT_MAX];
    bool overlap =
        eng_addr_equal(http, metrics) || ctl_addr_is_any(http) || ctl_addr_is_any(metrics);

    if (!overlap || eng_addr_port(http) != eng_addr_port(metrics))
        return 0;
    return ctl_fail_line(l, NULL, l->config->metrics_line,
                         "metrics.listen: %s collides with http.listen; expected another port",
                         ctl_addr_format(metrics, text));
}

static int parse(struct ctl_loader *l, FILE *file, config_t *parsed)
{
    char *path = strdup(l->config->path);

    if (!path)
        return -ENOMEM;
    // Where @include looks: beside the configuration file, wherever the program was started.
    config_set_include_dir(parsed, dirname(path));
    free(path);
    if (config_read(parsed, file) == CONFIG_TRUE)
        return 0;
    return ctl_fail_line(l, config_error_file(parsed), config_error_line(parsed),
                         "%s; expected libconfig: key = value; with values such as 1, \"text\", "
                         "[ 1, 2 ], { key = value; } or ( { ... } )",
                         config_error_text(parsed));
}

static int read_file(struct ctl_loader *l)
{
    struct stat st;
    config_setting_t *root;
    config_t parsed;
    FILE *file = fopen(l->config->path, "re");
    int rc = 0;

    if (!file || fstat(fileno(file), &st))
        rc = -errno;
    else if (S_ISDIR(st.st_mode)) // on which libconfig's scanner would end the program
        rc = -EISDIR;
    if (rc) {
        ctl_fail_line(l, NULL, 1, "cannot read: %s; expected a configuration file", strerror(-rc));
        if (file)
            fclose(file);
        return rc;
    }

    config_init(&parsed);
    rc = parse(l, file, &parsed);
    fclose(file);
    if (rc)
        goto out;
    root = config_root_setting(&parsed);
    rc = ctl_config_group(l, "", "", l->config, root);
    l->config->engine.listen = l->config->webrtc_listen;
    if (!rc)
        rc = link_fallbacks(l, config_setting_get_member(root, STREAMS));
    if (!rc)
        rc = check_listeners(l);
out:
    config_destroy(&parsed);
    return rc;
}

int ctl_config_load(const char *path, struct ctl_config **out, char *error, size_t error_size)
{
    struct ctl_config *config = calloc(1, sizeof(*config));
    struct ctl_loader l = {
        .config = config,
        .keys = keys,
        .key_count = sizeof(keys) / sizeof(keys[0]),
        .error = error,
        .error_size = error_size,
    };
    int rc = -ENOMEM;

    assert(error_size > 0);
    if (!config)
        goto out;
    config->path = strdup(path);
    if (!config->path)
        goto out;
    rc = read_file(&l);
out:
    if (rc == -ENOMEM)
        snprintf(error, error_size, "%s:1: out of memory; expected a few kilobytes", path);
    if (rc) {
        ctl_config_free(config);
        return rc;
    }
    *out = config;
    return 0;
}

static void wipe(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}

static void free_auth(struct ctl_auth_config *auth)
{
    for (size_t i = 0; i < auth->user_count; i++) {
        free(auth->users[i].name);
        wipe(auth->users[i].password);
    }
    free(auth->users);
    for (size_t i = 0; i < auth->token_count; i++)
        wipe(auth->tokens[i]);
    free(auth->jwt_key);
    free(auth->jwt_issuer);
    free(auth->jwt_audience);
    free(auth->hook);
}

void ctl_config_free(struct ctl_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->stream_count; i++) {
        free(config->streams[i].name);
        free(config->streams[i].fallback_name);
        wipe(config->streams[i].source);
    }
    free(config->streams);
    for (size_t i = 0; i < config->ice_server_count; i++) {
        free(config->ice_servers[i].url);
        free(config->ice_servers[i].username);
        wipe(config->ice_servers[i].credential);
    }
    free(config->ice_servers);
    free(config->redirect);
    free(config->http_cert);
    free(config->http_key);
    free_auth(&config->auth);
    for (size_t i = 0; i < config->additional_host_count; i++)
        free(config->additional_hosts[i]);
    free(config->path);
    free(config);
}
