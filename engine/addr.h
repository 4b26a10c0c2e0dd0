// SPDX-License-Identifier: Apache-2.0
//
// Between eng_addr, which never holds a mapped address, and what a socket speaks: on a dual-stack
// IPv6 socket the kernel writes IPv4 peers as ::ffff:a.b.c.d (RFC 4291 2.5.5.2). Any thread.
#pragma once

#include "engine/types.h"

// From the kernel: unmaps.
void eng_addr_from_socket(struct eng_addr *out, const struct sockaddr_storage *from);

// To the kernel, for a socket of the given family: maps IPv4 where the socket is IPv6. Returns the
// address's length.
socklen_t eng_addr_to_socket(struct sockaddr_storage *out, const struct eng_addr *addr, int family);

// A local address from an IP_PKTINFO or IPV6_PKTINFO control message, with the given port.
// False: the message is neither.
struct cmsghdr;
bool eng_addr_from_pktinfo(struct eng_addr *out, const struct cmsghdr *cmsg, uint16_t port);
