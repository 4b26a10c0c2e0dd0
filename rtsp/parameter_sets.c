// SPDX-License-Identifier: Apache-2.0
#include "rtsp/parameter_sets.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void rtsp_parameter_sets_init(struct rtsp_parameter_sets *sets, const uint8_t *count)
{
    size_t total = 0;

    for (unsigned kind = 0; kind < RTSP_SET_KINDS; kind++)
        total += count[kind];
    assert(total <= RTSP_PARAMETER_SETS_MAX);
    *sets = (struct rtsp_parameter_sets){.count = count};
}

static size_t first_of(const struct rtsp_parameter_sets *sets, unsigned kind)
{
    size_t first = 0;

    assert(kind < RTSP_SET_KINDS && sets->count[kind] > 0);
    for (unsigned before = 0; before < kind; before++)
        first += sets->count[before];
    return first;
}

// Its place among those of one kind, count: it is not there.
static size_t find(const struct rtsp_parameter_set *set, size_t count, unsigned id)
{
    size_t i = 0;

    while (i < count && (set[i].len == 0 || set[i].id != id))
        i++;
    return i;
}

static size_t find_free(const struct rtsp_parameter_set *set, size_t count)
{
    size_t i = 0;

    while (i < count && set[i].len > 0)
        i++;
    return i;
}

int rtsp_parameter_sets_take(struct rtsp_parameter_sets *sets, unsigned kind, unsigned id,
                             const uint8_t *data, size_t len)
{
    struct rtsp_parameter_set *set = &sets->set[first_of(sets, kind)];
    size_t count = sets->count[kind];
    size_t at = find(set, count, id);

    if (len > RTSP_PARAMETER_SET_MAX) {
        if (at < count)
            set[at].len = 0;
        return -E2BIG;
    }
    if (at == count)
        at = find_free(set, count);
    if (at == count) {
        at = sets->turn[kind];
        sets->turn[kind] = (at + 1) % count;
    }
    set[at].id = id;
    set[at].len = len;
    memcpy(set[at].data, data, len);
    return 0;
}

bool rtsp_parameter_sets_find(const struct rtsp_parameter_sets *sets, unsigned kind, unsigned id,
                              struct rtsp_part *out)
{
    const struct rtsp_parameter_set *set = &sets->set[first_of(sets, kind)];
    size_t at = find(set, sets->count[kind], id);

    if (at == sets->count[kind])
        return false;
    *out = (struct rtsp_part){set[at].data, set[at].len};
    return true;
}

size_t rtsp_parameter_sets_list(const struct rtsp_parameter_sets *sets, unsigned kind,
                                struct rtsp_part *view)
{
    const struct rtsp_parameter_set *set = &sets->set[first_of(sets, kind)];
    size_t n = 0;

    for (size_t i = 0; i < sets->count[kind]; i++) {
        if (set[i].len > 0)
            view[n++] = (struct rtsp_part){set[i].data, set[i].len};
    }
    return n;
}
