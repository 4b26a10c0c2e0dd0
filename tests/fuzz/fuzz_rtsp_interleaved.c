// SPDX-License-Identifier: Apache-2.0
//
// What comes over an RTSP connection, in one piece, byte by byte, and in pieces of some length:
// the units are the same. Input: the length, channels that are known, the bytes.
#include "input.h"
#include "rtsp/interleaved.h"

enum {
    BYTES_MAX = 8192, // byte by byte costs their square
};

// What has come out.
struct outcome {
    uint64_t units;
    uint64_t digest;
    uint64_t losses;
    int rc;
};

// FNV-1a.
static void digest(struct outcome *out, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (size_t i = 0; i < len; i++)
        out->digest = (out->digest ^ bytes[i]) * UINT64_C(0x100000001b3);
    out->digest = (out->digest ^ len) * UINT64_C(0x100000001b3);
}

static void take_unit(struct outcome *out, const struct rtsp_unit *unit)
{
    out->units++;
    if (unit->frame) {
        assert(unit->len <= UINT16_MAX);
        digest(out, &unit->channel, 1);
        digest(out, unit->data, unit->len);
        return;
    }
    digest(out, &unit->message.status, sizeof(unit->message.status));
    digest(out, unit->message.method.data, unit->message.method.len);
    digest(out, unit->message.body.data, unit->message.body.len);
    for (size_t i = 0; i < unit->message.header_count; i++)
        digest(out, unit->message.header[i].value.data, unit->message.header[i].value.len);
}

static struct outcome split(struct input in, uint64_t channels, size_t piece)
{
    struct outcome out = {0};
    struct rtsp_interleaved split;

    rtsp_interleaved_init(&split);
    for (unsigned i = 0; i < 64; i++)
        if (channels >> i & 1)
            rtsp_interleaved_expect(&split, (uint8_t)(4 * i));
    while (in.len > 0 && out.rc == 0) {
        struct input next = input_piece(&in, piece);
        uint8_t *copy = input_copy(next.data, next.len);
        struct rtsp_unit unit;

        assert(rtsp_interleaved_push(&split, copy, next.len) == 0);
        while ((out.rc = rtsp_interleaved_next(&split, &unit)) == 1)
            take_unit(&out, &unit);
        free(copy);
    }
    assert(out.rc <= 0);
    out.losses = split.losses;
    rtsp_interleaved_fini(&split);
    return out;
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    assert(a->units == b->units && a->digest == b->digest);
    assert(a->losses == b->losses && a->rc == b->rc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len < BYTES_MAX ? len : BYTES_MAX};
    size_t piece = (size_t)input_u8(&in) + 2;
    uint64_t channels = input_u8(&in);
    struct outcome whole = split(in, channels, BYTES_MAX);
    struct outcome pieces = split(in, channels, piece);
    struct outcome bytes = split(in, channels, 1);

    check_same(&whole, &pieces);
    check_same(&whole, &bytes);
    return 0;
}
