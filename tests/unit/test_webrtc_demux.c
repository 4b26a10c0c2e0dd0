// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <string.h>
#include <cmocka.h>

#include "webrtc/peer.h"

static enum wrtc_datagram classify(uint8_t first, uint8_t second, size_t len)
{
    uint8_t data[64] = {first, second};
    return wrtc_datagram_classify(data, len);
}

static void test_first_byte(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        enum wrtc_datagram want = WRTC_JUNK;
        if (first <= 3)
            want = WRTC_STUN;
        else if (first >= 20 && first <= 63)
            want = WRTC_DTLS;
        else if (first >= 128 && first <= 191)
            want = WRTC_RTP;
        assert_int_equal(classify((uint8_t)first, 96, 64), want);
    }
}

static void test_payload_type_parts_rtp_and_rtcp(void **state)
{
    (void)state;
    for (unsigned second = 0; second < 256; second++) {
        bool rtcp = second >= 192 && second <= 223;
        // With the marker bit clear these values are payload types that no one may use.
        bool reserved = second >= 64 && second <= 95;
        assert_int_equal(classify(0x80, (uint8_t)second, 64),
                         rtcp || reserved ? WRTC_RTCP : WRTC_RTP);
    }
}

static void test_shorter_than_its_header(void **state)
{
    (void)state;
    assert_int_equal(wrtc_datagram_classify((const uint8_t *)"", 0), WRTC_JUNK);
    assert_int_equal(classify(0, 1, 1), WRTC_JUNK);
    assert_int_equal(classify(0, 1, 19), WRTC_JUNK);
    assert_int_equal(classify(0, 1, 20), WRTC_STUN);
    assert_int_equal(classify(22, 254, 12), WRTC_JUNK);
    assert_int_equal(classify(22, 254, 13), WRTC_DTLS);
    assert_int_equal(classify(0x80, 96, 11), WRTC_JUNK);
    assert_int_equal(classify(0x80, 96, 12), WRTC_RTP);
    assert_int_equal(classify(0x80, 201, 7), WRTC_JUNK);
    assert_int_equal(classify(0x80, 201, 8), WRTC_RTCP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_byte),
        cmocka_unit_test(test_payload_type_parts_rtp_and_rtcp),
        cmocka_unit_test(test_shorter_than_its_header),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
