// SPDX-License-Identifier: Apache-2.0
#include "bench/source_transport.h"

enum {
    CHANNEL_MAX = 255,
    PORT_MAX = 65535,
};

// name=FIRST-SECOND or name=FIRST, where the second is the next one. False: neither.
static bool parse_pair(struct source_text parameter, long max, struct source_transport *out)
{
    source_text_cut(&parameter, "=");
    long first = source_text_number(&parameter, max);
    source_text_cut(&parameter, "-");
    long second = source_text_number(&parameter, max);

    if (second < 0)
        second = first + 1;
    if (first < 0 || second > max)
        return false;
    out->rtp = (int)first;
    out->rtcp = (int)second;
    return true;
}

static bool parse_interleaved(struct source_text rest, struct source_transport *out)
{
    *out = (struct source_transport){SOURCE_TRANSPORT_INTERLEAVED, -1, -1};
    while (rest.len > 0) {
        struct source_text parameter = source_text_trim(source_text_cut(&rest, ";"));
        if (source_text_begins(parameter, "interleaved=") &&
            !parse_pair(parameter, CHANNEL_MAX, out))
            return false;
    }
    return true;
}

static bool parse_udp(struct source_text rest, struct source_transport *out)
{
    *out = (struct source_transport){SOURCE_TRANSPORT_UDP, 0, 0};
    while (rest.len > 0) {
        struct source_text parameter = source_text_trim(source_text_cut(&rest, ";"));
        if (source_text_is(parameter, "multicast"))
            return false;
        if (source_text_begins(parameter, "client_port=") && !parse_pair(parameter, PORT_MAX, out))
            return false;
    }
    return out->rtp > 0 && out->rtcp > 0;
}

size_t source_transport_parse(struct source_text value,
                              struct source_transport out[SOURCE_OFFERS_MAX])
{
    size_t count = 0;

    while (value.len > 0 && count < SOURCE_OFFERS_MAX) {
        struct source_text rest = source_text_cut(&value, ",");
        struct source_text protocol = source_text_trim(source_text_cut(&rest, ";"));
        bool understood = false;
        if (source_text_is(protocol, "RTP/AVP/TCP"))
            understood = parse_interleaved(rest, &out[count]);
        else if (source_text_is(protocol, "RTP/AVP") || source_text_is(protocol, "RTP/AVP/UDP"))
            understood = parse_udp(rest, &out[count]);
        count += understood;
    }
    return count;
}

const struct source_transport *source_transport_choose(const struct source_transport *offers,
                                                       size_t offer_count,
                                                       const bool served[SOURCE_TRANSPORTS])
{
    for (size_t i = 0; i < offer_count; i++) {
        if (served[offers[i].kind])
            return &offers[i];
    }
    return NULL;
}
