// SPDX-License-Identifier: Apache-2.0
#include "rtsp/interleaved.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAME_HEADER = 4,
    RTCP_MIN = 8, // the shortest RTCP packet; RTP has 12 bytes at least
    HELD_STEP = 4096,
    // Bytes of a message that is believed in junk, where one may begin at each byte and all that
    // looks like its head is read again. Requests and answers to keepalives have a few hundred.
    FOOTHOLD_MAX = 2048,
};

void rtsp_interleaved_init(struct rtsp_interleaved *in)
{
    *in = (struct rtsp_interleaved){0};
}

void rtsp_interleaved_fini(struct rtsp_interleaved *in)
{
    free(in->held);
    *in = (struct rtsp_interleaved){0};
}

void rtsp_interleaved_expect(struct rtsp_interleaved *in, uint8_t channel)
{
    in->known[channel / 64] |= UINT64_C(1) << (channel % 64);
}

static bool is_known(const struct rtsp_interleaved *in, uint8_t channel)
{
    return in->known[channel / 64] >> (channel % 64) & 1;
}

// Moves what is left to the start of held, which gets room for len bytes.
static int hold(struct rtsp_interleaved *in, size_t len)
{
    if (in->data == in->held && len <= in->held_size)
        return 0;
    if (len > in->held_size) {
        size_t size = (len + HELD_STEP - 1) / HELD_STEP * HELD_STEP;
        uint8_t *grown = malloc(size);

        if (!grown)
            return -ENOMEM;
        memcpy(grown, in->data, in->len);
        free(in->held);
        in->held = grown;
        in->held_size = size;
    } else {
        memmove(in->held, in->data, in->len);
    }
    in->data = in->held;
    return 0;
}

int rtsp_interleaved_push(struct rtsp_interleaved *in, const uint8_t *data, size_t len)
{
    int rc;

    if (in->len == 0) {
        in->data = data;
        in->len = len;
        return 0;
    }
    rc = hold(in, in->len + len);
    if (rc < 0)
        return rc;
    memcpy(in->held + in->len, data, len);
    in->len += len;
    return 0;
}

// Length of the frame at the start, 0 if it is not all there, -EBADMSG if it cannot be believed.
static ssize_t take_frame(const struct rtsp_interleaved *in, struct rtsp_unit *out)
{
    size_t len;

    if (in->len < FRAME_HEADER)
        return 0;
    len = (size_t)in->data[2] << 8 | in->data[3];
    if (in->lost) {
        if (!is_known(in, in->data[1]) || len < RTCP_MIN)
            return -EBADMSG;
        if (in->len == FRAME_HEADER)
            return 0;
        if (in->data[FRAME_HEADER] >> 6 != 2)
            return -EBADMSG;
    }
    if (in->len < FRAME_HEADER + len)
        return 0;
    out->frame = true;
    out->channel = in->data[1];
    out->data = in->data + FRAME_HEADER;
    out->len = len;
    return (ssize_t)(FRAME_HEADER + len);
}

static ssize_t take_message(const struct rtsp_interleaved *in, struct rtsp_unit *out)
{
    bool cut = in->lost && in->len >= FOOTHOLD_MAX;
    ssize_t taken = rtsp_message_parse(in->data, cut ? FOOTHOLD_MAX : in->len, &out->message);

    out->frame = false;
    if (in->lost && (taken == -EMSGSIZE || (taken == 0 && cut)))
        return -EBADMSG;
    return taken;
}

static void skip(struct rtsp_interleaved *in, size_t len)
{
    in->data += len;
    in->len -= len;
}

int rtsp_interleaved_next(struct rtsp_interleaved *in, struct rtsp_unit *out)
{
    while (in->len > 0) {
        uint8_t first = in->data[0];
        ssize_t taken;

        // Empty lines between messages do no harm (RFC 2326 4.1).
        if (!in->lost && (first == '\r' || first == '\n')) {
            skip(in, 1);
            continue;
        }
        taken = first == '$' ? take_frame(in, out) : take_message(in, out);
        if (taken > 0) {
            skip(in, (size_t)taken);
            in->lost = false;
            in->junk = 0;
            return 1;
        }
        if (taken == 0)
            return hold(in, in->len);
        if (taken != -EBADMSG || ++in->junk > RTSP_JUNK_MAX)
            return (int)taken;
        if (!in->lost) {
            in->lost = true;
            in->losses++;
        }
        skip(in, 1);
    }
    return 0;
}
