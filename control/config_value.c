// SPDX-License-Identifier: Apache-2.0
#include "control/config_value.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/addr.h"
#include "control/srtp_profile.h"
#include "rtsp/url.h"

enum {
    EXPECTED_MAX = 64, // what a number may be, in words
};

// ---- errors ----

int ctl_fail_line(struct ctl_loader *l, const char *file, int line, const char *format, ...)
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

int ctl_check_type(struct ctl_loader *l, const char *key, const config_setting_t *setting, int type,
                   const char *expected)
{
    if (config_setting_type(setting) == type)
        return 0;
    return ctl_fail(l, setting, "%s: %s was given; expected %s", key, type_name(setting), expected);
}

// ---- values: how each kind of key is read; setting NULL stands for the default ----

static void *field(const struct ctl_loader *l, size_t offset)
{
    return (char *)l->target + offset;
}

int ctl_value_addr(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting)
{
    const char *expected = "an address and port in quotes, such as \"0.0.0.0:8889\" or "
                           "\"[::1]:8889\"";
    const char *value = key->address;
    int *line = field(l, key->line_offset);

    if (setting) {
        if (ctl_check_type(l, text, setting, CONFIG_TYPE_STRING, expected))
            return -EINVAL;
        value = config_setting_get_string(setting);
        *line = (int)config_setting_source_line(setting);
    }
    if (ctl_addr_parse(value, field(l, key->offset))) {
        assert(setting);
        return ctl_fail(l, setting, "%s: \"%s\" is not an address and port; expected %s", text,
                        value, expected);
    }
    return 0;
}

static int take_number(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                       const config_setting_t *setting, unsigned *out)
{
    long long value = key->fallback;
    char expected[EXPECTED_MAX];
    int type;

    snprintf(expected, sizeof(expected), "a whole number from %lld to %lld", key->min, key->max);
    if (setting) {
        type = config_setting_type(setting);
        if (type != CONFIG_TYPE_INT64 &&
            ctl_check_type(l, text, setting, CONFIG_TYPE_INT, expected))
            return -EINVAL;
        value = config_setting_get_int64(setting);
        if (value < key->min || value > key->max)
            return ctl_fail(l, setting, "%s: %lld is out of range; expected %s", text, value,
                            expected);
    }
    *out = (unsigned)value;
    return 0;
}

int ctl_value_unsigned(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                       const config_setting_t *setting)
{
    return take_number(l, key, text, setting, field(l, key->offset));
}

int ctl_value_size(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting)
{
    size_t *out = field(l, key->offset);
    unsigned value = 0;

    if (take_number(l, key, text, setting, &value))
        return -EINVAL;
    *out = value;
    return 0;
}

int ctl_value_bool(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting)
{
    bool *out = field(l, key->offset);

    if (setting && ctl_check_type(l, text, setting, CONFIG_TYPE_BOOL, "true or false"))
        return -EINVAL;
    *out = setting && config_setting_get_bool(setting);
    return 0;
}

// Choices are named in the order of their enum.
int ctl_value_choice(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                     const config_setting_t *setting)
{
    const char *value;
    unsigned i = key->fallback;

    _Static_assert(sizeof(enum eng_tx) == sizeof(i) && sizeof(enum ctl_log_level) == sizeof(i) &&
                       sizeof(enum rtsp_transport_choice) == sizeof(i) &&
                       sizeof(enum rtsp_b_frames) == sizeof(i) &&
                       sizeof(enum ctl_auth_method) == sizeof(i),
                   "enums are copied as unsigned");
    if (setting) {
        if (ctl_check_type(l, text, setting, CONFIG_TYPE_STRING, key->expected))
            return -EINVAL;
        value = config_setting_get_string(setting);
        for (i = 0; key->choices[i] && strcmp(key->choices[i], value) != 0; i++)
            ;
        if (!key->choices[i])
            return ctl_fail(l, setting, "%s: \"%s\" is unknown; expected %s", text, value,
                            key->expected);
    }
    memcpy(field(l, key->offset), &i, sizeof(i));
    return 0;
}

int ctl_value_cores(struct ctl_loader *l, const struct ctl_key *key, const char *text,
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
    if (ctl_check_type(l, text, setting, CONFIG_TYPE_ARRAY, expected))
        return -EINVAL;
    count = config_setting_length(setting);
    if (count > ENG_WORKERS_MAX)
        return ctl_fail(l, setting, "%s: %d cores; expected at most %d", text, count,
                        ENG_WORKERS_MAX);
    if (sched_getaffinity(0, sizeof(allowed), &allowed))
        return ctl_fail(l, setting, "%s: cannot ask which cores there are: %s", text,
                        strerror(errno));
    for (int i = 0; i < count; i++) {
        item = config_setting_get_elem(setting, (unsigned)i);
        if (ctl_check_type(l, text, item, CONFIG_TYPE_INT, expected))
            return -EINVAL;
        core = config_setting_get_int(item);
        if (core < 0 || core >= CPU_SETSIZE || !CPU_ISSET((size_t)core, &allowed))
            return ctl_fail(l, item,
                            "%s: core %d is not there, not given to this process or named twice; "
                            "expected cores of Cpus_allowed_list in /proc/self/status",
                            text, core);
        CPU_CLR((size_t)core, &allowed);
        config->cores[config->engine.core_count++] = core;
    }
    return 0;
}

// [ ] is none, [ min, max ] are both in milliseconds.
int ctl_value_playout_delay(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                            const config_setting_t *setting)
{
    const char *expected = "[ least, most ] in milliseconds, from 0 to 40950, such as "
                           "[ 0, 200 ], or [ ]";
    struct ctl_config *config = l->config;
    const config_setting_t *item;
    int ms[2];

    (void)key;
    if (!setting)
        return 0;
    if (ctl_check_type(l, text, setting, CONFIG_TYPE_ARRAY, expected))
        return -EINVAL;
    if (config_setting_length(setting) == 0)
        return 0;
    if (config_setting_length(setting) != 2)
        return ctl_fail(l, setting, "%s: %d numbers; expected %s", text,
                        config_setting_length(setting), expected);
    for (unsigned i = 0; i < 2; i++) {
        item = config_setting_get_elem(setting, i);
        if (ctl_check_type(l, text, item, CONFIG_TYPE_INT, expected))
            return -EINVAL;
        ms[i] = config_setting_get_int(item);
        if (ms[i] < 0 || ms[i] > ENG_PLAYOUT_MAX_MS)
            return ctl_fail(l, item, "%s: %d is out of range; expected %s", text, ms[i], expected);
    }
    if (ms[0] > ms[1])
        return ctl_fail(l, setting, "%s: the least, %d, is more than the most, %d; expected %s",
                        text, ms[0], ms[1], expected);
    config->playout_delay = true;
    config->playout_min_ms = (unsigned)ms[0];
    config->playout_max_ms = (unsigned)ms[1];
    return 0;
}

static int add_profile(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                       const config_setting_t *item, struct wrtc_srtp_profiles *out)
{
    enum eng_srtp_profile profile;
    const char *name;

    if (ctl_check_type(l, text, item, CONFIG_TYPE_STRING, key->expected))
        return -EINVAL;
    name = config_setting_get_string(item);
    profile = ctl_srtp_profile_find(name);
    if (profile == ENG_SRTP_NONE)
        return ctl_fail(l, item, "%s: \"%s\" is unknown; expected %s", text, name, key->expected);
    for (size_t i = 0; i < out->count; i++)
        if (out->item[i] == profile)
            return ctl_fail(l, item, "%s: \"%s\" is named twice; expected %s", text, name,
                            key->expected);
    out->item[out->count++] = profile;
    return 0;
}

int ctl_value_srtp_profiles(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                            const config_setting_t *setting)
{
    struct wrtc_srtp_profiles *out = field(l, key->offset);
    int count, rc = 0;

    if (!setting) {
        *out = wrtc_srtp_profiles_all;
        return 0;
    }
    if (ctl_check_type(l, text, setting, CONFIG_TYPE_ARRAY, key->expected))
        return -EINVAL;
    count = config_setting_length(setting);
    if (count == 0)
        return ctl_fail(l, setting, "%s is empty, nobody could watch; expected %s", text,
                        key->expected);
    // As none may stand there twice, there are never more than there is room for.
    for (int i = 0; i < count && rc == 0; i++)
        rc = add_profile(l, key, text, config_setting_get_elem(setting, (unsigned)i), out);
    return rc;
}

// A wrong text is shown only where nothing in it is secret.
static int check_text(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                      const config_setting_t *setting, const char *value)
{
    const char *fault = key->fault ? key->fault(value) : NULL;

    if (!fault)
        return 0;
    if (key->secret)
        return ctl_fail(l, setting, "%s %s; expected %s", text, fault, key->expected);
    return ctl_fail(l, setting, "%s: \"%s\" %s; expected %s", text, value, fault, key->expected);
}

static const char *take_text(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                             const config_setting_t *setting)
{
    if (!setting) {
        ctl_fail(l, l->group, "%s is missing; expected %s", text, key->expected);
        return NULL;
    }
    if (ctl_check_type(l, text, setting, CONFIG_TYPE_STRING, key->expected))
        return NULL;
    return config_setting_get_string(setting);
}

static int keep_text(struct ctl_loader *l, const struct ctl_key *key, const char *value)
{
    char **out = field(l, key->offset);

    *out = strdup(value);
    return *out ? 0 : -ENOMEM;
}

int ctl_value_name(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting)
{
    const char *name = take_text(l, key, text, setting);
    const char *fault = name ? ctl_name_fault(name) : NULL;

    if (!name)
        return -EINVAL;
    if (fault)
        return ctl_fail(
            l, setting,
            "%s: \"%s\" %s; expected up to %d of A-Z a-z 0-9 . _ - in segments joined by "
            "'/', such as \"hall/cam1\"",
            text, name, fault, CTL_NAME_MAX - 1);
    for (const struct ctl_stream_config *other = l->config->streams; other != l->target; other++)
        if (strcmp(other->name, name) == 0)
            return ctl_fail(
                l, setting,
                "%s: \"%s\" is taken by the stream of line %d; expected a name of its own", text,
                name, other->line);
    return keep_text(l, key, name);
}

int ctl_value_text(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting)
{
    const char *value;

    if (!setting && !key->required)
        return 0;
    value = take_text(l, key, text, setting);
    if (!value || check_text(l, key, text, setting, value))
        return -EINVAL;
    return keep_text(l, key, value);
}

int ctl_value_texts(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                    const config_setting_t *setting)
{
    char **values = field(l, key->offset);
    size_t *n = field(l, key->count_offset);
    const config_setting_t *item;
    int count;

    if (!setting)
        return 0;
    if (ctl_check_type(l, text, setting, CONFIG_TYPE_ARRAY, key->expected))
        return -EINVAL;
    count = config_setting_length(setting);
    if (count > key->max)
        return ctl_fail(l, setting, "%s: %d %s; expected at most %lld", text, count, key->noun,
                        key->max);
    for (int i = 0; i < count; i++) {
        item = config_setting_get_elem(setting, (unsigned)i);
        if (ctl_check_type(l, text, item, CONFIG_TYPE_STRING, key->expected) ||
            check_text(l, key, text, item, config_setting_get_string(item)))
            return -EINVAL;
        values[i] = strdup(config_setting_get_string(item));
        if (!values[i])
            return -ENOMEM;
        (*n)++;
    }
    return 0;
}

int ctl_value_source(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                     const config_setting_t *setting)
{
    const char *source = take_text(l, key, text, setting);
    const char *fault = "";
    struct rtsp_url url;
    int rc;

    if (!source)
        return -EINVAL;
    rc = rtsp_url_parse(source, &url, &fault);
    explicit_bzero(&url, sizeof(url));
    return rc ? ctl_fail(l, setting, "%s: %s", text, fault) : keep_text(l, key, source);
}

int ctl_value_fingerprint(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                          const config_setting_t *setting)
{
    const char *value = setting ? take_text(l, key, text, setting) : NULL;

    if (!setting)
        return 0;
    if (!value)
        return -EINVAL;
    if (!rtsp_fingerprint_parse(value, field(l, key->offset)))
        return ctl_fail(l, setting, "%s: \"%s\" is not a fingerprint; expected %s", text, value,
                        key->expected);
    return 0;
}
