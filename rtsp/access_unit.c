// SPDX-License-Identifier: Apache-2.0
#include "rtsp/access_unit.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void rtsp_access_unit_init(struct rtsp_access_unit *au, struct rtsp_unit_pool *pool)
{
    *au = (struct rtsp_access_unit){.pool = pool};
    rtsp_access_unit_begin(au);
}

void rtsp_access_unit_fini(struct rtsp_access_unit *au)
{
    rtsp_access_unit_release(au);
}

void rtsp_access_unit_begin(struct rtsp_access_unit *au)
{
    rtsp_access_unit_release(au);
    au->marker_streak = 0;
    au->marker_proof = RTSP_MARKER_PROOF;
    au->marker_ended = false;
    au->gap = false;
    au->waiting = true;
    memset(&au->sets, 0, sizeof(au->sets));
    au->b_frames = false;
}

// ---- where a unit ends ----

void rtsp_access_unit_lost(struct rtsp_access_unit *au, uint32_t next_timestamp)
{
    au->gap = true;
    // A marker before the gap and another timestamp behind it: the unit is complete.
    if (au->open && (next_timestamp == au->timestamp || !au->last_marker))
        au->damaged = true;
}

bool rtsp_access_unit_ends_before(struct rtsp_access_unit *au, uint32_t timestamp)
{
    if (au->marker_ended && timestamp == au->timestamp) {
        au->marker_streak = 0;
        au->marker_proof = RTSP_MARKER_PROOF_AFTER_LIE;
    }
    au->marker_ended = false;
    if (!au->open || timestamp == au->timestamp)
        return false;
    if (au->markers == 1 && au->last_marker)
        au->marker_streak++;
    else if (au->has_slice && !au->damaged)
        au->marker_streak = 0;
    return true;
}

void rtsp_access_unit_open(struct rtsp_access_unit *au, uint32_t timestamp)
{
    assert(!au->open && !au->room);
    au->open = true;
    au->timestamp = timestamp;
    au->after_gap = au->gap;
    au->room = rtsp_unit_pool_borrow(au->pool);
    if (!au->room) {
        au->oversize = true;
        au->idr_lost = true; // for all that is known
    }
}

bool rtsp_access_unit_ends_after(struct rtsp_access_unit *au, bool marker)
{
    au->gap = false;
    au->last_marker = marker && au->has_slice;
    au->markers += au->last_marker;
    if (!au->last_marker || au->marker_streak < au->marker_proof)
        return false;
    au->marker_ended = true;
    return true;
}

// ---- NAL units ----

void rtsp_access_unit_nal_begin(struct rtsp_access_unit *au)
{
    if (au->nal_open)
        rtsp_access_unit_nal_lost(au, 0);
    au->nal_open = true;
    au->nal_start = au->len;
}

static bool make_room(struct rtsp_access_unit *au, size_t len)
{
    struct rtsp_unit_room *room;

    if (len > RTSP_UNIT_BYTES_MAX - au->len)
        return false;
    room = rtsp_unit_pool_grow(au->room, au->len + len);
    if (!room)
        return false;
    au->room = room;
    return true;
}

void rtsp_access_unit_nal_append(struct rtsp_access_unit *au, const uint8_t *data, size_t len)
{
    if (au->oversize)
        return;
    if (!make_room(au, len)) {
        au->oversize = true;
        return;
    }
    memcpy(au->room->data + au->len, data, len);
    au->len += len;
}

void rtsp_access_unit_nal_lost(struct rtsp_access_unit *au, unsigned type)
{
    if (au->nal_open)
        au->len = au->nal_start;
    au->nal_open = false;
    au->damaged = true;
    if (type == RTSP_NAL_IDR)
        au->idr_lost = true;
}

// False: malformed.
static bool take_slice(struct rtsp_access_unit *au, const uint8_t *nal, size_t len)
{
    unsigned type = rtsp_nal_type(nal[0]);
    struct rtsp_h264_slice slice;

    if (type == RTSP_NAL_SLICE || type == RTSP_NAL_PARTITION_A || type == RTSP_NAL_IDR) {
        if (rtsp_h264_parse_slice(nal, len, &slice) < 0)
            return false;
        au->b_frames |= slice.b_slice;
        if (!au->has_slice && au->after_gap && slice.first_mb != 0)
            au->damaged = true; // the slices before it went down in the gap
    }
    au->has_slice = true;
    au->has_idr |= type == RTSP_NAL_IDR;
    return true;
}

static bool is_timing_sei(const uint8_t *nal, size_t len)
{
    const uint32_t timing = UINT32_C(1) << RTSP_SEI_BUFFERING_PERIOD |
                            UINT32_C(1) << RTSP_SEI_PIC_TIMING |
                            UINT32_C(1) << RTSP_SEI_FILLER_PAYLOAD;
    uint32_t types;

    return rtsp_h264_parse_sei(nal, len, &types) == 0 && (types & ~timing) == 0;
}

static void add_nal(struct rtsp_access_unit *au, size_t offset, size_t len)
{
    const uint8_t *nal = au->room->data + offset;
    unsigned type = rtsp_nal_type(nal[0]);

    if (type == RTSP_NAL_AUD || type == RTSP_NAL_FILLER)
        return;
    if (nal[0] & 0x80 || (rtsp_nal_is_vcl(type) && !take_slice(au, nal, len))) {
        au->malformed++;
        rtsp_access_unit_nal_lost(au, type);
        return;
    }
    // Without these the picture is still whole.
    if (type == 0 || type > RTSP_NAL_MAX ||
        ((type == RTSP_NAL_SPS || type == RTSP_NAL_PPS) &&
         rtsp_parameter_sets_take(&au->sets, nal, len) == -EBADMSG)) {
        au->malformed++;
        return;
    }
    if (type == RTSP_NAL_SEI && is_timing_sei(nal, len))
        return;
    if (au->nal_count == RTSP_UNIT_NALS_MAX) {
        au->oversize = true;
        return;
    }
    au->room->nal[au->nal_count].offset = (uint32_t)offset;
    au->room->nal[au->nal_count].len = (uint32_t)len;
    au->nal_count++;
}

// The next start code 00 00 01 in [at, end), end: none. Looks for the 1, which is rarer than 0.
static const uint8_t *find_start_code(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *one;

    if (end - at < 3)
        return end;
    one = at + 2;
    while (one < end && (one = memchr(one, 1, (size_t)(end - one))) != NULL) {
        if (one[-1] == 0 && one[-2] == 0)
            return one - 2;
        one++;
    }
    return end;
}

// What did not fit may have been the IDR picture itself.
static void note_oversize(struct rtsp_access_unit *au)
{
    if (au->len > au->nal_start && rtsp_nal_type(au->room->data[au->nal_start]) == RTSP_NAL_IDR)
        au->idr_lost = true;
}

void rtsp_access_unit_nal_end(struct rtsp_access_unit *au)
{
    const uint8_t *at, *end;

    assert(au->nal_open);
    au->nal_open = false;
    if (au->oversize) {
        note_oversize(au);
        return;
    }
    at = au->room->data + au->nal_start;
    end = au->room->data + au->len;
    while (at < end) {
        const uint8_t *stop = find_start_code(at, end);
        const uint8_t *last = stop;

        while (last > at && last[-1] == 0) // a NAL unit never ends in 0: that is of the byte stream
            last--;
        if (last > at)
            add_nal(au, (size_t)(at - au->room->data), (size_t)(last - at));
        at = stop < end ? stop + 3 : end;
    }
}

// ---- a unit's end ----

static size_t view_type(const struct rtsp_access_unit *au, unsigned type, struct rtsp_nal *view)
{
    size_t count = 0;

    for (size_t i = 0; i < au->nal_count; i++) {
        const uint8_t *nal = au->room->data + au->room->nal[i].offset;

        if (rtsp_nal_type(nal[0]) == type)
            view[count++] = (struct rtsp_nal){nal, au->room->nal[i].len};
    }
    return count;
}

// Parameter sets to the front of an IDR unit. 0: none are known.
static size_t view_parameter_sets(struct rtsp_access_unit *au)
{
    size_t sps, pps;

    sps = view_type(au, RTSP_NAL_SPS, au->room->view);
    if (sps == 0)
        sps = rtsp_parameter_sets_sps(&au->sets, au->room->view);
    pps = view_type(au, RTSP_NAL_PPS, au->room->view + sps);
    if (pps == 0)
        pps = rtsp_parameter_sets_pps(&au->sets, au->room->view + sps);
    return sps > 0 && pps > 0 ? sps + pps : 0;
}

static size_t view_rest(struct rtsp_access_unit *au, size_t count)
{
    for (size_t i = 0; i < au->nal_count; i++) {
        const uint8_t *nal = au->room->data + au->room->nal[i].offset;
        unsigned type = rtsp_nal_type(nal[0]);

        if (!au->has_idr || (type != RTSP_NAL_SPS && type != RTSP_NAL_PPS))
            au->room->view[count++] = (struct rtsp_nal){nal, au->room->nal[i].len};
    }
    return count;
}

// Whether viewers can make something of the unit; counts what is dropped.
static bool judge(struct rtsp_access_unit *au)
{
    bool idr = au->has_idr || au->idr_lost;

    if (au->oversize) {
        au->oversize_units++;
        au->waiting |= idr;
        return false;
    }
    if (idr && au->damaged)
        au->waiting = true;
    else if (idr)
        au->waiting = false;
    if (!au->has_slice && !au->idr_lost)
        return false;
    if (au->waiting) {
        au->dropped_units++;
        return false;
    }
    au->damaged_units += au->damaged;
    return true;
}

bool rtsp_access_unit_finish(struct rtsp_access_unit *au, struct rtsp_unit *out)
{
    size_t count = 0;

    assert(au->open);
    if (au->nal_open)
        rtsp_access_unit_nal_lost(au, 0);
    au->open = false;
    if (!judge(au))
        return false;
    if (au->has_idr) {
        count = view_parameter_sets(au);
        if (count == 0) {
            au->dropped_units++;
            au->waiting = true;
            return false;
        }
    }
    count = view_rest(au, count);
    *out = (struct rtsp_unit){.nal = au->room->view, .nal_count = count, .keyframe = au->has_idr};
    return true;
}

void rtsp_access_unit_release(struct rtsp_access_unit *au)
{
    if (au->room)
        rtsp_unit_pool_give_back(au->pool, au->room);
    au->room = NULL;
    au->len = 0;
    au->nal_count = 0;
    au->open = false;
    au->has_slice = false;
    au->has_idr = false;
    au->idr_lost = false;
    au->damaged = false;
    au->oversize = false;
    au->after_gap = false;
    au->markers = 0;
    au->last_marker = false;
    au->nal_open = false;
}
