// SPDX-License-Identifier: Apache-2.0
#include "rtsp/access_unit.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

void rtsp_access_unit_init(struct rtsp_access_unit *au, struct rtsp_unit_pool *pool)
{
    *au = (struct rtsp_access_unit){.pool = pool};
}

void rtsp_access_unit_fini(struct rtsp_access_unit *au)
{
    rtsp_access_unit_release(au);
}

void rtsp_access_unit_begin(struct rtsp_access_unit *au, const struct rtsp_video_codec *codec)
{
    rtsp_access_unit_release(au);
    au->codec = codec;
    au->marker_streak = 0;
    au->marker_proof = RTSP_MARKER_PROOF;
    au->marker_ended = false;
    au->gap = false;
    au->waiting = true;
    au->started = false;
    rtsp_parameter_sets_init(&au->sets, codec->sets);
    au->b_frames = false;
    au->b_frames_missing = false;
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
    if (au->marker_ended && timestamp == au->timestamp)
        au->resumed = true;
    au->marker_ended = false;
    if (!au->open || timestamp == au->timestamp)
        return false;
    if (au->markers == 1 && au->last_marker)
        au->marker_streak++;
    else if (au->has_picture && !au->damaged)
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
        au->keyframe_lost = true; // for all that is known
    }
}

bool rtsp_access_unit_ends_after(struct rtsp_access_unit *au, bool marker)
{
    au->gap = false;
    au->last_marker = marker && au->has_picture;
    au->markers += au->last_marker;
    if (!au->last_marker || au->marker_streak < au->marker_proof)
        return false;
    au->marker_ended = true;
    return true;
}

// ---- parts ----

void rtsp_access_unit_part_begin(struct rtsp_access_unit *au)
{
    if (au->part_open)
        rtsp_access_unit_part_lost(au, false);
    au->part_open = true;
    au->part_start = au->len;
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

void rtsp_access_unit_part_append(struct rtsp_access_unit *au, const uint8_t *data, size_t len)
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

void rtsp_access_unit_part_lost(struct rtsp_access_unit *au, bool keyframe)
{
    if (au->part_open)
        au->len = au->part_start;
    au->part_open = false;
    au->damaged = true;
    au->keyframe_lost |= keyframe;
}

void rtsp_access_unit_picture_begins(struct rtsp_access_unit *au)
{
    assert(au->part_open);
    au->has_picture = true;
}

// Notes what a part says of the stream. As rtsp_access_unit_take_set().
static int take_verdict(struct rtsp_access_unit *au, const struct rtsp_verdict *verdict,
                        const uint8_t *data, size_t len)
{
    if (verdict->info.width > 0)
        au->sets.live = verdict->info;
    if (verdict->set == RTSP_SET_NONE)
        return -EBADMSG;
    return rtsp_parameter_sets_take(&au->sets, verdict->set, verdict->set_id, data, len);
}

void rtsp_access_unit_wait(struct rtsp_access_unit *au)
{
    au->waiting = true;
}

int rtsp_access_unit_take_set(struct rtsp_access_unit *au, const uint8_t *data, size_t len)
{
    struct rtsp_verdict verdict = {0};

    au->codec->judge(&au->sets, data, len, &verdict);
    if (verdict.fate != RTSP_PART_KEPT)
        return -EBADMSG;
    return take_verdict(au, &verdict, data, len);
}

// What a part of the picture says of the markers before it.
static void judge_markers(struct rtsp_access_unit *au, bool follows)
{
    if (au->resumed && !au->has_picture && follows) {
        au->marker_streak = 0;
        au->marker_proof = RTSP_MARKER_PROOF_AFTER_LIE;
    }
    if (au->markers > au->more && !follows && ++au->more == 2) {
        au->marker_streak = au->marker_proof;
        au->damaged = true;
    }
}

static void take_picture(struct rtsp_access_unit *au, const struct rtsp_verdict *verdict)
{
    au->b_picture |= verdict->b_picture;
    au->expendable |= verdict->expendable;
    judge_markers(au, verdict->follows);
    if (!au->has_picture && au->after_gap && verdict->follows)
        au->damaged = true; // the parts before it went down in the gap
    au->has_picture = true;
    au->keyframe |= verdict->keyframe;
    au->skipped_at_start |= verdict->skipped_at_start;
}

static void add_part(struct rtsp_access_unit *au, size_t offset, size_t len)
{
    const uint8_t *data = au->room->data + offset;
    struct rtsp_verdict verdict = {0};

    au->codec->judge(&au->sets, data, len, &verdict);
    if (verdict.fate == RTSP_PART_LEFT_OUT)
        return;
    if (verdict.fate != RTSP_PART_KEPT) {
        au->malformed++;
        if (verdict.fate == RTSP_PART_BROKEN)
            rtsp_access_unit_part_lost(au, verdict.keyframe);
        return;
    }
    take_verdict(au, &verdict, data, len);
    if (verdict.picture)
        take_picture(au, &verdict);
    if (au->part_count == RTSP_UNIT_PARTS_MAX) {
        au->oversize = true;
        return;
    }
    au->room->part[au->part_count].offset = (uint32_t)offset;
    au->room->part[au->part_count].len = (uint32_t)len;
    au->room->part[au->part_count].set = verdict.set;
    au->part_count++;
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

// What did not fit may have been the keyframe itself.
static void note_oversize(struct rtsp_access_unit *au)
{
    struct rtsp_verdict verdict = {0};

    if (au->len == au->part_start)
        return;
    au->codec->judge(&au->sets, au->room->data + au->part_start, au->len - au->part_start,
                     &verdict);
    au->keyframe_lost |= verdict.keyframe;
}

// Adds the NAL units of what came as one.
static void add_nals(struct rtsp_access_unit *au, const uint8_t *at, const uint8_t *end)
{
    while (at < end) {
        const uint8_t *stop = find_start_code(at, end);
        const uint8_t *last = stop;

        while (last > at && last[-1] == 0) // a NAL unit never ends in 0: that is of the byte stream
            last--;
        if (last > at)
            add_part(au, (size_t)(at - au->room->data), (size_t)(last - at));
        at = stop < end ? stop + 3 : end;
    }
}

void rtsp_access_unit_part_end(struct rtsp_access_unit *au)
{
    assert(au->part_open);
    au->part_open = false;
    if (au->oversize)
        note_oversize(au);
    else if (au->codec->start_codes)
        add_nals(au, au->room->data + au->part_start, au->room->data + au->len);
    else if (au->len > au->part_start)
        add_part(au, au->part_start, au->len - au->part_start);
}

// ---- a unit's end ----

static size_t view_kind(const struct rtsp_access_unit *au, unsigned kind, struct rtsp_part *view)
{
    size_t count = 0;

    for (size_t i = 0; i < au->part_count; i++) {
        if (au->room->part[i].set == kind)
            view[count++] = (struct rtsp_part){au->room->data + au->room->part[i].offset,
                                               au->room->part[i].len};
    }
    return count;
}

// Parameter sets to the front of a keyframe. False: of some kind none are known.
static bool view_parameter_sets(struct rtsp_access_unit *au, size_t *count)
{
    for (unsigned kind = RTSP_SET_NONE + 1; kind < RTSP_SET_KINDS; kind++) {
        struct rtsp_part *view = au->room->view + *count;
        size_t found;

        if (au->codec->sets[kind] == 0)
            continue;
        found = view_kind(au, kind, view);
        if (found == 0)
            found = rtsp_parameter_sets_list(&au->sets, kind, view);
        if (found == 0)
            return false;
        *count += found;
    }
    return true;
}

static size_t view_rest(struct rtsp_access_unit *au, size_t count)
{
    for (size_t i = 0; i < au->part_count; i++) {
        const uint8_t *data = au->room->data + au->room->part[i].offset;

        if (!au->keyframe || au->room->part[i].set == RTSP_SET_NONE)
            au->room->view[count++] = (struct rtsp_part){data, au->room->part[i].len};
    }
    return count;
}

// Whether nothing that follows can be shown before the next keyframe.
static bool spoils(const struct rtsp_access_unit *au, bool keyframe)
{
    if (au->damaged || au->oversize)
        return keyframe || au->codec->brittle;
    return au->after_gap && !keyframe && au->codec->brittle;
}

// Whether viewers can make something of the unit; counts what is dropped.
static bool judge(struct rtsp_access_unit *au)
{
    bool keyframe = au->keyframe || au->keyframe_lost;

    if (spoils(au, keyframe)) {
        au->waiting = true;
    } else if (keyframe) {
        au->started = au->waiting;
        au->waiting = false;
    }
    if (au->oversize) {
        au->oversize_units++;
        return false;
    }
    if (!au->has_picture && !au->keyframe_lost)
        return false;
    if (au->waiting || (au->started && au->skipped_at_start)) {
        au->dropped_units++;
        return false;
    }
    if (au->expendable && au->drop_b_frames) {
        au->dropped_b_frames++;
        au->b_frames_missing = true;
        return false;
    }
    au->damaged_units += au->damaged;
    au->b_frames |= au->b_picture;
    return true;
}

bool rtsp_access_unit_finish(struct rtsp_access_unit *au, struct rtsp_unit *out)
{
    size_t count = 0;

    assert(au->open);
    if (au->part_open)
        rtsp_access_unit_part_lost(au, false);
    au->open = false;
    if (!judge(au))
        return false;
    if (au->keyframe && !view_parameter_sets(au, &count)) {
        au->dropped_units++;
        au->waiting = true;
        return false;
    }
    count = view_rest(au, count);
    *out = (struct rtsp_unit){
        .codec = au->codec, .part = au->room->view, .part_count = count, .keyframe = au->keyframe};
    return true;
}

void rtsp_access_unit_release(struct rtsp_access_unit *au)
{
    if (au->room)
        rtsp_unit_pool_give_back(au->pool, au->room);
    au->room = NULL;
    au->len = 0;
    au->part_count = 0;
    au->open = false;
    au->has_picture = false;
    au->keyframe = false;
    au->keyframe_lost = false;
    au->skipped_at_start = false;
    au->b_picture = false;
    au->expendable = false;
    au->damaged = false;
    au->oversize = false;
    au->after_gap = false;
    au->resumed = false;
    au->more = 0;
    au->markers = 0;
    au->last_marker = false;
    au->part_open = false;
}
