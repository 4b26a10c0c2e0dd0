// SPDX-License-Identifier: Apache-2.0
//
// A viewer's ICE agent (RFC 8445): full, controlling, one component, one host candidate. It serves
// ICE-lite servers as well as full ones, whose own checks it answers. Bytes and the time go in,
// datagrams come out by the caller's function. No I/O, no clock; any one thread; caller's memory.
//
//     CHECKING -> NOMINATING -> CONNECTED
//
//     CHECKING -> NOMINATING    the first check was answered: its candidate is nominated
//     NOMINATING -> CONNECTED   the check with USE-CANDIDATE was answered
//
// It never fails by itself: how long to wait is the caller's to say.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/viewers_answer.h"
#include "engine/types.h"

enum {
    VIEWERS_UFRAG_LEN = 8,
    VIEWERS_PWD_LEN = 24,
};

enum viewers_ice_state {
    VIEWERS_ICE_CHECKING,
    VIEWERS_ICE_NOMINATING,
    VIEWERS_ICE_CONNECTED,
};

typedef void (*viewers_ice_send)(void *ctx, const struct eng_addr *to, const uint8_t *data,
                                 size_t len);

struct viewers_ice_pair {
    struct eng_addr remote;
    unsigned repeats; // of a check that was not answered
    int64_t sent_ns;  // the last check
    int64_t next_ns;  // the next one
};

struct viewers_ice {
    enum viewers_ice_state state;
    char ufrag[VIEWERS_UFRAG_LEN + 1], pwd[VIEWERS_PWD_LEN + 1];
    char username[WRTC_UFRAG_MAX + VIEWERS_UFRAG_LEN + 1]; // in our checks: "theirs:ours"
    char expected[WRTC_UFRAG_MAX + VIEWERS_UFRAG_LEN + 1]; // in theirs: "ours:theirs"
    char remote_pwd[WRTC_PWD_MAX];
    uint64_t tie_breaker;
    uint64_t transactions; // the first 8 bytes of each transaction ID
    uint16_t checks;       // sent
    size_t pair_count;
    struct viewers_ice_pair pair[VIEWERS_CANDIDATES_MAX];
    size_t selected;
    int64_t rtt_ns;        // of the last check that was answered; 0: none
    int64_t answered_ns;   // when that was
    unsigned error;        // code of the last error response; 0: none
    viewers_ice_send send; // ctx, destination, datagram
    void *ctx;
};

// Makes ufrag, password and the like, from OpenSSL's random numbers.
void viewers_ice_init(struct viewers_ice *ice, viewers_ice_send send, void *ctx);

// The answer has come: sends the first checks.
void viewers_ice_start(struct viewers_ice *ice, const struct viewers_answer *answer,
                       int64_t now_ns);

// One STUN datagram. What is not authentic is dropped.
void viewers_ice_receive(struct viewers_ice *ice, const struct eng_addr *from, const uint8_t *data,
                         size_t len, int64_t now_ns);

void viewers_ice_tick(struct viewers_ice *ice, int64_t now_ns);
int64_t viewers_ice_next_ns(const struct viewers_ice *ice);

// The server's end, once CONNECTED.
const struct eng_addr *viewers_ice_remote(const struct viewers_ice *ice);
