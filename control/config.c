// SPDX-License-Identifier: Apache-2.0
#include "control/config.h"

#include <assert.h>
#include <errno.h>
#include <libconfig.h>
#include <libgen.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "control/addr.h"
#include "rtsp/url.h"

enum {
    KEY_TEXT_MAX = 64, // "streams[1023].source" and the like
};

struct loader {
    struct ctl_config *config;
    char *error;
    size_t error_size;
};

// ---- errors ----

__attribute__((format(printf, 4, 5))) static int fail_line(struct loader *l, const char *file,
                                                           int line, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    // Line 1 where the error has no line of its own: something is missing.
    len = snprintf(l->error, l->error_size, "%s:%d: ", file ? file : l->config->path,
                   line > 0 ? line : 1);
    if (len >= 0 && (size_t)len < l->error_size)
        vsnprintf(l->error + len, l->error_size - (size_t)len, format, args);
    va_end(args);
    ctl_log_sanitize(l->error);
    return -EINVAL;
}

#define fail(l, setting, ...)                                                                   \
    fail_line(l, config_setting_source_file(setting), (int)config_setting_source_line(setting), \
              __VA_ARGS__)

static const char *type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a whole number";
    case CONFIG_TYPE_FLOAT:
        return "a fraction";
    case CONFIG_TYPE_STRING:
        return "text";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    default:
        return "a list";
    }
}

static int check_type(struct loader *l, const char *key, const config_setting_t *setting, int type,
                      const char *expected)
{
    if (config_setting_type(setting) == type)
        return 0;
    return fail(l, setting, "%s: %s was given; expected %s", key, type_name(setting), expected);
}

// ---- values: how each kind of key is read; setting NULL stands for the default ----

struct key {
    const char *group;
    const char *name;
    int (*read)(struct loader *l, const struct key *key, const char *text,
                const config_setting_t *setting);
    size_t offset;       // of the value in struct ctl_config
    size_t line_offset;  // addresses: of the line number
    const char *address; // addresses: default
    long long min, max;  // numbers
    unsigned fallback;   // numbers and choices: default
    const char *const *choices;
    const char *expected; // choices: all of them in words
};

static void *field(const struct loader *l, size_t offset)
{
    return (char *)l->config + offset;
}

static int read_addr(struct loader *l, const struct key *key, const char *text,
                     const config_setting_t *setting)
{
    const char *expected = "an address and port in quotes, such as \"0.0.0.0:8889\" or "
                           "\"[::1]:8889\"";
    const char *value = key->address;
    int *line = field(l, key->line_offset);

    if (setting) {
        if (check_type(l, text, setting, CONFIG_TYPE_STRING, expected))
            return -EINVAL;
        value = config_setting_get_string(setting);
        *line = (int)config_setting_source_line(setting);
    }
    if (ctl_addr_parse(value, field(l, key->offset))) {
        assert(setting);
        return fail(l, setting, "%s: \"%s\" is not an address and port; expected %s", text, value,
                    expected);
    }
    return 0;
}

static int take_number(struct loader *l, const struct key *key, const char *text,
                       const config_setting_t *setting, unsigned *out)
{
    long long value = key->fallback;
    char expected[KEY_TEXT_MAX];
    int type;

    snprintf(expected, sizeof(expected), "a whole number from %lld to %lld", key->min, key->max);
    if (setting) {
        type = config_setting_type(setting);
        if (type != CONFIG_TYPE_INT64 && check_type(l, text, setting, CONFIG_TYPE_INT, expected))
            return -EINVAL;
        value = config_setting_get_int64(setting);
        if (value < key->min || value > key->max)
            return fail(l, setting, "%s: %lld is out of range; expected %s", text, value, expected);
    }
    *out = (unsigned)value;
    return 0;
}

static int read_unsigned(struct loader *l, const struct key *key, const char *text,
                         const config_setting_t *setting)
{
    return take_number(l, key, text, setting, field(l, key->offset));
}

static int read_size(struct loader *l, const struct key *key, const char *text,
                     const config_setting_t *setting)
{
    size_t *out = field(l, key->offset);
    unsigned value = 0;

    if (take_number(l, key, text, setting, &value))
        return -EINVAL;
    *out = value;
    return 0;
}

// Choices are named in the order of their enum.
static int read_choice(struct loader *l, const struct key *key, const char *text,
                       const config_setting_t *setting)
{
    const char *value;
    unsigned i = key->fallback;

    _Static_assert(sizeof(enum eng_tx) == sizeof(i) && sizeof(enum ctl_log_level) == sizeof(i),
                   "enums are copied as unsigned");
    if (setting) {
        if (check_type(l, text, setting, CONFIG_TYPE_STRING, key->expected))
            return -EINVAL;
        value = config_setting_get_string(setting);
        for (i = 0; key->choices[i] && strcmp(key->choices[i], value) != 0; i++)
            ;
        if (!key->choices[i])
            return fail(l, setting, "%s: \"%s\" is unknown; expected %s", text, value,
                        key->expected);
    }
    memcpy(field(l, key->offset), &i, sizeof(i));
    return 0;
}

static int read_cores(struct loader *l, const struct key *key, const char *text,
                      const config_setting_t *setting)
{
    const char *expected = "an array of core numbers, such as [ 2, 3 ], or [ ]";
    struct ctl_config *config = l->config;
    const config_setting_t *item;
    cpu_set_t allowed;
    int count, core;

    (void)key;
    config->engine.cores = config->cores;
    if (!setting)
        return 0;
    if (check_type(l, text, setting, CONFIG_TYPE_ARRAY, expected))
        return -EINVAL;
    count = config_setting_length(setting);
    if (count > ENG_WORKERS_MAX)
        return fail(l, setting, "%s: %d cores; expected at most %d", text, count, ENG_WORKERS_MAX);
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return fail(l, setting, "%s: cannot ask which cores there are: %s", text, strerror(errno));
    for (int i = 0; i < count; i++) {
        item = config_setting_get_elem(setting, (unsigned)i);
        if (check_type(l, text, item, CONFIG_TYPE_INT, expected))
            return -EINVAL;
        core = config_setting_get_int(item);
        if (core < 0 || core >= CPU_SETSIZE || !CPU_ISSET((size_t)core, &allowed))
            return fail(l, item,
                        "%s: core %d is not there, not given to this process or named twice; "
                        "expected cores of Cpus_allowed_list in /proc/self/status",
                        text, core);
        CPU_CLR((size_t)core, &allowed);
        config->cores[config->engine.core_count++] = core;
    }
    return 0;
}

static int read_hosts(struct loader *l, const struct key *key, const char *text,
                      const config_setting_t *setting)
{
    const char *expected = "an array of addresses or names in quotes, such as "
                           "[ \"203.0.113.5\" ], or [ ]";
    struct ctl_config *config = l->config;
    const config_setting_t *item;
    const char *host;
    int count;

    (void)key;
    if (!setting)
        return 0;
    if (check_type(l, text, setting, CONFIG_TYPE_ARRAY, expected))
        return -EINVAL;
    count = config_setting_length(setting);
    if (count > CTL_HOSTS_MAX)
        return fail(l, setting, "%s: %d hosts; expected at most %d", text, count, CTL_HOSTS_MAX);
    for (int i = 0; i < count; i++) {
        item = config_setting_get_elem(setting, (unsigned)i);
        if (check_type(l, text, item, CONFIG_TYPE_STRING, expected))
            return -EINVAL;
        host = config_setting_get_string(item);
        if (!ctl_name_is_host(host))
            return fail(l, item, "%s: \"%s\" is not a host; expected %s", text, host, expected);
        config->additional_hosts[i] = strdup(host);
        if (!config->additional_hosts[i])
            return -ENOMEM;
        config->additional_host_count++;
    }
    return 0;
}

// ---- the keys ----

static const char *const tx_choices[] = {
    [ENG_TX_AUTO] = "auto", [ENG_TX_IO_URING] = "io_uring", [ENG_TX_SENDMMSG] = "sendmmsg", NULL};
static const char *const level_choices[] = {[CTL_LOG_ERROR] = "error",
                                            [CTL_LOG_WARN] = "warn",
                                            [CTL_LOG_INFO] = "info",
                                            [CTL_LOG_DEBUG] = "debug",
                                            NULL};

#define STREAMS "streams"

#define LISTEN(group_, default_)                                                      \
    {                                                                                 \
        .group = #group_, .name = "listen", .read = read_addr, .address = (default_), \
        .offset = offsetof(struct ctl_config, group_##_listen),                       \
        .line_offset = offsetof(struct ctl_config, group_##_line),                    \
    }
#define VALUE(group_, name_, read_, field_, ...)                   \
    {                                                              \
        .group = group_, .name = name_, .read = read_,             \
        .offset = offsetof(struct ctl_config, field_), __VA_ARGS__ \
    }

static const struct key keys[] = {
    LISTEN(http, "0.0.0.0:8889"),
    LISTEN(webrtc, "0.0.0.0:8189"),
    VALUE("webrtc", "additional_hosts", read_hosts, additional_hosts, ),
    VALUE("webrtc", "max_viewers", read_unsigned, max_viewers, .min = 1,
          .max = (long long)ENG_WORKERS_MAX * ENG_WORKER_VIEWERS_MAX, .fallback = 10000),
    VALUE("engine", "cores", read_cores, cores, ),
    VALUE("engine", "tx", read_choice, engine.tx, .choices = tx_choices, .fallback = ENG_TX_AUTO,
          .expected = "\"auto\", \"io_uring\" or \"sendmmsg\""),
    VALUE("engine", "payload_max", read_size, payload_max, .min = 256, .max = ENG_PAYLOAD_MAX,
          .fallback = 1180),
    VALUE("engine", "train_max", read_unsigned, engine.train_max, .min = 1, .max = ENG_TRAIN_MAX,
          .fallback = 16),
    VALUE("engine", "pace_ms", read_unsigned, engine.pace_ms, .min = 0, .max = 100, .fallback = 16),
    VALUE("engine", "gop_cache_bytes", read_size, engine.video_bytes, .min = 64 << 10,
          .max = 256 << 20, .fallback = 4 << 20),
    VALUE("engine", "gop_cache_seconds", read_unsigned, engine.video_seconds, .min = 0, .max = 60,
          .fallback = 10),
    LISTEN(metrics, "127.0.0.1:9998"),
    VALUE("log", "level", read_choice, log_level, .choices = level_choices,
          .fallback = CTL_LOG_INFO, .expected = "\"error\", \"warn\", \"info\" or \"debug\""),
    {.group = STREAMS, .name = "name"}, // of each stream: see read_stream
    {.group = STREAMS, .name = "source"},
};

enum {
    KEYS = sizeof(keys) / sizeof(keys[0])
};

// The names that may stand in a group, or at the top of the file where group is NULL.
static void list_known(const char *group, char *out, size_t size)
{
    const char *last = "";
    size_t len = 0;

    for (size_t i = 0; i < KEYS; i++) {
        if (group ? strcmp(keys[i].group, group) != 0 : strcmp(keys[i].group, last) == 0)
            continue;
        len += (size_t)snprintf(out + len, size - len, "%s%s", *last ? ", " : "",
                                group ? keys[i].name : keys[i].group);
        assert(len < size);
        last = keys[i].group;
    }
}

static bool is_known(const char *group, const char *name)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].group, group) == 0 && (!name || strcmp(keys[i].name, name) == 0))
            return true;
    return false;
}

// text is how messages call the group, group how the table does.
static int check_group(struct loader *l, const char *text, const char *group,
                       const config_setting_t *setting)
{
    char known[CTL_CONFIG_ERROR_MAX / 2];
    const config_setting_t *item;

    list_known(group, known, sizeof(known));
    if (check_type(l, text, setting, CONFIG_TYPE_GROUP, "a group, { key = value; }"))
        return -EINVAL;
    for (unsigned i = 0; (item = config_setting_get_elem(setting, i)); i++)
        if (!is_known(group, config_setting_name(item)))
            return fail(l, item, "%s.%s is an unknown key; expected one of %s", text,
                        config_setting_name(item), known);
    return 0;
}

static int check_keys(struct loader *l, const config_setting_t *root)
{
    char known[CTL_CONFIG_ERROR_MAX / 2];
    const config_setting_t *item;
    const char *name;

    list_known(NULL, known, sizeof(known));
    for (unsigned i = 0; (item = config_setting_get_elem(root, i)); i++) {
        name = config_setting_name(item);
        if (!is_known(name, NULL))
            return fail(l, item, "%s is an unknown key; expected one of %s", name, known);
        if (strcmp(name, STREAMS) != 0 && check_group(l, name, name, item))
            return -EINVAL;
    }
    return 0;
}

static int read_keys(struct loader *l, const config_setting_t *root)
{
    const config_setting_t *group, *setting;
    char text[KEY_TEXT_MAX];
    int rc;

    for (size_t i = 0; i < KEYS; i++) {
        if (!keys[i].read)
            continue;
        group = config_setting_get_member(root, keys[i].group);
        setting = group ? config_setting_get_member(group, keys[i].name) : NULL;
        snprintf(text, sizeof(text), "%s.%s", keys[i].group, keys[i].name);
        rc = keys[i].read(l, &keys[i], text, setting);
        if (rc)
            return rc;
    }
    l->config->engine.listen = l->config->webrtc_listen;
    return 0;
}

// ---- streams ----

// The text of a stream's key; the text of a wrong one is never shown: a URL has a password in it.
static const char *stream_text(struct loader *l, const config_setting_t *item, unsigned i,
                               const char *name, const char *expected)
{
    const config_setting_t *setting = config_setting_get_member(item, name);
    char text[KEY_TEXT_MAX];

    snprintf(text, sizeof(text), "streams[%u].%s", i, name);
    if (!setting) {
        fail(l, item, "%s is missing; expected %s", text, expected);
        return NULL;
    }
    if (check_type(l, text, setting, CONFIG_TYPE_STRING, expected))
        return NULL;
    return config_setting_get_string(setting);
}

static int check_name(struct loader *l, const config_setting_t *setting, unsigned i,
                      const char *name)
{
    const char *fault = ctl_name_fault(name);

    if (fault)
        return fail(l, setting,
                    "streams[%u].name: \"%s\" %s; expected up to %d of A-Z a-z 0-9 . _ - in "
                    "segments joined by '/', such as \"hall/cam1\"",
                    i, name, fault, CTL_NAME_MAX - 1);
    for (size_t n = 0; n < l->config->stream_count; n++)
        if (strcmp(l->config->streams[n].name, name) == 0)
            return fail(l, setting,
                        "streams[%u].name: \"%s\" is taken by the stream of line %d; expected a "
                        "name of its own",
                        i, name, l->config->streams[n].line);
    return 0;
}

static int check_source(struct loader *l, const config_setting_t *setting, unsigned i,
                        const char *source)
{
    const char *fault = "";
    struct rtsp_url url;
    int rc = rtsp_url_parse(source, &url, &fault);

    explicit_bzero(&url, sizeof(url));
    if (rc)
        return fail(l, setting, "streams[%u].source: %s", i, fault);
    return 0;
}

static int read_stream(struct loader *l, const config_setting_t *item, unsigned i)
{
    struct ctl_stream_config *stream = &l->config->streams[i];
    const char *name, *source;
    char text[KEY_TEXT_MAX];

    snprintf(text, sizeof(text), "streams[%u]", i);
    if (check_group(l, text, STREAMS, item))
        return -EINVAL;
    name = stream_text(l, item, i, "name", "text, such as \"cam1\"");
    if (!name || check_name(l, config_setting_get_member(item, "name"), i, name))
        return -EINVAL;
    source = stream_text(l, item, i, "source", "text, such as \"rtsp://host:554/path\"");
    if (!source || check_source(l, config_setting_get_member(item, "source"), i, source))
        return -EINVAL;
    stream->line = (int)config_setting_source_line(config_setting_get_member(item, "name"));
    l->config->stream_count++;
    stream->name = strdup(name);
    stream->source = strdup(source);
    return stream->name && stream->source ? 0 : -ENOMEM;
}

static int read_streams(struct loader *l, const config_setting_t *root)
{
    const char *expected = "streams = ( { name = \"cam1\"; source = \"rtsp://host/path\"; } );";
    const config_setting_t *list = config_setting_get_member(root, STREAMS);
    int count, rc;

    if (!list)
        return fail_line(l, NULL, 1, "streams is missing; expected %s", expected);
    if (check_type(l, STREAMS, list, CONFIG_TYPE_LIST, expected))
        return -EINVAL;
    count = config_setting_length(list);
    if (count == 0)
        return fail(l, list, "streams is empty; expected %s", expected);
    if (count > ENG_STREAMS_MAX)
        return fail(l, list, "streams: %d streams; expected at most %d", count, ENG_STREAMS_MAX);
    l->config->streams = calloc((size_t)count, sizeof(*l->config->streams));
    if (!l->config->streams)
        return -ENOMEM;
    for (unsigned i = 0; i < (unsigned)count; i++) {
        rc = read_stream(l, config_setting_get_elem(list, i), i);
        if (rc)
            return rc;
    }
    return 0;
}

// ---- the file ----

static int check_listeners(struct loader *l)
{
    const struct eng_addr *http = &l->config->http_listen, *metrics = &l->config->metrics_listen;
    char text[CTL_ADDR_TEXT_MAX];
    bool overlap =
        eng_addr_equal(http, metrics) || ctl_addr_is_any(http) || ctl_addr_is_any(metrics);

    if (!overlap || eng_addr_port(http) != eng_addr_port(metrics))
        return 0;
    return fail_line(l, NULL, l->config->metrics_line,
                     "metrics.listen: %s collides with http.listen; expected another port",
                     ctl_addr_format(metrics, text));
}

static int parse(struct loader *l, FILE *file, config_t *parsed)
{
    char *path = strdup(l->config->path);

    if (!path)
        return -ENOMEM;
    // Where @include looks: beside the configuration file, wherever the program was started.
    config_set_include_dir(parsed, dirname(path));
    free(path);
    if (config_read(parsed, file) == CONFIG_TRUE)
        return 0;
    return fail_line(l, config_error_file(parsed), config_error_line(parsed),
                     "%s; expected libconfig: key = value; with values such as 1, \"text\", "
                     "[ 1, 2 ], { key = value; } or ( { ... } )",
                     config_error_text(parsed));
}

static int read_file(struct loader *l)
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
        fail_line(l, NULL, 1, "cannot read: %s; expected a configuration file", strerror(-rc));
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
    rc = check_keys(l, root);
    if (!rc)
        rc = read_keys(l, root);
    if (!rc)
        rc = read_streams(l, root);
    if (!rc)
        rc = check_listeners(l);
out:
    config_destroy(&parsed);
    return rc;
}

int ctl_config_load(const char *path, struct ctl_config **out, char *error, size_t error_size)
{
    struct ctl_config *config = calloc(1, sizeof(*config));
    struct loader l = {.config = config, .error = error, .error_size = error_size};
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

void ctl_config_free(struct ctl_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->stream_count; i++) {
        free(config->streams[i].name);
        wipe(config->streams[i].source);
    }
    free(config->streams);
    for (size_t i = 0; i < config->additional_host_count; i++)
        free(config->additional_hosts[i]);
    free(config->path);
    free(config);
}
