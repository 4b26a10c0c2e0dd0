// SPDX-License-Identifier: Apache-2.0
#include "webrtc/sdp_writer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void wrtc_sdp_put(struct wrtc_sdp_writer *writer, const char *format, ...)
{
    size_t room = writer->size - writer->len;
    va_list args;
    int len;

    if (writer->full)
        return;
    va_start(args, format);
    len = vsnprintf(writer->out + writer->len, room, format, args);
    va_end(args);
    assert(len >= 0);
    writer->full = (size_t)len >= room;
    if (!writer->full)
        writer->len += (size_t)len;
}

const char *wrtc_sdp_address_text(const struct eng_addr *addr, char out[INET6_ADDRSTRLEN])
{
    const void *bytes = addr->sa.sa_family == AF_INET6 ? (const void *)&addr->in6.sin6_addr
                                                       : (const void *)&addr->in4.sin_addr;

    return inet_ntop(addr->sa.sa_family, bytes, out, INET6_ADDRSTRLEN);
}

// RFC 8445 5.1.2.1: the local preference falls from one candidate to the next.
static void put_candidate(struct wrtc_sdp_writer *writer, size_t foundation, const char *transport,
                          uint32_t preference, const struct eng_addr *addr, const char *more)
{
    char text[INET6_ADDRSTRLEN];
    uint32_t priority = preference << 8 | (256 - 1);

    wrtc_sdp_put(writer, "a=candidate:%zu 1 %s %" PRIu32 " %s %u typ host%s\r\n", foundation,
                 transport, priority, wrtc_sdp_address_text(addr, text), eng_addr_port(addr), more);
}

// The type preference of host candidates is 126, that of TCP lower, so that it is the last resort;
// their local preference begins with 4 for a passive one (RFC 6544 4.2).
void wrtc_sdp_put_candidates(struct wrtc_sdp_writer *writer, const struct eng_addr *candidates,
                             size_t count, bool tcp)
{
    const uint32_t udp_first = UINT32_C(126) << 16 | 65535;
    const uint32_t tcp_first = UINT32_C(90) << 16 | UINT32_C(4) << 13 | 8191;

    for (size_t i = 0; i < count; i++)
        put_candidate(writer, i + 1, "udp", udp_first - (uint32_t)i, &candidates[i], "");
    for (size_t i = 0; tcp && i < count; i++)
        put_candidate(writer, count + i + 1, "tcp", tcp_first - (uint32_t)i, &candidates[i],
                      " tcptype passive");
    wrtc_sdp_put(writer, "a=end-of-candidates\r\n");
}

int wrtc_sdp_finish(const struct wrtc_sdp_writer *writer, size_t *len)
{
    if (writer->full)
        return -ENOSPC;
    *len = writer->len;
    return 0;
}
