// SPDX-License-Identifier: Apache-2.0
//
// The path to one viewer, as its transport-wide feedback shows it
// (draft-holmer-rmcat-transport-wide-cc-extensions-01): what left under which number, what of it
// arrived and when, and from that an estimate of the bits per second that the path carries. Worker
// thread; a plain struct that the viewer owns where its packets have numbers; the time is an
// argument.
//
// This is not GCC (draft-ietf-rmcat-gcc): nobody here can send a viewer less, so the estimate is a
// figure for people and no rate control hangs on it. Feedback is judged over intervals of half a
// second or more:
//     rate      bits that arrived, over the time between the last arrivals of two intervals
//     loss      of the packets that the feedback is about
//     queue     delay of the interval's fastest packet above that of the last 10 to 20 s: jitter
//     and
//               bursts delay some packets, a queue that stands delays them all
// A queue of more than 30 ms or a loss of more than 10 % says that the path is full: then it
// carries 0.9 times the rate. With less than 2 % of loss the estimate grows by 8 % an interval,
// from at least the rate to at most 1.5 times it: a stream that needs less does not show how much
// more there were.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    // Trains that are remembered: 1 s of 30 frames in two each. Feedback comes each 50 to 250 ms.
    ENG_PATH_TRAINS = 64,
};

// Consecutive numbers, sent at once.
struct eng_path_train {
    uint16_t first;
    uint16_t len;   // bytes of each packet
    uint32_t at_us; // CLOCK_MONOTONIC, modulo 2^32
};

// What the feedback since the last judgement said.
struct eng_path_interval {
    uint32_t received;
    uint32_t lost;
    uint64_t bytes;
    int64_t last_us;   // arrival of the last packet, by the viewer's clock
    uint32_t delay_us; // the least one; clocks differ, so only differences count, modulo 2^32
};

struct eng_path {
    uint16_t next;  // number of the next packet
    uint8_t newest; // of trains
    bool any;       // something was sent
    struct eng_path_train trains[ENG_PATH_TRAINS];
    struct eng_path_interval interval;
    int64_t judged_ns;
    int64_t last_us; // of the interval before; 0: there was none
    // The least delays of this window and of the one before.
    uint32_t least_us[2];
    int64_t window_ns; // when this one began, 0: none did
    uint64_t estimate_bps;
    uint32_t queue_us;
};

// So many packets of len bytes (UDP payload) left under the numbers from path->next on.
void eng_path_sent(struct eng_path *path, unsigned packets, size_t len, int64_t now_ns);

// The viewer says that this packet arrived, at_us by its clock, or ENG_RTCP_LOST that it has not.
// What is not remembered does not count.
void eng_path_arrival(struct eng_path *path, uint16_t number, int64_t at_us);

// After each feedback. True: it was time to judge, estimate_bps and queue_us are new.
bool eng_path_judge(struct eng_path *path, int64_t now_ns);
