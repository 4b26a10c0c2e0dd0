// SPDX-License-Identifier: Apache-2.0
//
// Datagrams of strangers: what they are taken for, whom they are for, what is answered. Input: the
// datagram.
#include "input.h"
#include "webrtc/peer.h"
#include "webrtc/stun.h"

// RFC 7983 7, as intervals of the first byte.
static void check_kind(enum wrtc_datagram kind, const uint8_t *data, size_t len)
{
    switch (kind) {
    case WRTC_JUNK:
        break;
    case WRTC_STUN:
        assert(len >= WRTC_STUN_HEADER_LEN && data[0] <= 3);
        break;
    case WRTC_DTLS:
        assert(len >= 13 && data[0] >= 20 && data[0] <= 63);
        break;
    case WRTC_RTP:
        assert(len >= 12 && data[0] >> 6 == 2);
        break;
    case WRTC_RTCP:
        assert(len >= 8 && data[0] >> 6 == 2);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t *exact = input_copy(data, len);
    enum wrtc_datagram kind = wrtc_datagram_classify(exact, len);
    char ufrag[WRTC_UFRAG_MAX];
    uint8_t *reply = malloc(WRTC_STUN_MAX);
    size_t reply_len;

    assert(reply);
    check_kind(kind, exact, len);
    if (wrtc_stun_local_ufrag(exact, len, ufrag)) {
        size_t ufrag_len = strnlen(ufrag, sizeof(ufrag));

        assert(kind == WRTC_STUN && ufrag_len > 0 && ufrag_len < sizeof(ufrag));
    }
    reply_len = wrtc_stun_refuse(exact, len, reply, WRTC_STUN_MAX);
    assert(reply_len == 0 || (kind == WRTC_STUN && reply_len <= len));
    free(reply);
    free(exact);
    return 0;
}
