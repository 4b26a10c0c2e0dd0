// SPDX-License-Identifier: Apache-2.0
//
// RTCP in the clear: the compounds we send, the feedback we read (RFC 3550 6, RFC 4585 6, RFC 5104
// 4.3.1, REMB by draft-alvestrand-rmcat-remb-03 2, transport-wide feedback by
// draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1). Plain functions, worker thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ENG_RTCP_COMPOUND_MAX = 256, // room for any compound written here, without SRTCP's overhead
    ENG_RTCP_NACKS_MAX = 512,    // packets that one datagram may ask for; the rest is ignored
    // Packets that one transport-wide feedback tells of; the rest is ignored: no more numbers are
    // remembered (path.h) in trains of usual length.
    ENG_RTCP_ARRIVALS_MAX = 1024,
};

#define ENG_RTCP_LOST INT64_MIN

struct eng_rtcp_sender {
    uint32_t ssrc;
    bool report;            // has sent something: gets a sender report
    uint32_t rtp_timestamp; // at the time of the report
    uint32_t packets;
    uint32_t octets;
};

// Sender reports (or an empty receiver report if there is none), then SDES with the CNAME for each
// sender, then BYE if asked for. out: ENG_RTCP_COMPOUND_MAX bytes; at most 2 senders; cname at most
// 31 characters. Returns bytes written.
size_t eng_rtcp_write(uint8_t *out, const struct eng_rtcp_sender *senders, size_t count,
                      const char *cname, int64_t real_ns, bool bye);

// CLOCK_REALTIME nanoseconds to the 64-bit NTP format (RFC 3550 4).
uint64_t eng_ntp_from_real(int64_t real_ns);

struct eng_rtcp_report {
    uint32_t ssrc;         // of ours that is reported on
    uint8_t fraction_lost; // 1/256
    int32_t lost;          // cumulative, may be negative (duplicates)
    uint32_t highest;      // extended sequence number received
    uint32_t jitter;       // RTP units
    uint32_t lsr, dlsr;    // 1/65536 s, RFC 3550 6.4.1
};

struct eng_rtcp_handler {
    void *ctx;
    void (*report)(void *ctx, const struct eng_rtcp_report *report);
    void (*nack)(void *ctx, uint32_t ssrc, uint16_t seq);
    void (*keyframe)(void *ctx, uint32_t ssrc); // PLI or FIR
    void (*remb)(void *ctx, uint64_t bps);      // what the viewer can receive, by its estimate
    // The packet of this number arrived at at_us by the viewer's clock, or had not: ENG_RTCP_LOST.
    void (*arrival)(void *ctx, uint16_t number, int64_t at_us);
    void (*arrivals_end)(void *ctx); // of one feedback
    void (*bye)(void *ctx);
};

// Walks a compound (reduced-size too, RFC 5506). Unknown packets are passed over. 0, or -EBADMSG at
// the first malformed one; what came before it has been handed out.
int eng_rtcp_read(const uint8_t *data, size_t len, const struct eng_rtcp_handler *handler);
