// SPDX-License-Identifier: Apache-2.0
#include "rtsp/fingerprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEX "00112233445566778899AABBCCDDEEFF0123456789ABCDEF0123456789ABCDEF"

static void assert_read(const char *text)
{
    struct rtsp_fingerprint f = {0};
    char out[RTSP_FINGERPRINT_TEXT];

    assert_true(rtsp_fingerprint_parse(text, &f));
    assert_true(f.set);
    rtsp_fingerprint_format(&f, out);
    assert_string_equal(out, HEX);
}

static void test_read(void **state)
{
    (void)state;
    assert_read(HEX);
    assert_read("00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef");
    assert_read("00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:"
                "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:ab:cd:ef");
}

static void test_refused(void **state)
{
    static const char *const bad[] = {
        "",
        "ab",
        HEX "0",
        HEX "00",
        "x" HEX,
        "0x" HEX,
        " " HEX,
        "00112233445566778899AABBCCDDEEFF0123456789ABCDEF0123456789ABCDE",
        "00112233445566778899AABBCCDDEEFF0123456789ABCDEF0123456789ABCD",
        "0:0112233445566778899AABBCCDDEEFF0123456789ABCDEF0123456789ABCDEF",
        "sha256:00112233445566778899AABBCCDDEEFF0123456789ABCDEF0123456789ABCDEF",
    };
    struct rtsp_fingerprint f = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (rtsp_fingerprint_parse(bad[i], &f))
            fail_msg("accepted: %s", bad[i]);
        assert_false(f.set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
