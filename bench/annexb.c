// SPDX-License-Identifier: Apache-2.0
#include "bench/annexb.h"

enum {
    START_CODE_LEN = 3
};

// The first 00 00 01 at or after p, or end.
static const uint8_t *find_start_code(const uint8_t *p, const uint8_t *end)
{
    for (; end - p >= START_CODE_LEN; p++) {
        if (p[0] == 0 && p[1] == 0 && p[2] == 1)
            return p;
    }
    return end;
}

bool bench_annexb_next(const uint8_t **cursor, const uint8_t *end, struct bench_nal *out)
{
    const uint8_t *begin = find_start_code(*cursor, end);

    while (begin != end) {
        begin += START_CODE_LEN;
        const uint8_t *next = find_start_code(begin, end);
        const uint8_t *last = next;
        // A NAL unit never ends in a zero byte: these belong to the next start code.
        while (last > begin && last[-1] == 0)
            last--;
        *cursor = next;
        if (last > begin) {
            *out = (struct bench_nal){.data = begin, .len = (size_t)(last - begin)};
            return true;
        }
        begin = next;
    }
    return false;
}

bool bench_nal_begins_unit(const struct bench_nal *nal)
{
    unsigned type = bench_nal_type(nal);

    if (bench_nal_is_slice(nal)) {
        // first_mb_in_slice is ue(v): a leading one bit is the value 0, the top left corner.
        return nal->len > 1 && (nal->data[1] & 0x80) != 0;
    }
    return type >= BENCH_NAL_SEI && type <= BENCH_NAL_DELIMITER;
}
