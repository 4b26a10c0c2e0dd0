// SPDX-License-Identifier: Apache-2.0
#include "rtsp/control_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int take(struct rtsp_control_url *control, const char *headers, const char *control_line)
{
    char answer[4096];
    char sdp[2048];
    struct rtsp_message message;
    struct rtsp_sdp parsed;
    int len = snprintf(answer, sizeof(answer), "RTSP/1.0 200 OK\r\n%s\r\n", headers);

    assert_int_equal(rtsp_message_parse((const uint8_t *)answer, (size_t)len, &message), len);
    snprintf(sdp, sizeof(sdp), "m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=control:%s\n",
             control_line);
    assert_int_equal(rtsp_sdp_parse(sdp, strlen(sdp), true, &parsed), 0);
    return rtsp_control_url_take(control, "rtsp://cam/s", &message, &parsed);
}

static void test_base(void **state)
{
    static const struct {
        const char *headers;
        const char *aggregate;
        const char *track;
    } cases[] = {
        {"", "rtsp://cam/s", "rtsp://cam/s/t"},
        {"Content-Base: rtsp://b/x/\r\nContent-Location: rtsp://l/\r\n", "rtsp://b/x/",
         "rtsp://b/x/t"},
        {"Content-Location: rtsp://l/y\r\n", "rtsp://l/y", "rtsp://l/y/t"},
        {"Content-Base: /x/\r\n", "rtsp://cam/x/", "rtsp://cam/x/t"},
        {"Content-Base: rtsp://rtsp://cam/x/\r\n", "rtsp://cam/s", "rtsp://cam/s/t"},
        {"Content-Base: cam:554/x/\r\n", "rtsp://cam/s", "rtsp://cam/s/t"},
        {"Content-Base: 0\r\nContent-Location: rtsp://l/y\r\n", "rtsp://l/y", "rtsp://l/y/t"},
        {"Content-Base: http://cam/x/\r\n", "rtsp://cam/s", "rtsp://cam/s/t"},
        {"Content-Base: /a b\r\n", "rtsp://cam/s", "rtsp://cam/s/t"},
        {"Content-Base:\r\n", "rtsp://cam/s", "rtsp://cam/s/t"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct rtsp_control_url control;

        assert_int_equal(take(&control, cases[i].headers, "t"), 0);
        assert_string_equal(control.aggregate, cases[i].aggregate);
        assert_string_equal(control.track[ENG_VIDEO], cases[i].track);
    }
}

static void test_bounds(void **state)
{
    struct rtsp_control_url control;
    char text[RTSP_URL_MAX];

    (void)state;
    assert_int_equal(take(&control, "", "a b"), -EINVAL);
    // With the base, a slash and the NUL it fits.
    memset(text, 'a', sizeof(text));
    text[RTSP_URL_MAX - sizeof("rtsp://cam/s/")] = '\0';
    assert_int_equal(take(&control, "", text), 0);
    text[RTSP_URL_MAX - sizeof("rtsp://cam/s/")] = 'a';
    text[RTSP_URL_MAX - sizeof("rtsp://cam/s/") + 1] = '\0';
    assert_int_equal(take(&control, "", text), -EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
