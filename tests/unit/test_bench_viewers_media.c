// SPDX-License-Identifier: Apache-2.0
//
// A viewer's media, sealed by the engine: what is counted, opened, asked for and measured.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench/stamp.h"
#include "bench/viewers_feedback.h"
#include "bench/viewers_h264.h"
#include "bench/viewers_media.h"
#include "engine/bytes.h"
#include "engine/rtcp.h"
#include "engine/srtp.h"

#define MS INT64_C(1000000)

enum {
    VIDEO_TYPE = 96,
    RTX_TYPE = 97,
    AUDIO_TYPE = 111,
    VIDEO_SSRC = 1001,
    AUDIO_SSRC = 1002,
    RTX_SSRC = 1003,
    PAYLOAD = 200,
    OPEN_EVERY = 10,
};

static const uint8_t sps[PAYLOAD] = {0x67, 0x42};
static const uint8_t slice[PAYLOAD] = {0x41};

static struct viewers_counters counters;
static struct viewers_histogram latency;
static struct viewers_media_env env;
static struct viewers_media media;
static struct eng_srtp server;
static uint32_t timestamp;
static int64_t now_ns;

static uint64_t counted(enum viewers_counter id)
{
    return atomic_load(&counters.value[id]);
}

static int begin(void **state)
{
    static const uint32_t ssrcs[] = {VIDEO_SSRC, AUDIO_SSRC, RTX_SSRC};
    struct eng_srtp_keying viewer = {.profile = ENG_SRTP_AEAD_AES_128_GCM,
                                     .send.key = "from the viewer",
                                     .receive.key = "from the server"};
    struct eng_srtp_keying seen_by_server = {
        .profile = viewer.profile, .send = viewer.receive, .receive = viewer.send};
    struct viewers_answer answer = {.video = true, .audio = true, .nack = true, .pli = true};

    (void)state;
    answer.kind[VIDEO_TYPE] = VIEWERS_VIDEO;
    answer.kind[RTX_TYPE] = VIEWERS_RTX;
    answer.kind[AUDIO_TYPE] = VIEWERS_AUDIO;
    memset(&counters, 0, sizeof(counters));
    memset(&latency, 0, sizeof(latency));
    env = (struct viewers_media_env){.counters = &counters,
                                     .latency = &latency,
                                     .open_every = OPEN_EVERY,
                                     .stamp_every = 1,
                                     .measuring = true};
    timestamp = 5000;
    now_ns = 1000 * MS;
    assert_int_equal(viewers_cipher_create(&env.cipher), 0);
    viewers_media_init(&media, &env, &answer, 0);
    assert_int_equal(viewers_media_start(&media, &viewer, now_ns), 0);
    return eng_srtp_init(&server, &seen_by_server, ssrcs, 3);
}

static int end(void **state)
{
    (void)state;
    eng_srtp_fini(&server);
    viewers_srtp_fini(&media.srtp);
    viewers_cipher_destroy(env.cipher);
    return 0;
}

static void send_rtp(uint8_t type, uint32_t ssrc, int64_t index, const uint8_t *payload, size_t len)
{
    uint8_t header[ENG_RTP_HEADER_LEN] = {0x80, type}, packet[VIEWERS_PACKET_MAX];

    eng_put16(header + 2, (uint16_t)index);
    eng_put32(header + 4, timestamp);
    eng_put32(header + 8, ssrc);
    len = eng_srtp_seal(&server, header, sizeof(header), (uint64_t)index, payload, len, packet);
    viewers_media_receive(&media, packet, len, now_ns, now_ns);
}

static void send_video(int64_t index, const uint8_t *payload)
{
    send_rtp(VIDEO_TYPE, VIDEO_SSRC, index, payload, PAYLOAD);
}

// What the viewer says now, as the server understands it.
struct heard {
    unsigned nacks, keyframes, reports;
    uint16_t seq;
    struct eng_rtcp_report report;
};

static void on_report(void *ctx, const struct eng_rtcp_report *report)
{
    struct heard *heard = ctx;

    heard->reports++;
    if (report->ssrc == VIDEO_SSRC)
        heard->report = *report;
}

static void on_nack(void *ctx, uint32_t ssrc, uint16_t seq)
{
    struct heard *heard = ctx;

    assert_int_equal(ssrc, VIDEO_SSRC);
    heard->nacks++;
    heard->seq = seq;
}

static void on_keyframe(void *ctx, uint32_t ssrc)
{
    struct heard *heard = ctx;

    assert_int_equal(ssrc, VIDEO_SSRC);
    heard->keyframes++;
}

static struct heard hear(int64_t at_ns)
{
    struct heard heard = {0};
    struct eng_rtcp_handler handler = {
        .ctx = &heard, .report = on_report, .nack = on_nack, .keyframe = on_keyframe};
    uint8_t sealed[VIEWERS_FEEDBACK_MAX], clear[VIEWERS_FEEDBACK_MAX];
    size_t len = viewers_feedback_write(&media, at_ns, 0, sealed);

    now_ns = at_ns;
    if (len > 0) {
        int n = eng_srtp_open_rtcp(&server, sealed, len, clear);

        assert_true(n > 0);
        assert_int_equal(eng_rtcp_read(clear, (size_t)n, &handler), 0);
    }
    return heard;
}

static void test_first_keyframe(void **state)
{
    (void)state;
    assert_false(viewers_media_seen(&media));
    send_video(0, slice);
    assert_int_not_equal(media.first_packet_ns, 0);
    assert_false(viewers_media_seen(&media));
    now_ns += 5 * MS;
    send_video(1, sps);
    assert_true(viewers_media_seen(&media));
    assert_int_equal(media.first_keyframe_ns, now_ns);
    assert_int_equal(counted(VIEWERS_COUNTER_OPENED), 2);
}

static void test_asks_for_a_keyframe(void **state)
{
    (void)state;
    send_video(0, slice);
    assert_int_equal(hear(now_ns + 900 * MS).keyframes, 0);
    assert_int_equal(hear(now_ns + 100 * MS).keyframes, 1);
    assert_int_equal(hear(now_ns + 500 * MS).keyframes, 0);
    assert_int_equal(hear(now_ns + 500 * MS).keyframes, 1);
    send_video(1, sps);
    assert_int_equal(hear(now_ns + 5000 * MS).keyframes, 0);
}

// Once a keyframe was seen, a frame's beginning and each n-th packet.
static void test_opens_few(void **state)
{
    (void)state;
    env.stamp_every = 0;
    media.until_stamp = 0;
    send_video(0, sps);
    for (int i = 1; i <= 100; i++)
        send_video(i, slice);
    assert_int_equal(counted(VIEWERS_COUNTER_OPENED), 1 + 100 / OPEN_EVERY);
    assert_int_equal(counted(VIEWERS_COUNTER_RECEIVED), 101);
    assert_int_equal(counted(VIEWERS_COUNTER_FRAMES), 1);
}

static void test_counts_what_is_forged(void **state)
{
    uint8_t packet[100] = {0x80, VIDEO_TYPE};

    (void)state;
    viewers_media_receive(&media, packet, sizeof(packet), now_ns, now_ns);
    assert_int_equal(counted(VIEWERS_COUNTER_FORGED), 1);
    assert_false(viewers_media_seen(&media));
    packet[1] = 50; // a payload type of nobody's
    viewers_media_receive(&media, packet, sizeof(packet), now_ns, now_ns);
    packet[0] = 0x9f; // CSRCs beyond the end
    viewers_media_receive(&media, packet, 40, now_ns, now_ns);
    packet[0] = 0x90; // an extension beyond the end
    packet[15] = 200;
    viewers_media_receive(&media, packet, sizeof(packet), now_ns, now_ns);
    assert_int_equal(counted(VIEWERS_COUNTER_UNKNOWN), 3);
    packet[1] = 200;
    viewers_media_receive(&media, packet, sizeof(packet), now_ns, now_ns);
    assert_int_equal(counted(VIEWERS_COUNTER_RTCP_FORGED), 1);
}

static void test_loss_is_repaired_by_rtx(void **state)
{
    uint8_t again[2 + PAYLOAD] = {0};
    struct heard heard;

    (void)state;
    send_video(65535, sps);
    send_video(65537, slice); // 65536, which is 0, is missing
    assert_int_equal(viewers_media_lost(&media), 1);
    heard = hear(viewers_feedback_next_ns(&media));
    assert_int_equal(heard.nacks, 1);
    assert_int_equal(heard.seq, 0);
    memcpy(again + 2, slice, PAYLOAD); // behind the original sequence number
    send_rtp(RTX_TYPE, RTX_SSRC, 0, again, sizeof(again));
    assert_int_equal(counted(VIEWERS_COUNTER_RECOVERED), 1);
    assert_int_equal(counted(VIEWERS_COUNTER_LATE), 0);
    assert_int_equal(viewers_media_lost(&media), 0);
    assert_int_equal(media.missing.count, 0);
    send_rtp(RTX_TYPE, RTX_SSRC, 1, again, sizeof(again));
    assert_int_equal(counted(VIEWERS_COUNTER_DUPLICATE), 1);
    send_rtp(RTX_TYPE, RTX_SSRC, 2, again, 0); // padding only, to probe
    assert_int_equal(counted(VIEWERS_COUNTER_RTX), 3);
    assert_int_equal(counted(VIEWERS_COUNTER_RECEIVED), 3);
}

static void test_loss_is_repaired_by_the_same_packet(void **state)
{
    (void)state;
    send_video(0, sps);
    send_video(3, slice);
    send_video(1, slice); // before it was asked for: merely late
    assert_int_equal(counted(VIEWERS_COUNTER_LATE), 1);
    assert_int_equal(hear(now_ns + 10 * MS).nacks, 1);
    send_video(2, slice);
    assert_int_equal(counted(VIEWERS_COUNTER_RECOVERED), 1);
    assert_int_equal(counted(VIEWERS_COUNTER_NACKED), 1);
    assert_int_equal(viewers_media_lost(&media), 0);
}

static void test_audio_is_not_asked_for(void **state)
{
    (void)state;
    send_rtp(AUDIO_TYPE, AUDIO_SSRC, 0, slice, 50);
    send_rtp(AUDIO_TYPE, AUDIO_SSRC, 5, slice, 50);
    assert_int_equal(viewers_media_lost(&media), 4);
    assert_int_equal(hear(now_ns + 20 * MS).nacks, 0);
    assert_int_equal(counted(VIEWERS_COUNTER_EXPECTED), 6);
    assert_int_equal(counted(VIEWERS_COUNTER_VIDEO_EXPECTED), 0);
}

static void test_reports(void **state)
{
    struct heard heard;

    (void)state;
    send_video(10, sps);
    send_rtp(AUDIO_TYPE, AUDIO_SSRC, 0, slice, 50);
    for (int i = 11; i < 10 + 256; i++) {
        if (i % 4 != 0)
            send_video(i, slice);
    }
    heard = hear(now_ns + 1000 * MS);
    assert_int_equal(heard.reports, 2);
    assert_int_equal(heard.report.highest, 265);
    assert_int_equal(heard.report.lost, 64);
    assert_in_range(heard.report.fraction_lost, 63, 64);
    assert_int_equal(hear(now_ns + 999 * MS).reports, 0);
    heard = hear(now_ns + 1 * MS);
    assert_int_equal(heard.reports, 2);
    assert_int_equal(heard.report.fraction_lost, 0);
    assert_int_equal(heard.report.lost, 64);
}

static void test_answers_sender_reports(void **state)
{
    struct eng_rtcp_sender sender = {.ssrc = VIDEO_SSRC, .report = true};
    uint8_t packet[ENG_RTCP_COMPOUND_MAX + ENG_SRTCP_OVERHEAD_MAX];
    int64_t real_ns = INT64_C(1700000000000000000);
    struct heard heard;
    size_t len;

    (void)state;
    send_video(0, sps);
    len = eng_rtcp_write(packet, &sender, 1, "c", real_ns, true);
    len = eng_srtp_seal_rtcp(&server, packet, len);
    now_ns += 500 * MS;
    viewers_media_receive(&media, packet, len, now_ns, now_ns);
    assert_true(media.bye);
    heard = hear(now_ns + 500 * MS);
    assert_int_equal(heard.report.lsr, (uint32_t)(eng_ntp_from_real(real_ns) >> 16));
    assert_int_equal(heard.report.dlsr, 65536 / 2);
}

// Each frame's stamp is found in its first packets, and nowhere else.
static void test_latency(void **state)
{
    uint8_t stamp[BENCH_STAMP_LEN];

    (void)state;
    send_video(0, sps);
    for (int i = 0; i < 10; i++) {
        timestamp += 3000;
        now_ns += 33 * MS;
        bench_stamp_encode(now_ns - (i + 1) * MS, stamp);
        send_rtp(VIDEO_TYPE, VIDEO_SSRC, 1 + 3 * i, stamp, sizeof(stamp));
        send_video(2 + 3 * i, slice);
        send_video(3 + 3 * i, slice);
    }
    assert_int_equal(latency.count, 10);
    assert_int_equal(latency.max_ns, 10 * MS);
    // One of the clock ahead of ours, one without.
    timestamp += 3000;
    bench_stamp_encode(now_ns + 1, stamp);
    send_rtp(VIDEO_TYPE, VIDEO_SSRC, 31, stamp, sizeof(stamp));
    assert_int_equal(counted(VIEWERS_COUNTER_STAMPED_AHEAD), 1);
    uint64_t without = counted(VIEWERS_COUNTER_UNSTAMPED);
    timestamp += 3000;
    send_video(32, slice);
    assert_int_equal(counted(VIEWERS_COUNTER_UNSTAMPED), without + 1);
    env.measuring = false;
    timestamp += 3000;
    bench_stamp_encode(now_ns, stamp);
    send_rtp(VIDEO_TYPE, VIDEO_SSRC, 33, stamp, sizeof(stamp));
    assert_int_equal(latency.count, 10);
}

static void test_frames_and_gaps(void **state)
{
    (void)state;
    send_video(0, sps);
    viewers_media_begin_measuring(&media, now_ns);
    for (int i = 1; i <= 10; i++) {
        now_ns += i == 7 ? 500 * MS : 33 * MS;
        timestamp += 3000;
        send_video(2 * i - 1, slice);
        now_ns += 5 * MS;
        send_video(2 * i, slice); // the same frame goes on
    }
    assert_int_equal(media.frames, 10);
    assert_int_equal(media.longest_gap_ns, 505 * MS);
    viewers_media_end_measuring(&media, now_ns + 700 * MS);
    assert_int_equal(media.longest_gap_ns, 705 * MS);
}

static void test_new_ssrc(void **state)
{
    (void)state;
    send_video(100, sps);
    send_video(103, slice);
    viewers_media_begin_measuring(&media, now_ns);
    send_rtp(VIDEO_TYPE, VIDEO_SSRC + 7, 40000, slice, PAYLOAD);
    assert_int_equal(counted(VIEWERS_COUNTER_SSRC_CHANGES), 1);
    assert_int_equal(counted(VIEWERS_COUNTER_EXPECTED), 5);
    assert_int_equal(viewers_media_lost(&media), 0);
    assert_int_equal(media.missing.count, 0);
}

// ---- payloads ----

static struct viewers_h264 look(const uint8_t *payload, size_t len)
{
    struct viewers_h264 seen;

    viewers_h264_look(payload, len, &seen);
    return seen;
}

static void test_payloads(void **state)
{
    static const uint8_t idr[] = {0x65, 1}, aud[] = {0x09, 0xf0};
    static const uint8_t fu_idr[] = {0x7c, 0x85, 1}, fu_middle[] = {0x7c, 0x05, 1};
    static const uint8_t fu_slice[] = {0x5c, 0x81, 1}, empty_fu[] = {0x7c};
    uint8_t stap[64] = {0x78, 0, 2, 0x67, 0x42, 0, BENCH_STAMP_LEN};

    (void)state;
    assert_true(look(idr, sizeof(idr)).keyframe && look(idr, sizeof(idr)).slice);
    assert_false(look(aud, sizeof(aud)).keyframe || look(aud, sizeof(aud)).slice);
    assert_true(look(fu_idr, sizeof(fu_idr)).keyframe);
    assert_true(look(fu_middle, sizeof(fu_middle)).slice);
    assert_false(look(fu_middle, sizeof(fu_middle)).keyframe);
    assert_true(look(fu_slice, sizeof(fu_slice)).slice);
    assert_false(look(fu_slice, sizeof(fu_slice)).keyframe);
    assert_false(look(empty_fu, 1).keyframe);
    assert_false(look(NULL, 0).slice);
    // SPS, then the stamp; its last bytes are beyond the end in the second look.
    bench_stamp_encode(0x0000000100000300, stap + 7);
    assert_true(look(stap, 7 + BENCH_STAMP_LEN).keyframe);
    assert_true(look(stap, 7 + BENCH_STAMP_LEN).stamped);
    assert_int_equal(look(stap, 7 + BENCH_STAMP_LEN).stamp_ns, 0x0000000100000300);
    assert_false(look(stap, 6 + BENCH_STAMP_LEN).stamped);
    assert_true(look(stap, 6 + BENCH_STAMP_LEN).keyframe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_keyframe, begin, end),
        cmocka_unit_test_setup_teardown(test_asks_for_a_keyframe, begin, end),
        cmocka_unit_test_setup_teardown(test_opens_few, begin, end),
        cmocka_unit_test_setup_teardown(test_counts_what_is_forged, begin, end),
        cmocka_unit_test_setup_teardown(test_loss_is_repaired_by_rtx, begin, end),
        cmocka_unit_test_setup_teardown(test_loss_is_repaired_by_the_same_packet, begin, end),
        cmocka_unit_test_setup_teardown(test_audio_is_not_asked_for, begin, end),
        cmocka_unit_test_setup_teardown(test_reports, begin, end),
        cmocka_unit_test_setup_teardown(test_answers_sender_reports, begin, end),
        cmocka_unit_test_setup_teardown(test_latency, begin, end),
        cmocka_unit_test_setup_teardown(test_frames_and_gaps, begin, end),
        cmocka_unit_test_setup_teardown(test_new_ssrc, begin, end),
        cmocka_unit_test(test_payloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
