// SPDX-License-Identifier: Apache-2.0
#include "control/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static void test_what_is_missing(void **state)
{
    static const struct rtsp_track_info h264 = {.codec = RTSP_CODEC_H264};
    static const struct rtsp_track_info l16 = {.codec = RTSP_CODEC_L16};
    static const struct rtsp_track_info jpeg = {.note = "JPEG is not for browsers"};
    static const struct rtsp_track_info ac3 = {.note = "AC3 neither"};
    static const struct rtsp_track_info none = {.codec = RTSP_CODEC_NONE};
    static const struct {
        const struct rtsp_track_info *video, *audio;
        bool video_on, audio_on;
        const char *note;
    } cases[] = {
        {&h264, &l16, true, true, ""},
        {&h264, &none, true, false, ""},
        {&h264, &l16, true, false,
         "No sound: the camera sends L16, which this viewer does not take"},
        {&h264, &l16, false, true,
         "No picture: the camera sends H264, which this viewer does not take; Firefox needs its "
         "OpenH264 plugin (about:addons)"},
        {&h264, &ac3, true, false, "No sound: AC3 neither"},
        {&jpeg, &l16, false, true, "No picture: JPEG is not for browsers"},
        {&jpeg, &ac3, false, false, "No picture: JPEG is not for browsers. No sound: AC3 neither"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rtsp_source_status status = {.video = *cases[i].video, .audio = *cases[i].audio};
        char note[CTL_NOTE_MAX];

        ctl_note_write(&status, cases[i].video_on, cases[i].audio_on, note);
        assert_string_equal(note, cases[i].note);
    }
}

static void test_the_longest_notes_fit(void **state)
{
    struct rtsp_source_status status = {0};
    char note[CTL_NOTE_MAX];

    (void)state;
    memset(status.video.note, 'v', RTSP_NOTE_MAX - 1);
    memset(status.audio.note, 'a', RTSP_NOTE_MAX - 1);
    ctl_note_write(&status, false, false, note);
    assert_int_equal(strlen(note), 2 * (RTSP_NOTE_MAX - 1) + strlen("No picture: . No sound: "));
}

static void test_b_frames(void **state)
{
    static const struct rtsp_source_status none = {0};
    static const struct rtsp_source_status dropped = {.b_frames_missing = true};
    static const struct rtsp_source_status some = {.b_frames_missing = true, .b_frames = true};
    const char *keep = ctl_note_b_frames(&some, RTSP_B_FRAMES_KEEP);
    const char *drop = ctl_note_b_frames(&some, RTSP_B_FRAMES_DROP);

    (void)state;
    assert_string_equal(ctl_note_b_frames(&none, RTSP_B_FRAMES_KEEP), "");
    assert_string_equal(ctl_note_b_frames(&none, RTSP_B_FRAMES_DROP), "");
    assert_non_null(strstr(keep, "set bframes = \"drop\""));
    assert_non_null(strstr(drop, "on which others depend remain"));
    assert_non_null(strstr(ctl_note_b_frames(&dropped, RTSP_B_FRAMES_DROP), "are dropped"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_missing),
        cmocka_unit_test(test_the_longest_notes_fit),
        cmocka_unit_test(test_b_frames),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
