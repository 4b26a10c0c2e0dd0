// SPDX-License-Identifier: Apache-2.0
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config_value.h"

enum {
    TEXT_MAX = 64, // "streams[1023].on_demand_start_timeout" and the like
};

static bool is_in(const struct ctl_key *key, const char *group)
{
    return strcmp(key->group, group) == 0;
}

// The names that may stand in a group.
static void list_known(const struct ctl_loader *l, const char *group, char *out, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < l->key_count; i++) {
        if (!is_in(&l->keys[i], group))
            continue;
        len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", l->keys[i].name);
        assert(len < size);
    }
}

static bool is_known(const struct ctl_loader *l, const char *group, const char *name)
{
    for (size_t i = 0; i < l->key_count; i++)
        if (is_in(&l->keys[i], group) && strcmp(l->keys[i].name, name) == 0)
            return true;
    return false;
}

static int check_names(struct ctl_loader *l, const char *text, const char *group,
                       const config_setting_t *setting)
{
    char known[CTL_CONFIG_ERROR_MAX - 2 * TEXT_MAX];
    const config_setting_t *item;

    list_known(l, group, known, sizeof(known));
    for (unsigned i = 0; (item = config_setting_get_elem(setting, i)); i++)
        if (!is_known(l, group, config_setting_name(item)))
            return ctl_fail(l, item, "%s%s%s is an unknown key; expected one of %s", text,
                            text[0] ? "." : "", config_setting_name(item), known);
    return 0;
}

int ctl_config_group(struct ctl_loader *l, const char *text, const char *group, void *target,
                     const config_setting_t *setting)
{
    const config_setting_t *outer = l->group;
    void *outer_target = l->target;
    char name[TEXT_MAX];
    int rc = 0;

    if (setting &&
        (ctl_check_type(l, text, setting, CONFIG_TYPE_GROUP, "a group, { key = value; }") ||
         check_names(l, text, group, setting)))
        return -EINVAL;
    for (size_t i = 0; i < l->key_count && rc == 0; i++) {
        const struct ctl_key *key = &l->keys[i];

        if (!is_in(key, group))
            continue;
        l->target = target;
        l->group = setting;
        snprintf(name, sizeof(name), "%s%s%s", text, text[0] ? "." : "", key->name);
        rc =
            key->read(l, key, name, setting ? config_setting_get_member(setting, key->name) : NULL);
    }
    l->target = outer_target;
    l->group = outer;
    return rc;
}

int ctl_value_group(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                    const config_setting_t *setting)
{
    int rc = ctl_config_group(l, text, key->members, l->target, setting);

    return rc == 0 && key->check ? key->check(l, l->target, text, setting) : rc;
}

static int read_items(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                      const config_setting_t *list, char *items, size_t *count)
{
    char name[TEXT_MAX];
    int rc = 0;

    for (unsigned i = 0; i < (unsigned)config_setting_length(list) && rc == 0; i++) {
        const config_setting_t *item = config_setting_get_elem(list, i);
        void *target = items + i * key->item_size;

        snprintf(name, sizeof(name), "%s[%u]", text, i);
        (*count)++;
        rc = ctl_config_group(l, name, key->members, target, item);
        if (rc == 0 && key->check)
            rc = key->check(l, target, name, item);
    }
    return rc;
}

int ctl_value_list(struct ctl_loader *l, const struct ctl_key *key, const char *text,
                   const config_setting_t *setting)
{
    char **items = (char **)(void *)((char *)l->target + key->offset);
    size_t *count = (size_t *)(void *)((char *)l->target + key->count_offset);
    int length;

    if (!setting)
        return key->min > 0
                   ? ctl_fail_line(l, NULL, 1, "%s is missing; expected %s", text, key->expected)
                   : 0;
    if (ctl_check_type(l, text, setting, CONFIG_TYPE_LIST, key->expected))
        return -EINVAL;
    length = config_setting_length(setting);
    if (length < key->min)
        return ctl_fail(l, setting, "%s is empty; expected %s", text, key->expected);
    if (length > key->max)
        return ctl_fail(l, setting, "%s: %d %s; expected at most %lld", text, length, key->noun,
                        key->max);
    if (length == 0)
        return 0;
    *items = calloc((size_t)length, key->item_size);
    return *items ? read_items(l, key, text, setting, *items, count) : -ENOMEM;
}
