// SPDX-License-Identifier: Apache-2.0
//
// AAC access units out of RTP payloads (RFC 3640 3.2; RFC 6416 6). Ingest thread. Those that are
// whole are not copied; one in fragments is gathered here.
//
// An interleaved payload (an AU-Index-delta other than 0) is refused. A fragment that is missing
// takes its access unit with it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtsp/aac_config.h"
#include "rtsp/bit_reader.h"
#include "rtsp/rtp.h"

enum {
    // Bytes of an access unit: 6,144 bits per channel, of up to 8 channels (ISO 14496-3 4.5.3).
    RTSP_AAC_UNIT_MAX = 6144,

    // LATM: its length in front of it, 255 to a byte.
    RTSP_AAC_GATHER_MAX = RTSP_AAC_UNIT_MAX + RTSP_AAC_UNIT_MAX / 255 + 1,
};

struct rtsp_depacketise_aac {
    struct rtsp_aac_config config;
    // Of the payload at hand: AU headers and data that are left; LATM has no headers.
    struct rtsp_bit_reader headers;
    const uint8_t *data;
    size_t len;
    bool first; // the next AU header is the payload's first
    // The access unit that is being gathered; LATM: the AudioMuxElement.
    bool open;
    uint32_t timestamp;
    size_t unit_len; // that it will have; LATM: not known
    size_t gathered;
    uint8_t unit[RTSP_AAC_GATHER_MAX];
};

// A session begins.
void rtsp_depacketise_aac_begin(struct rtsp_depacketise_aac *d,
                                const struct rtsp_aac_config *config);

// Packets are missing before the next one.
void rtsp_depacketise_aac_break(struct rtsp_depacketise_aac *d);

// Takes one payload, which must stay until all is taken out of it. 0, or -EBADMSG: its headers are
// wrong.
int rtsp_depacketise_aac(struct rtsp_depacketise_aac *d, const struct rtsp_rtp *rtp);

// Takes the next access unit, valid until the next call. 1; 0: none is left; -EBADMSG: what is left
// is broken, and thrown away.
int rtsp_depacketise_aac_next(struct rtsp_depacketise_aac *d, const uint8_t **unit, size_t *len);
