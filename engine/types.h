// SPDX-License-Identifier: Apache-2.0
//
// The engine's plain types: addresses, keys, header extensions. No thread, no ownership: values to
// be copied. This is the only header of the engine that webrtc/ may include.
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

// A transport address, IPv4 or IPv6. An IPv4 address is never held as a mapped IPv6 address.
// All zero: no address.
struct eng_addr {
    union {
        struct sockaddr sa;
        struct sockaddr_in in4;
        struct sockaddr_in6 in6;
    };
};

// One 5-tuple on the media port, as seen from here. The local half carries the address that the
// datagram arrived at: on a machine with several addresses a reply must leave from that one, or
// the viewer drops it (RFC 8445 7.2.5.2.1). Its port is the media port.
struct eng_tuple {
    struct eng_addr remote;
    struct eng_addr local;
};

// SRTP protection profiles, by their DTLS-SRTP numbers (RFC 5764 4.1.2, RFC 7714 14.2).
enum eng_srtp_profile {
    ENG_SRTP_NONE = 0,
    ENG_SRTP_AES128_CM_HMAC_SHA1_80 = 0x0001,
    ENG_SRTP_AEAD_AES_128_GCM = 0x0007,
};

enum {
    ENG_RTP_HEADER_LEN = 12, // the fixed one: no CSRC
    ENG_EXTENSION_MAX = 24,  // bytes of header extensions (extension.h)
    ENG_RTP_HEADER_MAX = ENG_RTP_HEADER_LEN + ENG_EXTENSION_MAX,
    ENG_PLAYOUT_MAX_MS = 40950, // that a playout delay can say
    // Characters of a mid that packets carry: a longer one would cost each packet another word, and
    // browsers count from "0".
    ENG_MID_MAX = 3,
    ENG_SRTP_KEY_LEN = 16,
    ENG_SRTP_SALT_MAX = 14, // 14 for AES-CM, 12 for GCM (the rest is zero)
};

// One direction's master key and salt. Wipe with explicit_bzero when done.
struct eng_srtp_key {
    uint8_t key[ENG_SRTP_KEY_LEN];
    uint8_t salt[ENG_SRTP_SALT_MAX];
};

// What a DTLS-SRTP handshake yields, seen from the server.
struct eng_srtp_keying {
    enum eng_srtp_profile profile;
    struct eng_srtp_key send;
    struct eng_srtp_key receive;
};

// The header extensions of a track, by the ids that the viewer's offer gives them in this m-line: 1
// to 14; 0: not this one.
struct eng_extension_config {
    uint8_t playout_delay;
    uint8_t capture_time; // abs-capture-time
    uint8_t transport_cc; // only where resends go by RTX: an identical one has no number of its own
    uint8_t mid;
    uint16_t playout_min_ms, playout_max_ms; // min <= max <= ENG_PLAYOUT_MAX_MS, in steps of 10 ms
    char mid_text[ENG_MID_MAX + 1];
};

static inline socklen_t eng_addr_len(const struct eng_addr *a)
{
    return a->sa.sa_family == AF_INET6 ? sizeof(a->in6) : sizeof(a->in4);
}

static inline uint16_t eng_addr_port(const struct eng_addr *a)
{
    return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in4.sin_port);
}

static inline void eng_addr_set_port(struct eng_addr *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET6)
        a->in6.sin6_port = htons(port);
    else
        a->in4.sin_port = htons(port);
}

static inline bool eng_addr_equal(const struct eng_addr *a, const struct eng_addr *b)
{
    if (a->sa.sa_family != b->sa.sa_family)
        return false;
    if (a->sa.sa_family == AF_INET6)
        return a->in6.sin6_port == b->in6.sin6_port &&
               a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
               memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr, sizeof(a->in6.sin6_addr)) == 0;
    return a->in4.sin_port == b->in4.sin_port && a->in4.sin_addr.s_addr == b->in4.sin_addr.s_addr;
}

static inline bool eng_tuple_equal(const struct eng_tuple *a, const struct eng_tuple *b)
{
    return eng_addr_equal(&a->remote, &b->remote) && eng_addr_equal(&a->local, &b->local);
}
