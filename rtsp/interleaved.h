// SPDX-License-Identifier: Apache-2.0
//
// Splits what comes over an RTSP connection into RTSP messages and interleaved binary frames
// ('$', channel, 16-bit length; RFC 2326 10.12), however TCP cuts it. Ingest thread; no I/O.
//
// Whole units are handed out where they lie in the caller's bytes; only a unit that is cut off
// at their end is copied and kept. Cameras that lose bytes under load exist: what is neither a
// frame nor a message is skipped up to the next thing that can be believed, which is a message or
// a frame of a known channel that looks like RTP.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/message.h"

enum {
    // Skipped without finding a unit, after which the connection is given up: four times the
    // largest frame.
    RTSP_JUNK_MAX = 256 * 1024,
};

struct rtsp_unit {
    bool frame;
    // Frame:
    uint8_t channel;
    const uint8_t *data;
    size_t len; // 0 to 65535
    // Message:
    struct rtsp_message message;
};

struct rtsp_interleaved {
    const uint8_t *data; // not yet split: the caller's bytes, or held
    size_t len;
    uint8_t *held;
    size_t held_size;
    uint64_t known[4]; // bit per channel
    bool lost;
    size_t junk;     // bytes skipped since the last unit
    uint64_t losses; // times that the stream fell out of step
};

void rtsp_interleaved_init(struct rtsp_interleaved *in);
void rtsp_interleaved_fini(struct rtsp_interleaved *in);

// The channel was set up: its frames are to be believed when looking for a foothold in junk.
void rtsp_interleaved_expect(struct rtsp_interleaved *in, uint8_t channel);

// Hands in bytes, which must stay until rtsp_interleaved_next() has returned 0. 0 or -ENOMEM.
int rtsp_interleaved_push(struct rtsp_interleaved *in, const uint8_t *data, size_t len);

// 1: *out is the next unit, valid until the next call. 0: no further whole unit. -EBADMSG: this
// is not RTSP; -EMSGSIZE: a message beyond the bounds of message.h; -ENOMEM. After an error the
// connection is of no more use.
int rtsp_interleaved_next(struct rtsp_interleaved *in, struct rtsp_unit *out);
