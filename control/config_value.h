// SPDX-License-Identifier: Apache-2.0
//
// The values of configuration keys: how each kind is read, checked and defaulted. A part of
// config.c, which has the table of keys; nobody else includes this.
#pragma once

#include <libconfig.h>
#include <stddef.h>

#include "control/config.h"

struct ctl_loader {
    struct ctl_config *config;
    void *target;                  // of the keys being read: config, or one of its streams
    const config_setting_t *group; // in which they stand, NULL: nowhere
    char *error;
    size_t error_size;
};

struct ctl_key {
    const char *group;
    const char *name;
    int (*read)(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                const config_setting_t *setting);
    size_t offset;       // of the value in struct ctl_config, or ctl_stream_config
    size_t line_offset;  // addresses: of the line number
    const char *address; // addresses: default
    long long min, max;  // numbers
    unsigned fallback;   // numbers and choices: default
    const char *const *choices;
    const char *expected; // choices: all of them in words
};

// One line of error, "file:line: ..."; returns -EINVAL. file NULL: the configuration file itself.
__attribute__((format(printf, 4, 5))) int ctl_fail_line(struct ctl_loader *l, const char *file,
                                                        int line, const char *format, ...);

// The same at a setting.
#define ctl_fail(l, setting, ...)                         \
    ctl_fail_line(l, config_setting_source_file(setting), \
                  (int)config_setting_source_line(setting), __VA_ARGS__)

// 0, or -EINVAL and an error.
int ctl_check_type(struct ctl_loader *l, const char *key, const config_setting_t *setting, int type,
                   const char *expected);

// Each reads a setting, NULL: there is none, into the target; text is how messages call the key. 0,
// -EINVAL and an error, or -ENOMEM.
int ctl_value_addr(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting);
int ctl_value_unsigned(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                       const config_setting_t *setting);
int ctl_value_size(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting);
int ctl_value_bool(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting); // default false
int ctl_value_choice(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                     const config_setting_t *setting);
int ctl_value_cores(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                    const config_setting_t *setting);
int ctl_value_playout_delay(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                            const config_setting_t *setting);
int ctl_value_hosts(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                    const config_setting_t *setting);
int ctl_value_name(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting);
int ctl_value_text(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting); // default none
int ctl_value_source(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                     const config_setting_t *setting);
int ctl_value_fingerprint(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                          const config_setting_t *setting);
