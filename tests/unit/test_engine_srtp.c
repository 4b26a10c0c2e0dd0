// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <srtp2/srtp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/srtp.h"
#include "engine/srtp_kdf.h"
#include "tests/support/oracle.h"

enum {
    MAX = 2048
};

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = 0;
    unsigned byte;

    for (; *text; text++) {
        if (*text == ' ')
            continue;
        assert_int_equal(sscanf(text, "%2x", &byte), 1);
        out[n++] = (uint8_t)byte;
        text++;
    }
    return n;
}

static void assert_hex(const uint8_t *data, size_t len, const char *expected)
{
    uint8_t bytes[MAX];

    assert_int_equal(len, unhex(expected, bytes));
    assert_memory_equal(data, bytes, len);
}

// ---- vectors ----

static struct eng_srtp_key master_of(const char *key, const char *salt)
{
    struct eng_srtp_key master = {0};

    unhex(key, master.key);
    unhex(salt, master.salt);
    return master;
}

// RFC 3711 B.3
static void derives_the_published_session_keys(void **state)
{
    struct eng_srtp_key master =
        master_of("E1F97A0D3E018BE0D64FA32C06DE4139", "0EC675AD498AFEEBB6960B3AABE6");
    uint8_t out[32];

    (void)state;
    assert_int_equal(eng_srtp_derive(&master, ENG_SRTP_LABEL_RTP_KEY, out, 16), 0);
    assert_hex(out, 16, "C61E7A93744F39EE10734AFE3FF7A087");
    assert_int_equal(eng_srtp_derive(&master, ENG_SRTP_LABEL_RTP_SALT, out, 14), 0);
    assert_hex(out, 14, "30CBBC08863D8C85D49DB34A9AE1");
    assert_int_equal(eng_srtp_derive(&master, ENG_SRTP_LABEL_RTP_AUTH, out, 20), 0);
    assert_hex(out, 20, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
}

// RFC 3711 B.2: label 0 leaves the salt as it is, so the derivation is the bare key stream.
static void makes_the_published_key_stream(void **state)
{
    struct eng_srtp_key master =
        master_of("2B7E151628AED2A6ABF7158809CF4F3C", "F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    uint8_t out[32];

    (void)state;
    assert_int_equal(eng_srtp_derive(&master, ENG_SRTP_LABEL_RTP_KEY, out, 32), 0);
    assert_hex(out, 32, "E03EAD0935C95E80E166B16DD92B4EB4 D23513162B02D0F72A43A2FE4A5F97AB");
}

static const struct eng_gcm_ops *const all_ops[] = {
    &eng_gcm_evp,
#if ENG_HAVE_IPSEC_MB
    &eng_gcm_ipsec_mb,
#endif
};

enum {
    OPS = sizeof(all_ops) / sizeof(*all_ops)
};

// Session keys given directly, as RFC 7714 16 and 17 do.
static void set_session_keys(struct eng_srtp *srtp, const struct eng_gcm_ops *ops)
{
    struct eng_srtp_session_key session;

    unhex("000102030405060708090a0b0c0d0e0f", session.key);
    unhex("517569642070726f2071756f", session.salt);
    memset(srtp, 0, sizeof(*srtp));
    srtp->profile = ENG_SRTP_AEAD_AES_128_GCM;
    srtp->ops = ops;
    srtp->rtp = srtp->rtcp_send = srtp->rtcp_receive = session;
    assert_int_equal(ops->init(&srtp->gcm, session.key), 0);
}

static void wipe(struct eng_srtp *srtp)
{
    srtp->ops->fini(&srtp->gcm);
}

// RFC 7714 16.1.1
static void seal_published(struct eng_srtp *srtp)
{
    uint8_t header[12], payload[64], out[128];
    size_t len = unhex("47616c6c69612065 7374206f6d6e6973 2064697669736120 696e207061727465"
                       "732074726573",
                       payload);

    unhex("8040f17b 8041f8d3 5501a0b2", header);
    len = eng_srtp_seal(srtp, header, sizeof(header), 0xf17b, payload, len, out);
    assert_hex(out, len,
               "8040f17b8041f8d35501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd5"
               "0d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce");
}

static void seals_the_published_rtp_packet(void **state)
{
    struct eng_srtp srtp;

    (void)state;
    for (int i = 0; i < OPS; i++) {
        set_session_keys(&srtp, all_ops[i]);
        seal_published(&srtp);
        wipe(&srtp);
    }
}

static const char rtcp_plain[] = "81c8000d4d617273 4e5450314e545032525450200000042a0000e9304c756e61"
                                 "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef";
static const char rtcp_sealed[] =
    "81c8000d4d617273 63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda"
    "4ce09b4686303ded0bb9275bc84aa45896cf4d2fc5abf87245d9eade800005d4";

// RFC 7714 17.1, both ways
static void seals_and_opens_the_published_rtcp_packet(void **state)
{
    struct eng_srtp srtp;
    uint8_t packet[128], opened[128];
    size_t len;
    int n;

    (void)state;
    for (int i = 0; i < OPS; i++) {
        set_session_keys(&srtp, all_ops[i]);
        srtp.rtcp_index = 0x5d4;
        len = unhex(rtcp_plain, packet);
        len = eng_srtp_seal_rtcp(&srtp, packet, len);
        assert_hex(packet, len, rtcp_sealed);
        assert_int_equal(srtp.rtcp_index, 0x5d5);
        n = eng_srtp_open_rtcp(&srtp, packet, len, opened);
        assert_true(n > 0);
        assert_hex(opened, (size_t)n, rtcp_plain);
        wipe(&srtp);
    }
}

static void opens_nothing_that_is_not_whole(void **state)
{
    struct eng_srtp srtp;
    uint8_t packet[128], opened[128];
    size_t len = unhex(rtcp_sealed, packet);

    (void)state;
    for (int i = 0; i < OPS; i++) {
        set_session_keys(&srtp, all_ops[i]);
        for (size_t cut = 0; cut < len; cut++)
            assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, cut, opened), -EBADMSG);
        for (size_t at = 0; at < len; at++) {
            packet[at] ^= 0x10;
            assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, len, opened), -EBADMSG);
            packet[at] ^= 0x10;
        }
        assert_true(eng_srtp_open_rtcp(&srtp, packet, len, opened) > 0);
        wipe(&srtp);
    }
}

// SRTCP takes the place of the RTP key for a packet, and leaves it as it was.
static void keeps_the_rtp_key_over_rtcp(void **state)
{
    uint8_t packet[128], opened[128];
    struct eng_srtp srtp;
    size_t len;

    (void)state;
    for (int i = 0; i < OPS; i++) {
        set_session_keys(&srtp, all_ops[i]);
        srtp.rtcp_send.key[0] ^= 1;
        srtp.rtcp_receive.key[0] ^= 1;
        seal_published(&srtp);
        len = unhex(rtcp_plain, packet);
        len = eng_srtp_seal_rtcp(&srtp, packet, len);
        seal_published(&srtp);
        packet[20] ^= 1;
        assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, len, opened), -EBADMSG);
        seal_published(&srtp);
        packet[20] ^= 1;
        assert_true(eng_srtp_open_rtcp(&srtp, packet, len, opened) > 0);
        seal_published(&srtp);
        wipe(&srtp);
    }
}

// ---- libsrtp2 as the oracle ----

static struct eng_srtp_keying random_keying(enum eng_srtp_profile profile)
{
    struct eng_srtp_keying keying = {.profile = profile};
    size_t salt_len = profile == ENG_SRTP_AEAD_AES_128_GCM ? 12 : 14;

    for (size_t i = 0; i < 16; i++) {
        keying.send.key[i] = (uint8_t)rand();
        keying.receive.key[i] = (uint8_t)rand();
    }
    for (size_t i = 0; i < salt_len; i++) {
        keying.send.salt[i] = (uint8_t)rand();
        keying.receive.salt[i] = (uint8_t)rand();
    }
    return keying;
}

#define SSRC UINT32_C(0x1a2b3c4d)

// Seals a random payload under this index; the receiver must open it to the same.
static void check_packet(struct eng_srtp *srtp, srtp_t receiver, uint64_t index)
{
    // Now and then with header extensions, which are authenticated as well.
    uint8_t header[ENG_RTP_HEADER_MAX] = {0x80, 96, [12] = 0xbe, 0xde}, payload[1400], out[1500];
    size_t len = 1 + (size_t)rand() % sizeof(payload), words = (size_t)rand() % 6;
    size_t header_len = words > 0 ? 16 + 4 * words : 12;
    int n;

    for (size_t i = 0; i < len; i++)
        payload[i] = (uint8_t)rand();
    eng_put16(header + 2, (uint16_t)index);
    eng_put32(header + 8, SSRC);
    header[0] = words > 0 ? 0x90 : 0x80;
    header[15] = (uint8_t)words;
    for (size_t i = 16; i < header_len; i++)
        header[i] = (uint8_t)rand();
    n = (int)eng_srtp_seal(srtp, header, header_len, index, payload, len, out);
    assert_int_equal(n, header_len + len + eng_srtp_overhead(srtp));
    assert_int_equal(srtp_unprotect(receiver, out, &n), srtp_err_status_ok);
    assert_int_equal(n, header_len + len);
    assert_memory_equal(out, header, header_len);
    assert_memory_equal(out + header_len, payload, len);
}

// Across a rollover of the sequence number; each packet is unsealed by libsrtp2.
static void check_rtp(enum eng_srtp_profile profile)
{
    struct eng_srtp_keying keying = random_keying(profile);
    srtp_t receiver = oracle_create(profile, &keying.send, ssrc_any_inbound);
    uint32_t ssrc = SSRC;
    struct eng_srtp srtp;

    assert_int_equal(eng_srtp_init(&srtp, &keying, &ssrc, 1), 0);
    for (uint64_t index = 0x7f00; index < 0x20100; index += 251)
        check_packet(&srtp, receiver, index);
    eng_srtp_fini(&srtp);
    srtp_dealloc(receiver);
}

// All 48 bits of the index are in the nonce: those of a rollover counter beyond 16 bits too.
static void gcm_agrees_after_months(void **state)
{
    const uint32_t roc = 0x12345678;
    struct eng_srtp_keying keying = random_keying(ENG_SRTP_AEAD_AES_128_GCM);
    srtp_t receiver = oracle_create(keying.profile, &keying.send, ssrc_any_inbound);
    uint32_t ssrc = SSRC;
    struct eng_srtp srtp;

    (void)state;
    assert_int_equal(eng_srtp_init(&srtp, &keying, &ssrc, 1), 0);
    check_packet(&srtp, receiver, 1);
    assert_int_equal(srtp_set_stream_roc(receiver, SSRC, roc), srtp_err_status_ok);
    for (uint64_t seq = 2; seq < 200; seq += 7)
        check_packet(&srtp, receiver, (uint64_t)roc << 16 | seq);
    eng_srtp_fini(&srtp);
    srtp_dealloc(receiver);
}

// Our SRTCP is opened by libsrtp2, and libsrtp2's by us; a replay is not.
static void check_rtcp(enum eng_srtp_profile profile)
{
    struct eng_srtp_keying keying = random_keying(profile);
    srtp_t receiver = oracle_create(profile, &keying.send, ssrc_any_inbound);
    srtp_t sender = oracle_create(profile, &keying.receive, ssrc_any_outbound);
    uint8_t plain[64], packet[128], opened[128];
    uint32_t ssrc = SSRC;
    struct eng_srtp srtp;

    unhex(rtcp_plain, plain);
    assert_int_equal(eng_srtp_init(&srtp, &keying, &ssrc, 1), 0);
    for (int round = 0; round < 200; round++) {
        int n;

        eng_put32(plain + 4, SSRC);
        memcpy(packet, plain, 52);
        n = (int)eng_srtp_seal_rtcp(&srtp, packet, 52);
        assert_int_equal(srtp_unprotect_rtcp(receiver, packet, &n), srtp_err_status_ok);
        assert_int_equal(n, 52);
        assert_memory_equal(packet, plain, 52);

        n = 52;
        assert_int_equal(srtp_protect_rtcp(sender, packet, &n), srtp_err_status_ok);
        assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, (size_t)n, opened), 52);
        assert_memory_equal(opened, plain, 52);
        assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, (size_t)n, opened), -EBADMSG);
    }
    eng_srtp_fini(&srtp);
    srtp_dealloc(receiver);
    srtp_dealloc(sender);
}

static void gcm_agrees_with_libsrtp(void **state)
{
    (void)state;
    check_rtp(ENG_SRTP_AEAD_AES_128_GCM);
    check_rtcp(ENG_SRTP_AEAD_AES_128_GCM);
}

static void cm_agrees_with_libsrtp(void **state)
{
    (void)state;
    check_rtp(ENG_SRTP_AES128_CM_HMAC_SHA1_80);
    check_rtcp(ENG_SRTP_AES128_CM_HMAC_SHA1_80);
}

// A resend must be the same bytes, in both profiles.
static void seals_a_packet_again_to_the_same_bytes(void **state)
{
    enum eng_srtp_profile profiles[] = {ENG_SRTP_AEAD_AES_128_GCM, ENG_SRTP_AES128_CM_HMAC_SHA1_80};
    uint32_t ssrc = SSRC;

    (void)state;
    for (int p = 0; p < 2; p++) {
        struct eng_srtp_keying keying = random_keying(profiles[p]);
        uint8_t first[300][64], again[64], header[12] = {0x80, 96}, payload[20] = {7};
        struct eng_srtp srtp;

        eng_put32(header + 8, SSRC);
        assert_int_equal(eng_srtp_init(&srtp, &keying, &ssrc, 1), 0);
        for (int pass = 0; pass < 2; pass++) {
            for (uint16_t seq = 0; seq < 300; seq++) {
                size_t n;

                eng_put16(header + 2, seq);
                payload[1] = (uint8_t)seq;
                n = eng_srtp_seal(&srtp, header, sizeof(header), seq, payload, sizeof(payload),
                                  pass == 0 ? first[seq] : again);
                assert_true(n > 0);
                if (pass == 1)
                    assert_memory_equal(again, first[seq], n);
            }
        }
        eng_srtp_fini(&srtp);
    }
}

static void takes_reordered_rtcp_once(void **state)
{
    struct eng_srtp_keying keying = random_keying(ENG_SRTP_AEAD_AES_128_GCM);
    srtp_t sender = oracle_create(keying.profile, &keying.receive, ssrc_any_outbound);
    uint8_t packets[100][128], opened[128];
    int lengths[100];
    uint32_t ssrc = SSRC;
    struct eng_srtp srtp;

    (void)state;
    assert_int_equal(eng_srtp_init(&srtp, &keying, &ssrc, 1), 0);
    for (int i = 0; i < 100; i++) {
        unhex(rtcp_plain, packets[i]);
        lengths[i] = 52;
        assert_int_equal(srtp_protect_rtcp(sender, packets[i], &lengths[i]), srtp_err_status_ok);
    }
    for (int i = 99; i >= 0; i--) {
        int expected = i > 99 - 64 ? 52 : -EBADMSG; // older than the window

        assert_int_equal(eng_srtp_open_rtcp(&srtp, packets[i], (size_t)lengths[i], opened),
                         expected);
        assert_int_equal(eng_srtp_open_rtcp(&srtp, packets[i], (size_t)lengths[i], opened),
                         -EBADMSG);
    }
    eng_srtp_fini(&srtp);
    srtp_dealloc(sender);
}

// libsrtp2, and so every browser, counts SRTCP indices per SSRC: audio and video both begin at 1.
static void takes_rtcp_of_several_senders(void **state)
{
    struct eng_srtp_keying keying = random_keying(ENG_SRTP_AEAD_AES_128_GCM);
    srtp_t sender = oracle_create(keying.profile, &keying.receive, ssrc_any_outbound);
    uint8_t packet[128], opened[128];
    uint32_t ssrc = SSRC;
    struct eng_srtp srtp;

    (void)state;
    assert_int_equal(eng_srtp_init(&srtp, &keying, &ssrc, 1), 0);
    for (uint32_t round = 0; round < 10; round++) {
        for (uint32_t who = 0; who < ENG_SRTCP_SENDERS_MAX; who++) {
            int n = 52;

            unhex(rtcp_plain, packet);
            eng_put32(packet + 4, who);
            assert_int_equal(srtp_protect_rtcp(sender, packet, &n), srtp_err_status_ok);
            assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, (size_t)n, opened), 52);
            assert_int_equal(eng_srtp_open_rtcp(&srtp, packet, (size_t)n, opened), -EBADMSG);
        }
    }
    eng_srtp_fini(&srtp);
    srtp_dealloc(sender);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(derives_the_published_session_keys),
        cmocka_unit_test(makes_the_published_key_stream),
        cmocka_unit_test(seals_the_published_rtp_packet),
        cmocka_unit_test(seals_and_opens_the_published_rtcp_packet),
        cmocka_unit_test(opens_nothing_that_is_not_whole),
        cmocka_unit_test(keeps_the_rtp_key_over_rtcp),
        cmocka_unit_test(gcm_agrees_with_libsrtp),
        cmocka_unit_test(gcm_agrees_after_months),
        cmocka_unit_test(cm_agrees_with_libsrtp),
        cmocka_unit_test(seals_a_packet_again_to_the_same_bytes),
        cmocka_unit_test(takes_reordered_rtcp_once),
        cmocka_unit_test(takes_rtcp_of_several_senders),
    };

    if (oracle_init())
        return 1;
    srand(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
