// SPDX-License-Identifier: Apache-2.0
#include "rtsp/parameter_sets.h"

#include <errno.h>
#include <string.h>

static struct rtsp_parameter_set *find(struct rtsp_parameter_set *sets, size_t count, unsigned id)
{
    for (size_t i = 0; i < count; i++) {
        if (sets[i].len > 0 && sets[i].id == id)
            return &sets[i];
    }
    return NULL;
}

static struct rtsp_parameter_set *find_free(struct rtsp_parameter_set *sets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sets[i].len == 0)
            return &sets[i];
    }
    return NULL;
}

static int store(struct rtsp_parameter_set *sets, size_t count, size_t *turn, unsigned id,
                 const uint8_t *nal, size_t len)
{
    struct rtsp_parameter_set *set = find(sets, count, id);

    if (len > RTSP_PARAMETER_SET_MAX) {
        if (set) // what it replaces must not be repeated either
            set->len = 0;
        return -E2BIG;
    }
    if (!set)
        set = find_free(sets, count);
    if (!set) {
        set = &sets[*turn];
        *turn = (*turn + 1) % count;
    }
    set->id = id;
    set->len = len;
    memcpy(set->data, nal, len);
    return 0;
}

int rtsp_parameter_sets_take(struct rtsp_parameter_sets *sets, const uint8_t *nal, size_t len)
{
    struct rtsp_h264_sps sps;
    unsigned id;

    if (rtsp_h264_parse_sps(nal, len, &sps) == 0) {
        sets->live_sps = sps;
        return store(sets->sps, RTSP_SPS_COUNT, &sets->sps_turn, sps.id, nal, len);
    }
    if (rtsp_h264_parse_pps_id(nal, len, &id) == 0)
        return store(sets->pps, RTSP_PPS_COUNT, &sets->pps_turn, id, nal, len);
    return -EBADMSG;
}

static size_t list(const struct rtsp_parameter_set *sets, size_t count, struct rtsp_nal *view)
{
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        if (sets[i].len > 0)
            view[n++] = (struct rtsp_nal){sets[i].data, sets[i].len};
    }
    return n;
}

size_t rtsp_parameter_sets_sps(const struct rtsp_parameter_sets *sets, struct rtsp_nal *view)
{
    return list(sets->sps, RTSP_SPS_COUNT, view);
}

size_t rtsp_parameter_sets_pps(const struct rtsp_parameter_sets *sets, struct rtsp_nal *view)
{
    return list(sets->pps, RTSP_PPS_COUNT, view);
}
