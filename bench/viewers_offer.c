// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_offer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum {
    H264_FIRST = 102, // Chromium's; its RTX is one more
    HOST_PRIORITY = 2113937151,
};

// As Chromium orders them: Baseline, Constrained Baseline, Main, High.
static const char *const profiles[] = {"42001f", "42e01f", "4d001f", "64001f"};

struct writer {
    char *out;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(w->out + w->len, VIEWERS_OFFER_MAX - w->len, format, args);
    va_end(args);
    assert(n >= 0 && (size_t)n < VIEWERS_OFFER_MAX - w->len);
    w->len += (size_t)n;
}

static void put_candidate(struct writer *w, const struct eng_addr *local)
{
    char address[INET6_ADDRSTRLEN];
    const void *bytes = local->sa.sa_family == AF_INET6 ? (const void *)&local->in6.sin6_addr
                                                        : (const void *)&local->in4.sin_addr;

    inet_ntop(local->sa.sa_family, bytes, address, sizeof(address));
    put(w, "a=candidate:1 1 udp %d %s %u typ host generation 0\r\na=end-of-candidates\r\n",
        HOST_PRIORITY, address, eng_addr_port(local));
}

static void put_transport(struct writer *w, const struct viewers_offer *offer, int mid)
{
    put(w, "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n");
    put_candidate(w, &offer->local);
    put(w,
        "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=ice-options:trickle\r\n"
        "a=fingerprint:sha-256 %s\r\na=setup:actpass\r\na=mid:%d\r\n"
        "a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n",
        offer->ufrag, offer->pwd, offer->fingerprint, mid);
}

static void put_h264(struct writer *w, const struct viewers_offer *offer, int type,
                     const char *profile)
{
    put(w,
        "a=rtpmap:%d H264/90000\r\na=rtcp-fb:%d goog-remb\r\na=rtcp-fb:%d ccm fir\r\n"
        "a=rtcp-fb:%d nack pli\r\n",
        type, type, type, type);
    if (offer->nack)
        put(w, "a=rtcp-fb:%d nack\r\n", type);
    put(w, "a=fmtp:%d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=%s\r\n", type,
        profile);
    if (offer->nack)
        put(w, "a=rtpmap:%d rtx/90000\r\na=fmtp:%d apt=%d\r\n", type + 1, type + 1, type);
}

static void put_video(struct writer *w, const struct viewers_offer *offer)
{
    enum {
        COUNT = sizeof(profiles) / sizeof(*profiles)
    };

    put(w, "m=video 9 UDP/TLS/RTP/SAVPF");
    for (int i = 0; i < COUNT; i++) {
        put(w, " %d", H264_FIRST + 2 * i);
        if (offer->nack)
            put(w, " %d", H264_FIRST + 2 * i + 1);
    }
    put(w, "\r\n");
    put_transport(w, offer, 0);
    for (int i = 0; i < COUNT; i++)
        put_h264(w, offer, H264_FIRST + 2 * i, profiles[i]);
}

size_t viewers_offer_write(const struct viewers_offer *offer, char out[VIEWERS_OFFER_MAX])
{
    struct writer w = {out, 0};

    put(&w,
        "v=0\r\no=- %" PRIu64 " 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
        "a=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n",
        offer->session_id);
    put_video(&w, offer);
    put(&w, "m=audio 9 UDP/TLS/RTP/SAVPF 111 0 8\r\n");
    put_transport(&w, offer, 1);
    put(&w, "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
            "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n");
    return w.len;
}
