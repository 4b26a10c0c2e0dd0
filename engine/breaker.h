// SPDX-License-Identifier: Apache-2.0
//
// The RTP circuit breaker (RFC 8083) of one viewer's video: when the viewer's reports say that
// sending on does harm and no good, video rests. Worker thread; a plain struct, embedded in the
// viewer; no I/O, the time is an argument.
//
// A server that fans out one encoding cannot send a viewer less, so video is either sent or not.
// Reports are judged over intervals of at least a second, from report to report, and only those in
// which video was sent:
//     RTCP timeout (4.1)   no report on the video in 15 s of sending: three intervals of those who
//                          report every 5 s. A viewer that has never reported is not judged; its
//                          consent (RFC 7675) bounds what it is sent.
//     media timeout (4.2)  3 intervals running, the highest sequence number has not moved
//     congestion (4.3)     3 intervals running, the packet rate is above 10 times that of a TCP
//                          flow with the viewer's loss and round trip
// 3 is CB_INTERVAL for streams of 1 frame per second and more and round trips up to a second.
// Media usability (4.4) is not judged: a still picture now and then may be what the viewer wants.
//
// TCP's throughput is s / (rtt * sqrt(2p/3)), ours s * rate, so that the packet size s cancels out:
// congested is (rate * rtt)^2 * p > 150, with p the fraction lost. Without a round trip or without
// loss nothing is congested.
//
// Video rests 10 s, twice as long each time that it fails again within a minute, up to 80 s; then a
// keyframe tries the path (4.5: not at once, and there is nobody here who could be asked).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/rtcp.h"

enum eng_breaker_cause {
    ENG_BREAKER_NONE,
    ENG_BREAKER_RTCP_TIMEOUT,
    ENG_BREAKER_MEDIA_TIMEOUT,
    ENG_BREAKER_CONGESTION,
};

struct eng_breaker {
    bool open;       // video rests until until_ns
    bool heard;      // has reported
    bool marked;     // the figures of the last judged report are valid
    uint8_t trips;   // in a row
    uint8_t stuck;   // intervals running without progress
    uint8_t crowded; // intervals running with congestion
    uint8_t unheard; // beats with video sent since the last report
    // At the last judged report: of it, and of what was sent.
    uint32_t highest;
    int32_t lost;
    uint32_t packets;
    uint32_t beat_packets; // sent at the last beat
    int64_t judged_ns;
    int64_t until_ns; // the end of the last rest
};

// A report on the viewer's video. packets: sent so far, modulo 2^32; rtt_us: 0 is unknown. What
// tripped it, if anything: then `open` is set.
enum eng_breaker_cause eng_breaker_report(struct eng_breaker *breaker, int64_t now_ns,
                                          const struct eng_rtcp_report *report, uint32_t packets,
                                          uint32_t rtt_us);

// Once a second.
enum eng_breaker_cause eng_breaker_beat(struct eng_breaker *breaker, int64_t now_ns,
                                        uint32_t packets);

// True: the rest is over. `open` is clear then, and judging starts afresh.
bool eng_breaker_close(struct eng_breaker *breaker, int64_t now_ns);
