// SPDX-License-Identifier: Apache-2.0
//
// The SRTP and RTCP of bench/viewers against libsrtp2 and the engine's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/viewers_rtcp.h"
#include "bench/viewers_srtp.h"
#include "engine/bytes.h"
#include "engine/rtcp.h"
#include "tests/support/oracle.h"

enum {
    PACKET_MAX = 1500,
    SSRC = 0x01020304,
};

static const enum eng_srtp_profile profiles[] = {ENG_SRTP_AEAD_AES_128_GCM,
                                                 ENG_SRTP_AES128_CM_HMAC_SHA1_80};

struct world {
    struct viewers_cipher *cipher;
    struct viewers_srtp viewer;
    srtp_t send, receive; // the server's
};

static void open_world(struct world *w, enum eng_srtp_profile profile)
{
    struct eng_srtp_keying keying = {.profile = profile};

    assert_int_equal(oracle_init(), 0);
    for (size_t i = 0; i < ENG_SRTP_KEY_LEN; i++) {
        keying.receive.key[i] = (uint8_t)rand();
        keying.send.key[i] = (uint8_t)rand();
    }
    for (size_t i = 0; i < (profile == ENG_SRTP_AEAD_AES_128_GCM ? 12U : 14U); i++) {
        keying.receive.salt[i] = (uint8_t)rand();
        keying.send.salt[i] = (uint8_t)rand();
    }
    assert_int_equal(viewers_cipher_create(&w->cipher), 0);
    assert_int_equal(viewers_srtp_init(&w->viewer, &keying), 0);
    w->send = oracle_create(profile, &keying.receive, ssrc_any_outbound);
    w->receive = oracle_create(profile, &keying.send, ssrc_any_inbound);
}

static void close_world(struct world *w)
{
    srtp_dealloc(w->send);
    srtp_dealloc(w->receive);
    viewers_srtp_fini(&w->viewer);
    viewers_cipher_destroy(w->cipher);
}

// An RTP packet with a CSRC and a header extension, sealed by libsrtp2. Returns its length.
static size_t seal_rtp(struct world *w, uint16_t seq, uint8_t *packet)
{
    static const uint8_t extension[] = {0xbe, 0xde, 0, 1, 0x10, 0x55, 0, 0};
    int len = 24;

    memset(packet, 0, PACKET_MAX);
    packet[0] = 0x91;
    packet[1] = 96;
    eng_put16(packet + 2, seq);
    eng_put32(packet + 8, SSRC);
    memcpy(packet + 16, extension, sizeof(extension));
    for (; len < 24 + 100; len++)
        packet[len] = (uint8_t)(seq + len);
    assert_int_equal(srtp_protect(w->send, packet, &len), srtp_err_status_ok);
    return (size_t)len;
}

static void check_rtp(struct world *w, uint8_t *packet, size_t len, int64_t index)
{
    uint8_t text[PACKET_MAX], before[PACKET_MAX];

    memcpy(before, packet, len);
    assert_int_equal(viewers_srtp_open(w->cipher, &w->viewer, packet, len, 24, index, text), 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(text[i], (uint8_t)(index + 24 + i));
    assert_memory_equal(packet, before, len);
}

static void test_opens_rtp(void **state)
{
    uint8_t packet[PACKET_MAX];

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct world w;

        open_world(&w, profiles[p]);
        // Over the wrap: the ROC counts.
        for (int64_t index = 65000; index < 66000; index++) {
            size_t len = seal_rtp(&w, (uint16_t)index, packet);

            if (index % 10 == 0 || index > 65530)
                check_rtp(&w, packet, len, index);
        }
        close_world(&w);
    }
}

static void test_refuses_what_is_not_authentic(void **state)
{
    uint8_t packet[PACKET_MAX], text[PACKET_MAX];

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct world w;

        open_world(&w, profiles[p]);
        size_t len = seal_rtp(&w, 7, packet);
        for (size_t i = 1; i < len; i += 9) {
            packet[i] ^= 4;
            assert_int_equal(viewers_srtp_open(w.cipher, &w.viewer, packet, len, 24, 7, text),
                             -EBADMSG);
            packet[i] ^= 4;
        }
        // Another ROC, none at all, and too short.
        assert_int_equal(viewers_srtp_open(w.cipher, &w.viewer, packet, len, 24, 65536 + 7, text),
                         -EBADMSG);
        assert_int_equal(viewers_srtp_open(w.cipher, &w.viewer, packet, len, 24, -1, text),
                         -EBADMSG);
        for (size_t n = 24; n < len; n++)
            assert_int_equal(viewers_srtp_open(w.cipher, &w.viewer, packet, n, 24, 7, text),
                             -EBADMSG);
        check_rtp(&w, packet, len, 7);
        close_world(&w);
    }
}

// Two viewers in turn share a cipher.
static void test_cipher_changes_keys(void **state)
{
    struct world a, b;
    uint8_t packet[PACKET_MAX];

    (void)state;
    open_world(&a, profiles[0]);
    open_world(&b, profiles[0]);
    viewers_cipher_destroy(b.cipher);
    b.cipher = a.cipher;
    for (uint16_t seq = 0; seq < 10; seq++) {
        size_t len = seal_rtp(&a, seq, packet);

        check_rtp(&a, packet, len, seq);
        len = seal_rtp(&b, seq, packet);
        check_rtp(&b, packet, len, seq);
    }
    assert_int_equal(viewers_cipher_create(&b.cipher), 0);
    close_world(&a);
    close_world(&b);
}

static void test_rtcp_both_ways(void **state)
{
    uint8_t packet[PACKET_MAX];

    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct world w;

        open_world(&w, profiles[p]);
        for (int i = 0; i < 5; i++) {
            size_t clear = viewers_rtcp_write_report(packet, 42, NULL, 0);

            clear += viewers_rtcp_write_cname(packet + clear, 42);
            int len = (int)viewers_srtp_seal_rtcp(w.cipher, &w.viewer, packet, clear);
            assert_int_equal(srtp_unprotect_rtcp(w.receive, packet, &len), srtp_err_status_ok);
            assert_int_equal(len, clear);
            assert_int_equal(srtp_protect_rtcp(w.send, packet, &len), srtp_err_status_ok);
            packet[9] ^= 1;
            assert_int_equal(viewers_srtp_open_rtcp(w.cipher, &w.viewer, packet, (size_t)len),
                             -EBADMSG);
            packet[9] ^= 1;
            for (int n = 0; n < 28; n++) {
                uint8_t copy[28];

                memcpy(copy, packet, (size_t)n);
                assert_int_equal(viewers_srtp_open_rtcp(w.cipher, &w.viewer, copy, (size_t)n),
                                 -EBADMSG);
            }
            // GCM decrypts in place even what it then refuses, so what was spoilt is sealed anew.
            len = (int)viewers_rtcp_write_report(packet, 42, NULL, 0);
            assert_int_equal(srtp_protect_rtcp(w.send, packet, &len), srtp_err_status_ok);
            assert_int_equal(viewers_srtp_open_rtcp(w.cipher, &w.viewer, packet, (size_t)len), 8);
        }
        close_world(&w);
    }
}

// ---- RTCP in the clear, read by the engine ----

struct heard {
    unsigned nacks, keyframes, reports;
    uint16_t seq[64];
    struct eng_rtcp_report report;
    uint32_t ssrc, ntp;
    unsigned byes;
};

static void on_report(void *ctx, const struct eng_rtcp_report *report)
{
    struct heard *heard = ctx;

    heard->reports++;
    heard->report = *report;
}

static void on_nack(void *ctx, uint32_t ssrc, uint16_t seq)
{
    struct heard *heard = ctx;

    assert_int_equal(ssrc, SSRC);
    heard->seq[heard->nacks++] = seq;
}

static void on_keyframe(void *ctx, uint32_t ssrc)
{
    struct heard *heard = ctx;

    assert_int_equal(ssrc, SSRC);
    heard->keyframes++;
}

static void on_bye(void *ctx)
{
    struct heard *heard = ctx;

    heard->byes++;
}

static void test_engine_reads_feedback(void **state)
{
    static const uint16_t seqs[] = {65530, 65535, 0, 10, 11, 27, 28, 5000};
    struct viewers_rtcp_block block = {.ssrc = SSRC,
                                       .fraction_lost = 7,
                                       .lost = -3,
                                       .highest = 99,
                                       .jitter = 5,
                                       .lsr = 1,
                                       .dlsr = 2};
    struct heard heard = {0};
    struct eng_rtcp_handler handler = {.ctx = &heard,
                                       .report = on_report,
                                       .nack = on_nack,
                                       .keyframe = on_keyframe,
                                       .bye = on_bye};
    uint8_t out[VIEWERS_RTCP_MAX];
    size_t len = viewers_rtcp_write_report(out, 1, &block, 1);

    (void)state;
    len += viewers_rtcp_write_cname(out + len, 1);
    len += viewers_rtcp_write_nack(out + len, 1, SSRC, seqs, sizeof(seqs) / sizeof(*seqs));
    len += viewers_rtcp_write_pli(out + len, 1, SSRC);
    assert_int_equal(eng_rtcp_read(out, len, &handler), 0);
    assert_int_equal(heard.reports, 1);
    assert_int_equal(heard.report.ssrc, SSRC);
    assert_int_equal(heard.report.fraction_lost, 7);
    assert_int_equal(heard.report.lost, -3);
    assert_int_equal(heard.report.highest, 99);
    assert_int_equal(heard.report.dlsr, 2);
    assert_int_equal(heard.keyframes, 1);
    assert_int_equal(heard.nacks, sizeof(seqs) / sizeof(*seqs));
    assert_memory_equal(heard.seq, seqs, sizeof(seqs));
}

static void on_sender_report(void *ctx, uint32_t ssrc, uint32_t ntp_middle)
{
    struct heard *heard = ctx;

    heard->ssrc = ssrc;
    heard->ntp = ntp_middle;
}

static void test_reads_the_engines_reports(void **state)
{
    struct eng_rtcp_sender sender = {.ssrc = SSRC, .report = true};
    struct heard heard = {0};
    struct viewers_rtcp_handler handler = {&heard, on_sender_report, on_bye};
    int64_t real_ns = INT64_C(1700000000250000000);
    uint8_t out[ENG_RTCP_COMPOUND_MAX];
    size_t len = eng_rtcp_write(out, &sender, 1, "cname", real_ns, true);

    (void)state;
    assert_int_equal(viewers_rtcp_read(out, len, &handler), 0);
    assert_int_equal(heard.ssrc, SSRC);
    assert_int_equal(heard.ntp, (uint32_t)(eng_ntp_from_real(real_ns) >> 16));
    assert_int_equal(heard.byes, 1);
    for (size_t n = 1; n < 28; n++)
        assert_int_equal(viewers_rtcp_read(out, n, &handler), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opens_rtp),
        cmocka_unit_test(test_refuses_what_is_not_authentic),
        cmocka_unit_test(test_cipher_changes_keys),
        cmocka_unit_test(test_rtcp_both_ways),
        cmocka_unit_test(test_engine_reads_feedback),
        cmocka_unit_test(test_reads_the_engines_reports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
