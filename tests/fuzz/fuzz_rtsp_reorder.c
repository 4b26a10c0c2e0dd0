// SPDX-License-Identifier: Apache-2.0
//
// Datagrams of one track in any order. Input: {how the number goes on, time that has gone by,
// length and bytes}.
#include "input.h"
#include "rtsp/reorder.h"
#include "rtsp/rtp.h"

enum {
    PACKETS_MAX = 512, // per input
    HEADER_LEN = 4,    // up to the end of the sequence number
};

struct packet {
    uint8_t *data; // NULL: it has gone on
    size_t len;
    uint16_t sequence;
    int64_t came_ms;
};

struct world {
    struct rtsp_reorder reorder;
    struct packet packet[PACKETS_MAX];
    size_t count;
    size_t putting; // index of the packet that is being put; count: none
    size_t kept;
    bool late;     // the one that is being put comes behind those that have gone on
    uint16_t last; // number of the last one that went on in its place
};

// Which one it is: its bytes name it.
static struct packet *find(struct world *w, const uint8_t *data, size_t len)
{
    size_t index;

    assert(len >= HEADER_LEN + 2);
    index = (size_t)(data[HEADER_LEN] << 8 | data[HEADER_LEN + 1]);
    assert(index < w->count && w->packet[index].data);
    return &w->packet[index];
}

static void go_on(void *ctx, const uint8_t *data, size_t len)
{
    struct world *w = ctx;
    struct packet *p = find(w, data, len);
    uint16_t ahead = (uint16_t)(p->sequence - w->last);
    bool straight = p == &w->packet[w->putting];

    assert(p->len == len && memcmp(p->data, data, len) == 0);
    // Kept ones come in order. One that goes straight on may be late, or begin anew.
    assert(straight || (ahead > 0 && ahead <= RTSP_SEQUENCE_DROPOUT_MAX));
    if (!straight || !w->late)
        w->last = p->sequence;
    w->kept -= !straight;
    free(p->data);
    p->data = NULL;
}

// After each step: as many are kept as have not come out, and none for too long.
static void check_kept(const struct world *w, int64_t now_ms)
{
    assert(w->reorder.count == w->kept && w->kept < RTSP_REORDER_PACKETS);
    assert((w->reorder.due_ms == INT64_MAX) == (w->kept == 0));
    assert(w->kept == 0 || w->reorder.due_ms <= now_ms + RTSP_REORDER_MS);
}

static void put(struct world *w, uint16_t sequence, struct input body, int64_t now_ms,
                const struct rtsp_reorder_sink *sink)
{
    struct packet *p = &w->packet[w->count];
    const uint8_t head[] = {0x80,
                            96,
                            (uint8_t)(sequence >> 8),
                            (uint8_t)sequence,
                            (uint8_t)(w->count >> 8),
                            (uint8_t)w->count};
    size_t len = sizeof(head) + body.len;
    uint8_t *datagram = malloc(len);
    uint16_t behind = (uint16_t)(w->reorder.next - sequence);
    unsigned before = w->reorder.count;
    size_t kept = w->kept;

    assert(datagram);
    memcpy(datagram, head, sizeof(head));
    if (body.len > 0)
        memcpy(datagram + sizeof(head), body.data, body.len);
    *p = (struct packet){input_copy(datagram, len), len, sequence, now_ms};
    w->putting = w->count++;
    w->late = w->reorder.started && behind > 0 && behind <= RTSP_SEQUENCE_LATE_MAX;
    rtsp_reorder_put(&w->reorder, datagram, len, now_ms, sink);
    free(datagram);
    if (p->data && w->reorder.count == before + 1 - (kept - w->kept)) {
        w->kept++;
    } else if (p->data) { // it has one with this number already
        free(p->data);
        p->data = NULL;
    }
    w->putting = PACKETS_MAX - 1;
}

static void tick(struct world *w, int64_t now_ms, const struct rtsp_reorder_sink *sink)
{
    rtsp_reorder_tick(&w->reorder, now_ms, sink);
    assert(w->reorder.due_ms > now_ms);
    for (size_t i = 0; i < w->count; i++)
        assert(!w->packet[i].data || w->packet[i].came_ms + RTSP_REORDER_MS > now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct world w = {.putting = PACKETS_MAX - 1};
    const struct rtsp_reorder_sink sink = {go_on, &w};
    uint16_t next = input_u16(&in);
    int64_t now_ms = 1000;

    rtsp_reorder_init(&w.reorder);
    while (in.len > 0 && w.count < PACKETS_MAX - 1) {
        uint8_t what = input_u8(&in);
        uint16_t sequence;

        now_ms += what >> 4;
        if ((what & 15) == 15) {
            tick(&w, now_ms += input_u8(&in), &sink);
        } else if ((what & 15) == 14) { // the session begins anew
            rtsp_reorder_restart(&w.reorder);
            w.kept = 0;
            for (size_t i = 0; i < w.count; i++) {
                free(w.packet[i].data);
                w.packet[i].data = NULL;
            }
        } else {
            if ((what & 15) == 13)
                sequence = input_u16(&in);
            else
                sequence = (uint16_t)(next + (what & 15) - 4); // 4: in order
            next = (uint16_t)(sequence + 1);
            put(&w, sequence, input_piece(&in, input_u8(&in)), now_ms, &sink);
        }
        check_kept(&w, now_ms);
    }
    tick(&w, now_ms + RTSP_REORDER_MS, &sink);
    assert(w.kept == 0);
    rtsp_reorder_restart(&w.reorder);
    return 0;
}
