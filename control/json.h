// SPDX-License-Identifier: Apache-2.0
//
// What the JSON answers are put together from (jansson). Control thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

struct ctl_json_member {
    const char *key;
    json_t *value; // given away
};

static inline void ctl_json_add(json_t *json, const struct ctl_json_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_object_set_new(json, members[i].key, members[i].value);
}

#define CTL_JSON_ADD(json, members) \
    ctl_json_add(json, members, sizeof(members) / sizeof((members)[0]))

static inline json_t *ctl_json_text(const char *text)
{
    return text ? json_string(text) : json_null();
}

static inline json_t *ctl_json_count(uint64_t count)
{
    return json_integer((json_int_t)count);
}

// 0 stands for what is not known.
static inline json_t *ctl_json_figure(double figure)
{
    return figure != 0 ? json_real(figure) : json_null();
}
