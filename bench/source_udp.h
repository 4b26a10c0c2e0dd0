// SPDX-License-Identifier: Apache-2.0
//
// RTP over UDP: one pair of ports from which all clients are sent to (RFC 3550 11: RTP even, RTCP
// the next). Event loop's thread only. What clients send to the ports (receiver reports, packets
// that open a firewall) is not read: the kernel drops it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bench/clip.h"

enum {
    // Track t has RTP on channel 2 t and RTCP on 2 t + 1.
    SOURCE_CHANNELS = 2 * BENCH_TRACKS
};

struct source_udp {
    int socket[2];    // RTP, RTCP
    uint16_t port;    // of RTP
    bool singly;      // messages of several packets are not taken (UDP_SEGMENT)
    uint64_t refused; // packets that the kernel did not take
};

// Where one client's channels go.
struct source_udp_peer {
    struct sockaddr_storage to[SOURCE_CHANNELS];
    socklen_t to_len;
};

// Ports of the kernel's choice on this address, whatever its port.
int source_udp_init(struct source_udp *udp, const struct sockaddr_storage *address,
                    socklen_t address_len);
void source_udp_fini(struct source_udp *udp);

// Sends whole packets in interleaved framing, each as the datagram that it holds to where its
// channel goes. Waits while the sockets' buffers are full.
void source_udp_send(struct source_udp *udp, struct source_udp_peer *peer, const uint8_t *data,
                     size_t len);
