// SPDX-License-Identifier: Apache-2.0
#include "rtsp/aac_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HBR "mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;"

static struct rtsp_aac_config config;

static int parse(bool latm, const char *fmtp)
{
    struct rtsp_span span = {fmtp, strlen(fmtp)};

    memset(&config, 0, sizeof(config));
    return rtsp_aac_config_parse(latm, span, &config);
}

static void expect_bits(const char *fmtp, unsigned size, unsigned index, unsigned delta)
{
    assert_int_equal(parse(false, fmtp), 0);
    assert_false(config.latm);
    assert_int_equal(config.size_bits, size);
    assert_int_equal(config.index_bits, index);
    assert_int_equal(config.delta_bits, delta);
}

static void test_generic(void **state)
{
    (void)state;
    expect_bits("streamtype=5;profile-level-id=1; mode = AAC-hbr; sizelength=13;IndexLength=3; "
                "indexdeltalength=3; config=1190",
                13, 3, 3);
    assert_int_equal(config.specific_len, 2);
    assert_memory_equal(config.specific, "\x11\x90", 2);
    expect_bits("mode=aac-lbr;config=1190", 6, 2, 2);
    expect_bits("mode=AAC-hbr;config=1190", 13, 3, 3);
    expect_bits("mode=AAC-hbr;sizelength=16;indexlength=0;indexdeltalength=8;config=1190", 16, 0,
                8);
}

static void test_refused(void **state)
{
    (void)state;
    assert_int_equal(parse(false, ""), -ENOTSUP);
    assert_int_equal(parse(false, "mode=CELP-cbr;config=1190"), -ENOTSUP);
    assert_int_equal(parse(false, "mode=AAC-hbr;sizelength=17;config=1190"), -EINVAL);
    assert_int_equal(parse(false, "mode=AAC-hbr;sizelength=0;config=1190"), -ENOTSUP);
    assert_int_equal(parse(false, "mode=AAC-hbr;indexlength=9;config=1190"), -EINVAL);
    assert_int_equal(parse(false, "mode=AAC-hbr;indexdeltalength=x;config=1190"), -EINVAL);
    assert_int_equal(parse(false, HBR "config=1190;ctsdeltalength=12"), -ENOTSUP);
    assert_int_equal(parse(false, HBR "config=1190;auxiliarydatasizelength=8"), -ENOTSUP);
    assert_int_equal(parse(false, HBR), -EINVAL);
    assert_int_equal(parse(false, HBR "config="), -EINVAL);
    assert_int_equal(parse(false, HBR "config=11"), -EINVAL);
    assert_int_equal(parse(false, HBR "config=119"), -EINVAL);
    assert_int_equal(parse(false, HBR "config=119g"), -EINVAL);
}

static void expect_channels(const char *specific, unsigned channels)
{
    char fmtp[256] = HBR "config=";

    strcat(fmtp, specific);
    assert_int_equal(parse(false, fmtp), 0);
    assert_int_equal(config.channels, channels);
}

static void test_channels(void **state)
{
    (void)state;
    expect_channels("1190", 2);       // AAC-LC, 48 kHz
    expect_channels("1408", 1);       // 16 kHz
    expect_channels("11b0", 2);       // 5.1: made into stereo
    expect_channels("2b8a0800", 1);   // SBR
    expect_channels("eb8a0800", 2);   // PS: one channel is coded, two come out
    expect_channels("17800bb808", 1); // a rate of its own
    expect_channels("f8302000", 1);   // a type beyond 31: 33, 16 kHz
    expect_channels("0000", 2);
}

static void test_latm(void **state)
{
    (void)state;
    assert_int_equal(parse(true, "profile-level-id=2;object=2;cpresent=0;config=40002420adca00"),
                     0);
    assert_true(config.latm);
    assert_int_equal(config.channels, 2);
    assert_memory_equal(config.specific, "\x12\x10", 2);              // AAC-LC, 44.1 kHz, stereo
    assert_int_equal(parse(true, "config=40002420adca00"), -ENOTSUP); // cpresent is 1
    assert_int_equal(parse(true, "cpresent=1;config=40002420adca00"), -ENOTSUP);
    assert_int_equal(parse(true, "cpresent=2;config=40002420adca00"), -EINVAL);
    assert_int_equal(parse(true, "cpresent=0;config=c0002420adca00"), -ENOTSUP); // version 1
    assert_int_equal(parse(true, "cpresent=0;config=40102420adca00"), -ENOTSUP); // two programs
    assert_int_equal(parse(true, "cpresent=0;config=40022420adca00"), -ENOTSUP); // two layers
    assert_int_equal(parse(true, "cpresent=0;config=4000"), -EINVAL);
    assert_int_equal(parse(true, "cpresent=0"), -EINVAL);
}

// The most that is taken, and one byte more.
static void test_long_configurations(void **state)
{
    char fmtp[512] = HBR "config=";
    size_t used = strlen(fmtp);

    (void)state;
    memset(fmtp + used, '1', sizeof(fmtp) - used);
    fmtp[used + 2 * RTSP_AAC_SPECIFIC_MAX] = '\0';
    assert_int_equal(parse(false, fmtp), 0);
    assert_int_equal(config.specific_len, RTSP_AAC_SPECIFIC_MAX);
    fmtp[used + 2 * RTSP_AAC_SPECIFIC_MAX] = '1';
    fmtp[used + 2 * RTSP_AAC_SPECIFIC_MAX + 2] = '\0';
    assert_int_equal(parse(false, fmtp), -EINVAL);
}

// Every cut and every byte replaced: an answer, and not a byte beyond.
static void test_hostile(void **state)
{
    static const char good[] = HBR "config=1190;ctsdeltalength=0";
    static const char wrong[] = {';', '=', '0', '\0', (char)0xff};

    (void)state;
    for (size_t len = 0; len < sizeof(good); len++) {
        char *copy = malloc(len + 1);

        memcpy(copy, good, len);
        for (size_t latm = 0; latm < 2; latm++)
            rtsp_aac_config_parse(latm, (struct rtsp_span){copy, len}, &config);
        for (size_t i = 0; i < len; i++)
            for (size_t j = 0; j < sizeof(wrong); j++) {
                char was = copy[i];

                copy[i] = wrong[j];
                rtsp_aac_config_parse(false, (struct rtsp_span){copy, len}, &config);
                copy[i] = was;
            }
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generic),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_latm),
        cmocka_unit_test(test_long_configurations),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
