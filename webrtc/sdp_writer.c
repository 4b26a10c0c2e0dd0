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

// RFC 8445 5.1.2.1: the type preference of host candidates is 126; the local preference falls from
// one candidate to the next.
void wrtc_sdp_put_candidates(struct wrtc_sdp_writer *writer, const struct eng_addr *candidates,
                             size_t count)
{
    char text[INET6_ADDRSTRLEN];

    for (size_t i = 0; i < count; i++) {
        uint32_t local_preference = 65535 - (uint32_t)i;
        uint32_t priority = UINT32_C(126) << 24 | local_preference << 8 | (256 - 1);

        wrtc_sdp_put(writer, "a=candidate:%zu 1 udp %" PRIu32 " %s %u typ host\r\n", i + 1,
                     priority, wrtc_sdp_address_text(&candidates[i], text),
                     eng_addr_port(&candidates[i]));
    }
    wrtc_sdp_put(writer, "a=end-of-candidates\r\n");
}

int wrtc_sdp_finish(const struct wrtc_sdp_writer *writer, size_t *len)
{
    if (writer->full)
        return -ENOSPC;
    *len = writer->len;
    return 0;
}
