// SPDX-License-Identifier: Apache-2.0
//
// Where a viewer's video starts when the newest keyframe in the ring will not do: at the next one,
// and each such wait is counted once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/engine_world.h"

enum {
    GOP_SECONDS = 10,
    FRAMES_PER_SECOND = 30,
    QUIET_MS = 50, // in which a viewer that is served would have got something
};

// The stream stands still for so long.
static void skip_frames(struct world *w, int frames)
{
    w->frame += frames;
}

static void publish_frames(struct world *w, int frames)
{
    for (int i = 0; i < frames; i++)
        publish_frame(w, false);
}

static void check_waits(struct world *w, uint64_t old, uint64_t outgrown)
{
    assert_int_equal(counter(w, ENG_COUNTER_WAIT_OLD), old);
    assert_int_equal(counter(w, ENG_COUNTER_WAIT_OUTGROWN), outgrown);
}

// The next packet that the viewer gets is the first of this frame.
static void check_starts_at(struct world *w, int64_t frame)
{
    struct got got;

    assert_true(receive_rtp(w, &got, PATIENCE_MS));
    assert_int_equal(got.ssrc, VIDEO_SSRC);
    assert_int_equal(got.data[12], (frame * 8) & 0xff);
    for (int i = 1; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(w, &got, PATIENCE_MS));
    assert_true(got.marker);
}

// Nothing comes, whatever is published, until the next keyframe does.
static void check_waits_for_the_next(struct world *w)
{
    struct got got;

    for (int i = 0; i < 5; i++) {
        publish_frame(w, false);
        assert_false(receive_rtp(w, &got, QUIET_MS / 5));
    }
    assert_true(eng_publish_keyframe_wanted(w->stream));
    publish_frame(w, true);
    check_starts_at(w, w->frame - 1);
    publish_frame(w, false);
    check_starts_at(w, w->frame - 1);
}

static void starts_at_a_keyframe_that_is_young_enough(void **state)
{
    struct world w;

    (void)state;
    start_with_gop(&w, GOP_SECONDS);
    publish_frame(&w, true);
    skip_frames(&w, GOP_SECONDS * FRAMES_PER_SECOND - 1);
    publish_frame(&w, false);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    check_starts_at(&w, 0);
    check_starts_at(&w, w.frame - 1);
    assert_false(eng_publish_keyframe_wanted(w.stream));
    check_waits(&w, 0, 0);
    finish(&w);
}

static void does_not_start_at_a_keyframe_that_is_too_old(void **state)
{
    struct world w;

    (void)state;
    start_with_gop(&w, GOP_SECONDS);
    publish_frame(&w, true);
    skip_frames(&w, GOP_SECONDS * FRAMES_PER_SECOND);
    publish_frame(&w, false);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    check_waits_for_the_next(&w);
    check_waits(&w, 1, 0);
    finish(&w);
}

static void does_not_start_in_a_gop_that_did_not_fit(void **state)
{
    struct world w;

    (void)state;
    start_with_gop(&w, GOP_SECONDS);
    publish_frame(&w, true);
    publish_frames(&w, (1 << 20) / (PACKETS_PER_FRAME - 1) / PAYLOAD);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    check_waits_for_the_next(&w);
    check_waits(&w, 0, 1);
    finish(&w);
}

static void zero_seconds_mean_the_next_keyframe(void **state)
{
    struct world w;

    (void)state;
    start_with_gop(&w, 0);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    check_waits_for_the_next(&w);
    check_waits(&w, 1, 0);
    finish(&w);
}

// It came after the viewer, so that it is no cached one, even when the worker sees it late.
static void a_wait_for_the_first_keyframe_is_not_counted(void **state)
{
    struct world w;
    struct got got;

    (void)state;
    start_with_gop(&w, 0);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    publish_frame(&w, false);
    assert_false(receive_rtp(&w, &got, QUIET_MS));
    assert_true(eng_publish_keyframe_wanted(w.stream));
    publish_frame(&w, true);
    publish_frames(&w, 3);
    for (int64_t frame = 1; frame < w.frame; frame++)
        check_starts_at(&w, frame);
    check_waits(&w, 0, 0);
    finish(&w);
}

static void restarts_wait_like_those_who_join(void **state)
{
    static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;

    (void)state;
    start_with_gop(&w, GOP_SECONDS);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    check_starts_at(&w, 0);
    skip_frames(&w, GOP_SECONDS * FRAMES_PER_SECOND);
    publish_frame(&w, false);
    check_starts_at(&w, w.frame - 1);
    send_rtcp(&w, pli, sizeof(pli), w.fd);
    wait_counter(&w, ENG_COUNTER_WAIT_OLD, 1);
    // It waits already: this changes nothing.
    send_rtcp(&w, pli, sizeof(pli), w.fd);
    wait_counter(&w, ENG_COUNTER_PLI_COALESCED, 1);
    assert_false(receive_rtp(&w, &got, QUIET_MS));
    check_waits_for_the_next(&w);
    check_waits(&w, 1, 0);
    // And a newcomer is well off now.
    assert_int_equal(eng_viewer_pause(w.viewer, true), 0);
    assert_int_equal(eng_viewer_pause(w.viewer, false), 0);
    check_starts_at(&w, w.frame - 2);
    check_waits(&w, 1, 0);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_at_a_keyframe_that_is_young_enough),
        cmocka_unit_test(does_not_start_at_a_keyframe_that_is_too_old),
        cmocka_unit_test(does_not_start_in_a_gop_that_did_not_fit),
        cmocka_unit_test(zero_seconds_mean_the_next_keyframe),
        cmocka_unit_test(a_wait_for_the_first_keyframe_is_not_counted),
        cmocka_unit_test(restarts_wait_like_those_who_join),
    };

    return world_run(tests, sizeof(tests) / sizeof(*tests));
}
