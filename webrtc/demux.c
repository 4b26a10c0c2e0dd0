// SPDX-License-Identifier: Apache-2.0
#include "webrtc/peer.h"

enum {
    STUN_HEADER_LEN = 20,
    DTLS_HEADER_LEN = 13,
    RTP_HEADER_LEN = 12,
    RTCP_HEADER_LEN = 8,
};

// By the first byte (RFC 7983 7); RTP and RTCP by the payload type, whose range 64 to 95 no RTP
// packet uses on a multiplexed port (RFC 5761 4). What is shorter than its own header is junk.
enum wrtc_datagram wrtc_datagram_classify(const uint8_t *data, size_t len)
{
    if (len < 2)
        return WRTC_JUNK;
    if (data[0] <= 3)
        return len >= STUN_HEADER_LEN ? WRTC_STUN : WRTC_JUNK;
    if (data[0] >= 20 && data[0] <= 63)
        return len >= DTLS_HEADER_LEN ? WRTC_DTLS : WRTC_JUNK;
    if (data[0] < 128 || data[0] > 191)
        return WRTC_JUNK;
    uint8_t payload_type = data[1] & 0x7f;
    if (payload_type >= 64 && payload_type <= 95)
        return len >= RTCP_HEADER_LEN ? WRTC_RTCP : WRTC_JUNK;
    return len >= RTP_HEADER_LEN ? WRTC_RTP : WRTC_JUNK;
}
