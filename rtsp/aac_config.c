// SPDX-License-Identifier: Apache-2.0
#include "rtsp/aac_config.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "rtsp/bit_reader.h"

enum {
    AU_SIZE_BITS_MAX = 16,
    AU_INDEX_BITS_MAX = 8,

    OBJECT_TYPE_ESCAPE = 31,
    OBJECT_TYPE_PS = 29, // parametric stereo: one channel is coded, two come out
    RATE_ESCAPE = 15,

    // Of a StreamMuxConfig, in front of the AudioSpecificConfig (ISO 14496-3 1.7.3.1).
    LATM_VERSION_BITS = 1,
    LATM_SUBFRAMES_BITS = 7, // with allStreamsSameTimeFraming
    LATM_PROGRAM_BITS = 4,
    LATM_LAYER_BITS = 3,
};

// The value of a parameter, its data NULL if there is none of that name.
static struct rtsp_span find(struct rtsp_span fmtp, const char *name)
{
    struct rtsp_span parameter;
    struct rtsp_span key;

    while (rtsp_span_cut(&fmtp, ';', &parameter)) {
        rtsp_span_cut(&parameter, '=', &key);
        if (rtsp_span_is(rtsp_span_trim(key), name) && parameter.data)
            return rtsp_span_trim(parameter);
    }
    return (struct rtsp_span){NULL, 0};
}

// A number, fallback where there is none. -EINVAL: not one of 0 to max.
static int find_number(struct rtsp_span fmtp, const char *name, unsigned max, unsigned fallback,
                       unsigned *out)
{
    struct rtsp_span text = find(fmtp, name);
    uint32_t value = fallback;

    if (text.data && !rtsp_span_number(text, max, &value))
        return -EINVAL;
    *out = value;
    return 0;
}

// Returns the length, 0 if it is not hexadecimal or does not fit.
static size_t decode_hex(struct rtsp_span text, uint8_t *out, size_t size)
{
    if (text.len % 2 != 0 || text.len / 2 > size)
        return 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = OPENSSL_hexchar2int((unsigned char)text.data[i]);

        if (value < 0)
            return 0;
        out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | value : value << 4);
    }
    return text.len / 2;
}

static int read_header_bits(struct rtsp_span fmtp, struct rtsp_aac_config *config)
{
    // What would follow in an AU header, or behind all of them.
    static const char *const unknown[] = {"ctsdeltalength", "dtsdeltalength",
                                          "randomaccessindication", "streamstateindication",
                                          "auxiliarydatasizelength"};
    bool low = rtsp_span_is(find(fmtp, "mode"), "AAC-lbr");
    unsigned other;
    int rc;

    if (!low && !rtsp_span_is(find(fmtp, "mode"), "AAC-hbr"))
        return -ENOTSUP;
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
        if (find_number(fmtp, unknown[i], UINT32_MAX, 0, &other) < 0 || other != 0)
            return -ENOTSUP;
    // Where they are left out, what the modes ask for (RFC 3640 3.3.5, 3.3.6).
    rc = find_number(fmtp, "sizelength", AU_SIZE_BITS_MAX, low ? 6 : 13, &config->size_bits);
    if (rc == 0)
        rc = find_number(fmtp, "indexlength", AU_INDEX_BITS_MAX, low ? 2 : 3, &config->index_bits);
    if (rc == 0)
        rc = find_number(fmtp, "indexdeltalength", AU_INDEX_BITS_MAX, low ? 2 : 3,
                         &config->delta_bits);
    return rc == 0 && config->size_bits == 0 ? -ENOTSUP : rc;
}

// Moves the AudioSpecificConfig of a StreamMuxConfig to its beginning. What follows it there stays
// behind it, and harms no decoder.
static int unwrap_latm(struct rtsp_aac_config *config)
{
    struct rtsp_bit_reader bits = rtsp_bit_reader(config->specific, config->specific_len);
    bool version = rtsp_read_bits(&bits, LATM_VERSION_BITS);

    rtsp_read_bits(&bits, LATM_SUBFRAMES_BITS);
    if (version || rtsp_read_bits(&bits, LATM_PROGRAM_BITS) != 0 ||
        rtsp_read_bits(&bits, LATM_LAYER_BITS) != 0)
        return -ENOTSUP;
    config->specific_len = (bits.bits - bits.at) / 8;
    for (size_t i = 0; i < config->specific_len; i++)
        config->specific[i] = (uint8_t)rtsp_read_bits(&bits, 8);
    return 0;
}

static unsigned count_channels(const struct rtsp_aac_config *config)
{
    struct rtsp_bit_reader bits = rtsp_bit_reader(config->specific, config->specific_len);
    uint32_t type = rtsp_read_bits(&bits, 5);

    if (type == OBJECT_TYPE_ESCAPE)
        rtsp_read_bits(&bits, 6);
    if (rtsp_read_bits(&bits, 4) == RATE_ESCAPE)
        rtsp_read_bits(&bits, 24);
    return rtsp_read_bits(&bits, 4) == 1 && type != OBJECT_TYPE_PS ? 1 : 2;
}

int rtsp_aac_config_parse(bool latm, struct rtsp_span fmtp, struct rtsp_aac_config *out)
{
    struct rtsp_aac_config config = {.latm = latm};
    unsigned in_band = 0;
    int rc;

    config.specific_len =
        decode_hex(find(fmtp, "config"), config.specific, sizeof(config.specific));
    if (latm)
        rc = find_number(fmtp, "cpresent", 1, 1, &in_band);
    else
        rc = read_header_bits(fmtp, &config);
    if (rc == 0 && in_band)
        rc = -ENOTSUP;
    if (rc == 0 && latm)
        rc = unwrap_latm(&config);
    if (rc < 0)
        return rc;
    if (config.specific_len < 2)
        return -EINVAL;
    config.channels = count_channels(&config);
    *out = config;
    return 0;
}
