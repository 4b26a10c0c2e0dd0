// SPDX-License-Identifier: Apache-2.0
//
// The values of configuration keys: how each kind is read, checked and defaulted
// (config_value.c), and the groups and lists of groups in which they stand (config_group.c). Parts
// of config.c, which has the table of keys; nobody else includes this.
#pragma once

#include <libconfig.h>
#include <stddef.h>

#include "control/config.h"

struct ctl_key;

struct ctl_loader {
    struct ctl_config *config;
    const struct ctl_key *keys;
    size_t key_count;
    void *target;                  // of the keys being read: config, or an item of one of its lists
    const config_setting_t *group; // in which they stand, NULL: nowhere
    char *error;
    size_t error_size;
};

struct ctl_key {
    const char *group; // its path, "": the top of the file
    const char *name;
    int (*read)(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                const config_setting_t *setting);
    size_t offset;       // of the value in the target: struct ctl_config, or a list's item
    size_t line_offset;  // addresses: of the line number
    size_t count_offset; // lists, arrays: of how many there are (size_t)
    const char *address; // addresses: default
    long long min, max;  // numbers; of how many items a list or an array may have
    unsigned fallback;   // numbers and choices: default
    const char *const *choices;
    const char *expected;               // choices: all of them in words
    const char *(*fault)(const char *); // texts: what is wrong with one, NULL: nothing
    bool secret;                        // texts: is not shown in messages
    bool required;                      // texts
    const char *noun;                   // lists, arrays: what the items are called
    const char *members;                // groups, lists: the path of the group that an item is
    size_t item_size;                   // lists
    // Groups, lists: what the keys of the group, or of each item, say about each other.
    int (*check)(struct ctl_loader *l, void *target, const char *text,
                 const config_setting_t *setting);
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

// Reads the keys of a group into target; text is how messages call it, group its path in the table.
// setting NULL: all have defaults. 0, -EINVAL and an error, or -ENOMEM.
int ctl_config_group(struct ctl_loader *l, const char *text, const char *group, void *target,
                     const config_setting_t *setting);

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
int ctl_value_srtp_profiles(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                            const config_setting_t *setting); // default all
int ctl_value_texts(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                    const config_setting_t *setting); // char *[max]
int ctl_value_group(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                    const config_setting_t *setting); // into the same target
int ctl_value_list(
    struct ctl_loader *l, const struct ctl_key *key, const char *text,
    const config_setting_t *setting); // of groups; an array of item_size from the heap
int ctl_value_name(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting);
int ctl_value_text(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting); // default none, unless it is required
int ctl_value_source(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                     const config_setting_t *setting);
int ctl_value_fingerprint(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                          const config_setting_t *setting);
