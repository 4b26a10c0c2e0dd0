// SPDX-License-Identifier: Apache-2.0
//
// A depacketiser and the access unit that it fills, of any video codec: what tests of both begin
// with. State of a cmocka test: gatherer_setup, gatherer_teardown.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rtsp/access_unit.h"

struct gatherer {
    struct rtsp_unit_pool pool;
    struct rtsp_depacketiser d;
    struct rtsp_access_unit au;
    char log[4096]; // what was published, in a test's own words
};

static inline int gatherer_setup(void **state, const struct rtsp_video_codec *codec)
{
    struct gatherer *g = calloc(1, sizeof(*g));

    *state = g;
    if (!g)
        return -1;
    rtsp_access_unit_init(&g->au, &g->pool);
    rtsp_access_unit_begin(&g->au, codec);
    return 0;
}

static inline int gatherer_teardown(void **state)
{
    struct gatherer *g = *state;

    rtsp_access_unit_fini(&g->au);
    rtsp_unit_pool_fini(&g->pool);
    free(g);
    return 0;
}

// A session anew, with an open unit.
static inline void gatherer_reopen(struct gatherer *g, const struct rtsp_video_codec *codec)
{
    rtsp_access_unit_begin(&g->au, codec);
    rtsp_access_unit_open(&g->au, 0);
    g->d.in_fragment = false;
}

// From a copy of its own size, so that reading beyond it is seen.
static inline void gatherer_take(struct gatherer *g, const uint8_t *payload, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, payload, len);
    g->au.codec->depacketise(&g->d, &g->au,
                             &(struct rtsp_rtp){.payload = copy, .payload_len = len});
    free(copy);
}

static inline void gatherer_expect(const struct gatherer *g, size_t i, const uint8_t *data,
                                   size_t len)
{
    assert_true(i < g->au.part_count);
    assert_int_equal(g->au.room->part[i].len, len);
    assert_memory_equal(g->au.room->data + g->au.room->part[i].offset, data, len);
}
