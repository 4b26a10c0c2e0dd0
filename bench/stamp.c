// SPDX-License-Identifier: Apache-2.0
#include "bench/stamp.h"

#include <assert.h>
#include <string.h>

#include "bench/annexb.h"
#include "engine/bytes.h"

enum {
    USER_DATA_UNREGISTERED = 5,
    FILLER_PAYLOAD = 3,
    UUID_LEN = 16,
    TIME_LEN = 8,
    MESSAGE_LEN = UUID_LEN + TIME_LEN,
    PREVENTION = 3,     // emulation_prevention_three_byte
    PREVENTION_MAX = 4, // a time of zeros, and the filler's type behind it
    TRAILING = 0x80,
};

static const uint8_t uuid[UUID_LEN] = {0x72, 0x74, 0x63, 0x66, 0x61, 0x6e, 0x42, 0x65,
                                       0x8e, 0x63, 0x68, 0x4c, 0x61, 0x74, 0x65, 0x6e};

// A NAL unit that is written or read byte by byte.
struct writer {
    uint8_t *at;
    unsigned zeros; // that were written last
    unsigned prevented;
};

struct reader {
    const uint8_t *at, *end;
    unsigned zeros;
};

static void put(struct writer *w, uint8_t byte)
{
    if (w->zeros == 2 && byte <= PREVENTION) {
        *w->at++ = PREVENTION;
        w->zeros = 0;
        w->prevented++;
    }
    w->zeros = byte == 0 ? w->zeros + 1 : 0;
    *w->at++ = byte;
}

void bench_stamp_encode(int64_t ns, uint8_t nal[BENCH_STAMP_LEN])
{
    struct writer w = {.at = nal};

    assert(ns >= 0);
    put(&w, BENCH_NAL_SEI);
    put(&w, USER_DATA_UNREGISTERED);
    put(&w, MESSAGE_LEN);
    for (size_t i = 0; i < UUID_LEN; i++)
        put(&w, uuid[i]);
    for (int shift = 8 * (TIME_LEN - 1); shift >= 0; shift -= 8)
        put(&w, (uint8_t)(ns >> shift));
    put(&w, FILLER_PAYLOAD);
    unsigned filler = PREVENTION_MAX - w.prevented;
    put(&w, (uint8_t)filler);
    while (filler-- > 0)
        put(&w, 0xff);
    put(&w, TRAILING);
    assert(w.at == nal + BENCH_STAMP_LEN);
}

// The next byte of the RBSP, or -1: none left.
static int next(struct reader *r)
{
    if (r->zeros == 2 && r->at < r->end && *r->at == PREVENTION) {
        r->at++;
        r->zeros = 0;
    }
    if (r->at == r->end)
        return -1;
    r->zeros = *r->at == 0 ? r->zeros + 1 : 0;
    return *r->at++;
}

// Payload type or size (7.3.2.3.1): each byte of 255 goes on in the next one. -1: cut short.
static long next_number(struct reader *r)
{
    long value = 0;
    int byte;

    do {
        byte = next(r);
        if (byte < 0)
            return -1;
        value += byte;
    } while (byte == 0xff);
    return value;
}

static bool take(struct reader *r, uint8_t *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        int byte = next(r);
        if (byte < 0)
            return false;
        to[i] = (uint8_t)byte;
    }
    return true;
}

static bool skip(struct reader *r, long len)
{
    while (len-- > 0) {
        if (next(r) < 0)
            return false;
    }
    return true;
}

bool bench_stamp_decode(const uint8_t *nal, size_t len, int64_t *ns)
{
    struct reader r = {.at = nal + 1, .end = nal + len};
    uint8_t message[MESSAGE_LEN];

    if (len == 0 || (nal[0] & 0x1f) != BENCH_NAL_SEI)
        return false;
    for (;;) {
        // The trailing bits read as a type without size: there the messages end.
        long type = next_number(&r), size = next_number(&r);
        if (size < 0)
            return false;
        if (type != USER_DATA_UNREGISTERED || size != MESSAGE_LEN) {
            if (!skip(&r, size))
                return false;
            continue;
        }
        if (!take(&r, message, sizeof(message)))
            return false;
        if (memcmp(message, uuid, UUID_LEN) != 0)
            continue;
        *ns = (int64_t)eng_get64(message + UUID_LEN);
        return true;
    }
}
