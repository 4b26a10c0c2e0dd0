// SPDX-License-Identifier: Apache-2.0
#include "rtsp/outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

static struct rtsp_outbox box;

static int setup(void **state)
{
    (void)state;
    memset(&box, 0, sizeof(box));
    return 0;
}

static void expect_taken(const char *text)
{
    const uint8_t *data;
    size_t len = rtsp_outbox_take(&box, &data);

    assert_int_equal(len, strlen(text));
    assert_memory_equal(data, text, len);
}

// Anywhere in it, also where nothing should be any more.
static void expect_nothing_left_of(const char *text)
{
    assert_null(memmem(box.text, sizeof(box.text), text, strlen(text)));
}

static void what_is_put_is_taken_once(void **state)
{
    (void)state;
    expect_taken("");
    assert_true(rtsp_outbox_put(&box, "a=%d\r\n", 1));
    assert_true(rtsp_outbox_put(&box, "b=%s\r\n", "x"));
    expect_taken("a=1\r\nb=x\r\n");
    expect_taken("");
    assert_true(rtsp_outbox_put(&box, "c"));
    expect_taken("c");
}

static void what_was_taken_is_wiped(void **state)
{
    (void)state;
    assert_true(rtsp_outbox_put(&box, "secret"));
    expect_taken("secret");
    expect_taken("");
    expect_nothing_left_of("ecre");
    assert_true(rtsp_outbox_put(&box, "secret"));
    expect_taken("secret");
    assert_true(rtsp_outbox_put(&box, "x"));
    expect_nothing_left_of("ecre");
    expect_taken("x");
}

static void what_is_taken_back_is_wiped(void **state)
{
    size_t before;

    (void)state;
    assert_true(rtsp_outbox_put(&box, "stays"));
    before = box.len;
    assert_true(rtsp_outbox_put(&box, "secret"));
    rtsp_outbox_cut(&box, before);
    expect_nothing_left_of("secret");
    expect_taken("stays");
}

static void clear_leaves_nothing(void **state)
{
    (void)state;
    assert_true(rtsp_outbox_put(&box, "secret"));
    rtsp_outbox_clear(&box);
    expect_nothing_left_of("secret");
    expect_taken("");
}

static void what_does_not_fit_is_refused(void **state)
{
    static char big[RTSP_OUTBOX_MAX];

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    assert_true(rtsp_outbox_put(&box, "a"));
    assert_false(rtsp_outbox_put(&box, "%s", big));
    expect_taken("a");
    assert_true(rtsp_outbox_put(&box, "%s", big));
    assert_false(rtsp_outbox_put(&box, "b"));
    expect_taken(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_put_is_taken_once, setup),
        cmocka_unit_test_setup(what_was_taken_is_wiped, setup),
        cmocka_unit_test_setup(what_is_taken_back_is_wiped, setup),
        cmocka_unit_test_setup(clear_leaves_nothing, setup),
        cmocka_unit_test_setup(what_does_not_fit_is_refused, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
