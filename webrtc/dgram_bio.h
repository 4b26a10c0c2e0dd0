// SPDX-License-Identifier: Apache-2.0
//
// An OpenSSL BIO in memory that keeps datagram boundaries: one datagram is lent to it for reading,
// written datagrams wait in a bounded queue. A write never fails: what does not fit is dropped and
// counted, as a network would drop it, and DTLS repeats it. Any one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

enum {
    // Bytes of UDP payload in what we write. 1,200 passes everywhere IPv6 does (RFC 8200 5: 1,280).
    WRTC_DGRAM_MTU = 1200,

    // Datagrams that wait. Our longest flight is one datagram; the rest is for its repetitions.
    WRTC_DGRAM_QUEUE_MAX = 8,
};

// What stands between an SSL object and the network. Zeroed: empty.
struct wrtc_dgram_link {
    const uint8_t *in; // the datagram to read, borrowed; NULL: none
    size_t in_len;
    size_t first; // of the queue
    size_t count;
    uint64_t dropped;
    uint16_t len[WRTC_DGRAM_QUEUE_MAX];
    uint8_t data[WRTC_DGRAM_QUEUE_MAX][WRTC_DGRAM_MTU];
};

// NULL: out of memory. Free with BIO_meth_free once all its BIOs are gone.
BIO_METHOD *wrtc_dgram_bio_method_create(void);

// A BIO on the link, which must outlive it. NULL: out of memory.
BIO *wrtc_dgram_bio_create(const BIO_METHOD *method, struct wrtc_dgram_link *link);

// Takes the oldest written datagram. False: none.
bool wrtc_dgram_next(struct wrtc_dgram_link *link, uint8_t out[WRTC_DGRAM_MTU], size_t *len);

// Throws away what was written.
void wrtc_dgram_discard(struct wrtc_dgram_link *link);
