// SPDX-License-Identifier: Apache-2.0
#include "engine/extension.h"

#include <assert.h>
#include <string.h>

#include "engine/bytes.h"
#include "engine/rtcp.h"

enum {
    PROFILE = 0xbede, // RFC 8285 4.2
    PROFILE_LEN = 4,  // it, and the length in words
    ID_MAX = 14,      // 15 is reserved
    PLAYOUT_LEN = 3,  // 12 bits each for min and max
    PLAYOUT_UNIT_MS = 10,
    PLAYOUT_UNITS_MAX = 0xfff,
    CAPTURE_LEN = 8,
    NUMBER_LEN = 2,
};

_Static_assert(PROFILE_LEN + 1 + PLAYOUT_LEN + 1 + CAPTURE_LEN + 1 + NUMBER_LEN + 1 + ENG_MID_MAX <=
                   ENG_EXTENSION_MAX,
               "all elements fit");
_Static_assert(PLAYOUT_UNITS_MAX *PLAYOUT_UNIT_MS == ENG_PLAYOUT_MAX_MS, "all delays fit");

// Appends an element; returns where its value is to stand, 0 for an id of 0.
static uint8_t append(struct eng_extension *ext, uint8_t id, uint8_t value_len)
{
    uint8_t at = ext->len;

    if (id == 0)
        return 0;
    assert(id <= ID_MAX);
    ext->bytes[at] = (uint8_t)(id << 4 | (value_len - 1));
    ext->len = (uint8_t)(at + 1 + value_len);
    return (uint8_t)(at + 1);
}

static void append_playout_delay(struct eng_extension *ext,
                                 const struct eng_extension_config *config)
{
    uint8_t at = append(ext, config->playout_delay, PLAYOUT_LEN);
    unsigned min = config->playout_min_ms / PLAYOUT_UNIT_MS;
    unsigned max = config->playout_max_ms / PLAYOUT_UNIT_MS;

    if (at == 0)
        return;
    assert(min <= max && max <= PLAYOUT_UNITS_MAX);
    ext->bytes[at] = (uint8_t)(min >> 4);
    eng_put16(ext->bytes + at + 1, (uint16_t)(min << 12 | max));
}

static void append_mid(struct eng_extension *ext, const struct eng_extension_config *config)
{
    uint8_t len = (uint8_t)strnlen(config->mid_text, ENG_MID_MAX);
    uint8_t at = append(ext, len > 0 ? config->mid : 0, len);

    if (at != 0)
        memcpy(ext->bytes + at, config->mid_text, len);
}

void eng_extension_init(struct eng_extension *ext, const struct eng_extension_config *config)
{
    memset(ext, 0, sizeof(*ext));
    ext->len = PROFILE_LEN;
    ext->capture_at = append(ext, config->capture_time, CAPTURE_LEN);
    append_playout_delay(ext, config);
    ext->number_at = append(ext, config->transport_cc, NUMBER_LEN);
    append_mid(ext, config);
    // Zero bytes behind the last element are padding.
    ext->len = ext->len > PROFILE_LEN ? (uint8_t)((ext->len + 3) & ~3) : 0;
    eng_put16(ext->bytes, PROFILE);
    eng_put16(ext->bytes + 2, (uint16_t)((ext->len - PROFILE_LEN) / 4));
}

void eng_extension_write(const struct eng_extension *ext, int64_t capture_ns, uint16_t number,
                         uint8_t out[ENG_EXTENSION_MAX])
{
    memcpy(out, ext->bytes, ENG_EXTENSION_MAX);
    if (ext->capture_at != 0)
        eng_put64(out + ext->capture_at, eng_ntp_from_real(capture_ns));
    if (ext->number_at != 0)
        eng_put16(out + ext->number_at, number);
}
