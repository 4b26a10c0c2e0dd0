// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/support/stun_text.h"
#include "webrtc/sdp.h"

static struct wrtc_error error;
static struct wrtc_sdpfrag fragment;

static int parse(const char *text)
{
    fragment = (struct wrtc_sdpfrag){0};
    return wrtc_sdpfrag_parse(text, strlen(text), &fragment, &error);
}

static void test_levels(void **state)
{
    (void)state;
    assert_int_equal(parse("a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n"
                           "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n"),
                     0);
    assert_string_equal(fragment.ufrag, "EsAw");
    assert_string_equal(fragment.mid, "0");
    assert_int_equal(parse("m=audio 9 RTP/AVP 0\na=mid:a1\na=ice-ufrag:EsAw\n"
                           "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\nm=video 9 RTP/AVP 0\na=mid:v\n"
                           "a=ice-ufrag:other\na=ice-pwd:other0123456789012345678\n"),
                     0);
    assert_string_equal(fragment.ufrag, "EsAw");
    assert_string_equal(fragment.mid, "a1");
}

// Nothing that could not stand in our own lines is repeated.
static void test_mid_is_not_needed(void **state)
{
    static const char *const odd[] = {
        "",
        "a=mid:\n",
        "a=mid:a b\n",
        "a=mid:0123456789012345678901234567890123456789\n",
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        snprintf(text, sizeof(text), "%sa=ice-ufrag:EsAw\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\n",
                 odd[i]);
        assert_int_equal(parse(text), 0);
        assert_string_equal(fragment.mid, "");
    }
}

static void test_refused(void **state)
{
    static const char *const broken[] = {
        "",
        "a=ice-ufrag:EsAw\n",
        "a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\n",
        "a=ice-ufrag:EsA\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\n",
        "a=ice-ufrag:EsAw\na=ice-pwd:P2uYro0UC\n",
        "a=ice-ufrag:EsAw\na=ice-pwd:P2uYro0UCOQ4zx jKXaWCBui1\n",
        "a=ice-ufrag:EsAw\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\na=x:\x01\n",
    };
    static const char whole[] = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCB\r\n";
    static char large[WRTC_SDP_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        if (parse(broken[i]) != -EINVAL)
            fail_msg("taken: %s", broken[i]);
    }
    for (size_t cut = 0; cut < sizeof(whole) - 3; cut++) {
        char *exact = malloc(cut + 1);

        assert_non_null(exact);
        memcpy(exact, whole, cut);
        assert_int_equal(wrtc_sdpfrag_parse(exact, cut, &fragment, &error), -EINVAL);
        free(exact);
    }
    assert_int_equal(wrtc_sdpfrag_parse(large, sizeof(large), &fragment, &error), -E2BIG);
}

static void test_written(void **state)
{
    const struct eng_addr candidates[] = {test_addr("192.0.2.1", 8189)};
    struct wrtc_sdpfrag_config config = {
        .ufrag = "localufr",
        .pwd = "abcdefghijklmnopqrstuvwx",
        .mid = "0",
        .candidates = candidates,
        .candidate_count = 1,
    };
    char text[512];
    size_t len = 0;

    (void)state;
    assert_int_equal(wrtc_sdpfrag_write(&config, text, sizeof(text), &len), 0);
    assert_int_equal(len, strlen(text));
    assert_string_equal(text, "a=ice-lite\r\n"
                              "a=ice-ufrag:localufr\r\n"
                              "a=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
                              "m=audio 9 RTP/AVP 0\r\n"
                              "a=mid:0\r\n"
                              "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host\r\n"
                              "a=end-of-candidates\r\n");
    assert_int_equal(wrtc_sdpfrag_write(&config, text, len, &len), -ENOSPC);
    config.tcp = true;
    assert_int_equal(wrtc_sdpfrag_write(&config, text, sizeof(text), &len), 0);
    assert_non_null(strstr(text, "a=candidate:2 1 tcp 1520435199 192.0.2.1 8189 typ host "
                                 "tcptype passive\r\na=end-of-candidates\r\n"));
    config.mid = "";
    assert_int_equal(wrtc_sdpfrag_write(&config, text, sizeof(text), &len), 0);
    assert_null(strstr(text, "candidate"));
    assert_int_equal(parse(text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_mid_is_not_needed),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
