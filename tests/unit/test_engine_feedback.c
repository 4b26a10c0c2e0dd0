// SPDX-License-Identifier: Apache-2.0
//
// What viewers ask for and report, and what they are told.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <sys/syscall.h>

#include "tests/support/engine_world.h"

// CLOCK_MONOTONIC, which then stands still but for what a test adds; 0: the machine's.
static _Atomic int64_t clock_ns;

int clock_gettime(clockid_t clock, struct timespec *ts)
{
    int64_t ns = clock_ns;

    if (ns == 0 || clock != CLOCK_MONOTONIC)
        return (int)syscall(SYS_clock_gettime, clock, ts);
    ts->tv_sec = (time_t)(ns / 1000000000);
    ts->tv_nsec = ns % 1000000000;
    return 0;
}

// The next RTP packet as it came, past any RTCP.
static void receive_sealed(struct world *w, struct got *got)
{
    do
        assert_true(receive_raw(w->fd, got, PATIENCE_MS));
    while (got->data[1] >= 200 && got->data[1] <= 203);
}

static void resends_the_identical_packet(void **state)
{
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct got got, first = {.len = 0};
    struct world w;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < PACKETS_PER_FRAME; i++) {
        receive_sealed(&w, &got);
        if (i == 3)
            first = got;
    }
    eng_put16(nack + 12, eng_get16(first.data + 2));
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    receive_sealed(&w, &got);
    assert_int_equal(got.len, first.len);
    assert_memory_equal(got.data, first.data, (size_t)first.len);

    // What was never sent is not there to be resent.
    eng_put16(nack + 12, (uint16_t)(eng_get16(first.data + 2) + 100));
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    wait_counter(&w, ENG_COUNTER_DROP_RESEND_OLD, 1);
    assert_int_equal(counter(&w, ENG_COUNTER_PACKETS_RESENT), 1);
    finish(&w);
}

static void check_rtx(enum eng_srtp_profile profile)
{
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct got got, last = {.len = 0};
    struct world w;

    start(&w);
    w.rtx = true;
    publish_frame(&w, true);
    add_viewer(&w, profile);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &last, PATIENCE_MS));
    eng_put16(nack + 12, last.seq);
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(got.ssrc, RTX_SSRC);
    assert_int_equal(got.payload_type, 97);
    assert_int_equal(got.timestamp, last.timestamp);
    assert_true(got.marker && got.seq < 0x8000);
    assert_int_equal(eng_get16(got.data + 12), last.seq);
    assert_int_equal(got.len, last.len + 2);
    assert_memory_equal(got.data + 14, last.data + 12, (size_t)last.len - 12);
    finish(&w);
}

static void resends_by_rtx_where_offered(void **state)
{
    (void)state;
    check_rtx(ENG_SRTP_AEAD_AES_128_GCM);
    check_rtx(ENG_SRTP_AES128_CM_HMAC_SHA1_80);
}

enum {
    CC_ID = 3, // its element is alone: 4 bytes of profile, 1 of id and length, the number, padding
    EXTENSION_LEN = 8,
};

static uint16_t number_of(const struct got *got)
{
    const uint8_t *extension = got->data + 12;

    assert_int_equal(got->data[0] & 0x1f, 0x10);
    assert_int_equal(eng_get32(extension), 0xbede0001);
    assert_int_equal(extension[4], CC_ID << 4 | 1);
    return eng_get16(extension + 5);
}

// Each packet has the next number, a resent one too: it is another than the first one's. What the
// viewer says of them becomes an estimate.
static void numbers_packets_and_hears_of_them(void **state)
{
    uint8_t nack[16] = {0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    // All of the packets, of which the first arrived at 64 ms and the others 250 us apart.
    uint8_t arrivals[32] = {0x8f, 205, 0, 7, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct eng_viewer_stats stats = {0};
    struct got got, last = {.len = 0};
    struct world w;

    (void)state;
    start(&w);
    clock_ns = now_ns();
    w.rtx = true;
    w.extension.transport_cc = CC_ID;
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (uint16_t i = 0; i < PACKETS_PER_FRAME; i++) {
        assert_true(receive_rtp(&w, &last, PATIENCE_MS));
        assert_int_equal(number_of(&last), i);
    }
    eng_put16(nack + 12, last.seq);
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    assert_int_equal(got.ssrc, RTX_SSRC);
    assert_int_equal(number_of(&got), PACKETS_PER_FRAME);
    assert_memory_equal(got.data + 12 + EXTENSION_LEN + 2, last.data + 12 + EXTENSION_LEN,
                        (size_t)last.len - 12 - EXTENSION_LEN);

    eng_put16(arrivals + 14, PACKETS_PER_FRAME + 1);
    arrivals[18] = 1;
    eng_put16(arrivals + 20, 0x2000 | (PACKETS_PER_FRAME + 1));
    memset(arrivals + 23, 1, PACKETS_PER_FRAME);
    for (int i = 0; i < 2; i++) {
        send_rtcp(&w, arrivals, sizeof(arrivals), w.fd);
        wait_counter(&w, ENG_COUNTER_RTCP_IN, 2 + (uint64_t)i);
        wait_for_commands(&w); // counted before it is read
        clock_ns += 600000000;
        arrivals[18] += 8; // 512 ms later
    }
    eng_viewer_read_stats(w.viewer, &stats);
    // 8 packets of up to 1,036 bytes and one of 538 came in 512 ms, and for so long they waited.
    assert_in_range(stats.estimate_bps, 120000, 130000);
    assert_int_equal(stats.queue_us, 512000);
    assert_int_equal(counter(&w, ENG_COUNTER_DROP_RTCP_BAD), 0);
    finish(&w);
    clock_ns = 0;
}

static void bounds_resends(void **state)
{
    enum {
        FRAMES = 34,
        PACKETS = FRAMES * PACKETS_PER_FRAME,
        PER_ENTRY = 17, // RFC 4585 6.2.1
        ENTRIES = PACKETS / PER_ENTRY
    };
    uint8_t nack[12 + 4 * ENTRIES] = {0x81, 205, 0, 2 + ENTRIES,     0, 0, 0,
                                      1,    0,   0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;
    uint16_t first = 0;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    wait_for_commands(&w);
    for (int frame = 0; frame < FRAMES; frame++) {
        publish_frame(&w, frame == 0);
        for (int i = 0; i < PACKETS_PER_FRAME; i++)
            assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        if (frame == 0)
            first = (uint16_t)(got.seq - PACKETS_PER_FRAME + 1);
    }
    for (int i = 0; i < ENTRIES; i++) {
        eng_put16(nack + 12 + 4 * i, (uint16_t)(first + PER_ENTRY * i));
        eng_put16(nack + 14 + 4 * i, 0xffff);
    }
    send_rtcp(&w, nack, sizeof(nack), w.fd);
    wait_counter(&w, ENG_COUNTER_NACKED, PACKETS);
    wait_counter(&w, ENG_COUNTER_DROP_RESEND_BUDGET, PACKETS - 64);
    wait_counter(&w, ENG_COUNTER_PACKETS_RESENT, 64);
    assert_int_equal(counter(&w, ENG_COUNTER_PACKETS_RESENT), 64);
    finish(&w);
}

static void restarts_at_the_keyframe_once_a_second(void **state)
{
    static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;
    uint16_t seq = 0;

    (void)state;
    start(&w);
    clock_ns = now_ns(); // all of this is of one second
    publish_frame(&w, true);
    publish_frame(&w, false);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < 2 * PACKETS_PER_FRAME; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        seq = got.seq;
    }
    for (int i = 0; i < 5; i++)
        send_rtcp(&w, pli, sizeof(pli), w.fd);
    for (int i = 0; i < 2 * PACKETS_PER_FRAME; i++) {
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
        assert_int_equal(got.seq, (uint16_t)(++seq)); // continuous
        assert_int_equal(got.data[12], i);            // the same frames again
    }
    wait_counter(&w, ENG_COUNTER_PLI, 5);
    wait_for_commands(&w);
    assert_false(receive_rtp(&w, &got, 100));
    assert_int_equal(counter(&w, ENG_COUNTER_PLI), 5);
    assert_int_equal(counter(&w, ENG_COUNTER_RESTARTS), 1);
    finish(&w);
    clock_ns = 0;
}

static void does_not_go_back_while_the_camera_is_away(void **state)
{
    static const uint8_t pli[12] = {0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0};
    struct world w;
    struct got got;

    (void)state;
    start(&w);
    clock_ns = now_ns();
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    for (int i = 0; i < PACKETS_PER_FRAME; i++)
        assert_true(receive_rtp(&w, &got, PATIENCE_MS));
    clock_ns += 2100000000;
    send_rtcp(&w, pli, sizeof(pli), w.fd);
    wait_counter(&w, ENG_COUNTER_PLI, 1);
    wait_for_commands(&w);
    assert_false(receive_rtp(&w, &got, 100));
    finish(&w);
    clock_ns = 0;
}

static void reports_each_second_and_says_bye(void **state)
{
    struct eng_event event;
    struct world w;
    struct got got;
    int packets = 0, reports = 0;

    (void)state;
    start(&w);
    publish_frame(&w, true);
    add_viewer(&w, ENG_SRTP_AES128_CM_HMAC_SHA1_80);
    while (reports < 2) {
        assert_true(receive(&w, &got, PATIENCE_MS));
        packets += !got.rtcp;
        if (!got.rtcp || packets < PACKETS_PER_FRAME)
            continue; // a worker that was held up reports first
        reports++;
        assert_int_equal(got.data[1], 200);
        assert_int_equal(eng_get32(got.data + 4), VIDEO_SSRC);
        assert_int_equal(eng_get32(got.data + 20), PACKETS_PER_FRAME);
    }
    assert_int_equal(eng_viewer_remove(w.viewer), 0);
    assert_true(wait_event(&w, &event));
    assert_int_equal(event.type, ENG_EVENT_VIEWER_GONE);
    assert_ptr_equal(event.owner, &w);
    do { // behind another report, if this was held up
        assert_true(receive(&w, &got, PATIENCE_MS));
        assert_true(got.rtcp);
    } while (got.data[got.len - 12 + 1] != 203);
    // Gone is gone.
    publish_frame(&w, true);
    assert_false(receive(&w, &got, 100));
    finish(&w);
}

static void reads_reports_and_bye_of_viewers(void **state)
{
    uint8_t rr[32] = {0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, VIDEO_SSRC >> 8, 0, 64, 0, 0, 9};
    static const uint8_t bye[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0x81, 203, 0, 1, 0, 0, 0, 1};
    struct eng_viewer_stats stats;
    struct eng_event event;
    struct world w;

    (void)state;
    start(&w);
    add_viewer(&w, ENG_SRTP_AEAD_AES_128_GCM);
    wait_for_commands(&w);
    send_rtcp(&w, rr, sizeof(rr), w.fd);
    wait_counter(&w, ENG_COUNTER_RTCP_IN, 1);
    wait_for_commands(&w); // counted before it is read
    eng_viewer_read_stats(w.viewer, &stats);
    assert_int_equal(stats.lost, 9);
    assert_int_equal(stats.loss_q8, 64);
    assert_true(stats.last_rtcp_ns > 0);
    send_rtcp(&w, bye, sizeof(bye), w.fd);
    assert_true(wait_event(&w, &event));
    assert_int_equal(event.type, ENG_EVENT_VIEWER_BYE);
    assert_ptr_equal(event.viewer, w.viewer);
    finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resends_the_identical_packet),
        cmocka_unit_test(resends_by_rtx_where_offered),
        cmocka_unit_test(numbers_packets_and_hears_of_them),
        cmocka_unit_test(bounds_resends),
        cmocka_unit_test(restarts_at_the_keyframe_once_a_second),
        cmocka_unit_test(does_not_go_back_while_the_camera_is_away),
        cmocka_unit_test(reports_each_second_and_says_bye),
        cmocka_unit_test(reads_reports_and_bye_of_viewers),
    };

    return world_run(tests, sizeof(tests) / sizeof(*tests));
}
