// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/bytes.h"
#include "engine/extension.h"

#define CAPTURE_NS (INT64_C(1700000000) * 1000000000 + 250000000)

// A reader of the one-byte form that was written from RFC 8285 alone: the value of this id, or
// NULL.
static const uint8_t *find(const uint8_t *bytes, size_t len, unsigned id, size_t *value_len)
{
    assert_int_equal(eng_get16(bytes), 0xbede);
    assert_int_equal(4 + 4 * (size_t)eng_get16(bytes + 2), len);
    for (size_t at = 4; at < len;) {
        if (bytes[at] == 0) {
            at++;
            continue;
        }
        *value_len = (bytes[at] & 15u) + 1;
        assert_true(at + 1 + *value_len <= len);
        if (bytes[at] >> 4 == id)
            return bytes + at + 1;
        at += 1 + *value_len;
    }
    return NULL;
}

static void writes_each_element(void **state)
{
    const struct eng_extension_config config = {
        .playout_delay = 5,
        .capture_time = 14,
        .transport_cc = 3,
        .mid = 9,
        .playout_min_ms = 120,
        .playout_max_ms = 40950,
        .mid_text = "v12",
    };
    uint8_t out[ENG_EXTENSION_MAX];
    struct eng_extension ext;
    const uint8_t *value;
    size_t len;

    (void)state;
    eng_extension_init(&ext, &config);
    assert_true(eng_extension_numbers(&ext));
    assert_int_equal(ext.len, ENG_EXTENSION_MAX);
    eng_extension_write(&ext, CAPTURE_NS, 0xfedc, out);

    value = find(out, ext.len, 5, &len);
    assert_int_equal(len, 3);
    assert_int_equal(eng_get32(value - 1) & 0xffffff, 12 << 12 | 0xfff);
    value = find(out, ext.len, 14, &len);
    assert_int_equal(len, 8);
    assert_int_equal(eng_get64(value),
                     (UINT64_C(1700000000) + UINT64_C(2208988800)) << 32 | UINT64_C(0x40000000));
    value = find(out, ext.len, 3, &len);
    assert_int_equal(len, 2);
    assert_int_equal(eng_get16(value), 0xfedc);
    value = find(out, ext.len, 9, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(value, "v12", 3);
}

// Whatever the set, all packets of it are of one length, in whole words, and hold nothing else.
static void any_set_is_well_formed(void **state)
{
    (void)state;
    for (unsigned set = 0; set < 16; set++) {
        const struct eng_extension_config config = {
            .playout_delay = set & 1 ? 1 : 0,
            .capture_time = set & 2 ? 2 : 0,
            .transport_cc = set & 4 ? 3 : 0,
            .mid = set & 8 ? 4 : 0,
            .mid_text = "0",
        };
        uint8_t out[ENG_EXTENSION_MAX];
        struct eng_extension ext;
        size_t len;

        eng_extension_init(&ext, &config);
        assert_int_equal(eng_extension_numbers(&ext), (set & 4) != 0);
        if (set == 0) {
            assert_int_equal(ext.len, 0);
            continue;
        }
        eng_extension_write(&ext, CAPTURE_NS, 7, out);
        for (unsigned id = 1; id < 16; id++)
            assert_int_equal(find(out, ext.len, id, &len) != NULL, id <= 4 && set >> (id - 1) & 1);
    }
}

static void an_m_line_without_mid_has_none(void **state)
{
    const struct eng_extension_config config = {.mid = 4};
    struct eng_extension ext;

    (void)state;
    eng_extension_init(&ext, &config);
    assert_int_equal(ext.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_each_element),
        cmocka_unit_test(any_set_is_well_formed),
        cmocka_unit_test(an_m_line_without_mid_has_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
