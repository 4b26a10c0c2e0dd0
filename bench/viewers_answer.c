// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "webrtc/text.h"

// What is read at the moment: the session's part, then one m-line after the other.
struct parser {
    struct viewers_answer *answer;
    uint32_t priority[VIEWERS_CANDIDATES_MAX];
    struct wrtc_transport session;
    struct wrtc_transport *transport;       // where ICE and DTLS attributes go; NULL: not needed
    enum viewers_kind kind;                 // of the m-line; NOTHING: another, or refused
    bool sends;                             // its direction
    uint8_t pending[VIEWERS_PAYLOAD_TYPES]; // kinds, to count once the direction is known
};

static enum wrtc_setup setup_of(struct wrtc_text value)
{
    if (wrtc_text_is(value, "active"))
        return WRTC_SETUP_ACTIVE;
    if (wrtc_text_is(value, "passive"))
        return WRTC_SETUP_PASSIVE;
    return wrtc_text_is(value, "actpass") ? WRTC_SETUP_ACTPASS : WRTC_SETUP_NONE;
}

static void read_fingerprint(struct wrtc_text value, struct wrtc_fingerprint *out)
{
    struct wrtc_fingerprint f = {0};
    struct wrtc_text algorithm, byte;

    if (!wrtc_text_word(&value, &algorithm) ||
        !wrtc_text_copy(algorithm, f.algorithm, sizeof(f.algorithm)))
        return;
    value = wrtc_text_trim(value);
    while (wrtc_text_until(&value, ':', &byte)) {
        if (wrtc_text_len(byte) != 2 || f.len == sizeof(f.bytes))
            return;
        int high = wrtc_text_hex_digit(byte.at[0]), low = wrtc_text_hex_digit(byte.at[1]);
        if (high < 0 || low < 0)
            return;
        f.bytes[f.len++] = (uint8_t)(high << 4 | low);
    }
    *out = f;
}

static bool read_address(struct wrtc_text text, uint32_t port, struct eng_addr *out)
{
    char address[INET6_ADDRSTRLEN];
    struct eng_addr a = {0};

    if (!wrtc_text_copy(text, address, sizeof(address)))
        return false;
    if (inet_pton(AF_INET, address, &a.in4.sin_addr) == 1)
        a.sa.sa_family = AF_INET;
    else if (inet_pton(AF_INET6, address, &a.in6.sin6_addr) == 1)
        a.sa.sa_family = AF_INET6;
    else
        return false;
    eng_addr_set_port(&a, (uint16_t)port);
    *out = a;
    return true;
}

static bool is_known(const struct viewers_answer *answer, const struct eng_addr *addr)
{
    for (size_t i = 0; i < answer->candidate_count; i++) {
        if (eng_addr_equal(&answer->candidate[i], addr))
            return true;
    }
    return false;
}

static void insert_candidate(struct parser *p, const struct eng_addr *addr, uint32_t priority)
{
    struct viewers_answer *a = p->answer;
    size_t i = a->candidate_count;

    if (i == VIEWERS_CANDIDATES_MAX || is_known(a, addr))
        return;
    for (; i > 0 && p->priority[i - 1] < priority; i--) {
        a->candidate[i] = a->candidate[i - 1];
        p->priority[i] = p->priority[i - 1];
    }
    a->candidate[i] = *addr;
    p->priority[i] = priority;
    a->candidate_count++;
}

// RFC 8839 5.1: foundation component transport priority address port typ ...
static void read_candidate(struct parser *p, struct wrtc_text value)
{
    struct wrtc_text foundation, component, protocol, priority_text, address, port_text;
    uint32_t priority, port;
    struct eng_addr addr;

    if (!wrtc_text_word(&value, &foundation) || !wrtc_text_word(&value, &component) ||
        !wrtc_text_word(&value, &protocol) || !wrtc_text_word(&value, &priority_text) ||
        !wrtc_text_word(&value, &address) || !wrtc_text_word(&value, &port_text))
        return;
    if (wrtc_text_is(component, "1") && wrtc_text_is_nocase(protocol, "udp") &&
        wrtc_text_number(priority_text, UINT32_MAX, &priority) &&
        wrtc_text_number(port_text, UINT16_MAX, &port) && port > 0 &&
        read_address(address, port, &addr))
        insert_candidate(p, &addr, priority);
    else
        p->answer->unusable++;
}

// G.711's payload types need no rtpmap (RFC 3551 6).
static void read_static_types(struct parser *p, struct wrtc_text formats)
{
    struct wrtc_text format;

    while (p->kind == VIEWERS_AUDIO && wrtc_text_word(&formats, &format)) {
        if (wrtc_text_is(format, "0"))
            p->pending[0] = VIEWERS_AUDIO;
        else if (wrtc_text_is(format, "8"))
            p->pending[8] = VIEWERS_AUDIO;
    }
}

// m=<media> <port> <protocol> <format>...
static void begin_media(struct parser *p, struct wrtc_text value)
{
    struct wrtc_text media, port, protocol;
    bool complete = wrtc_text_word(&value, &media) && wrtc_text_word(&value, &port) &&
                    wrtc_text_word(&value, &protocol);

    p->kind = VIEWERS_NOTHING;
    p->transport = NULL;
    p->sends = true;
    memset(p->pending, 0, sizeof(p->pending));
    if (!complete || wrtc_text_is(port, "0"))
        return;
    if (wrtc_text_is(media, "video"))
        p->kind = VIEWERS_VIDEO;
    else if (wrtc_text_is(media, "audio"))
        p->kind = VIEWERS_AUDIO;
    read_static_types(p, value);
    // The first one that is not refused speaks for all of the bundle.
    if (!p->answer->transport.ufrag[0])
        p->transport = &p->answer->transport;
}

// The m-line that ends here: what it offers counts if it is sent at all.
static void end_media(struct parser *p)
{
    if (p->kind == VIEWERS_NOTHING || !p->sends)
        return;
    for (size_t i = 0; i < VIEWERS_PAYLOAD_TYPES; i++) {
        if (p->pending[i] == VIEWERS_NOTHING)
            continue;
        p->answer->kind[i] = p->pending[i];
        p->answer->video |= p->pending[i] == VIEWERS_VIDEO;
        p->answer->audio |= p->pending[i] == VIEWERS_AUDIO;
    }
}

// a=rtpmap:<payload type> <name>/<clock rate>; nothing but H.264 was offered for video.
static void read_rtpmap(struct parser *p, struct wrtc_text value)
{
    struct wrtc_text number, name;
    uint32_t type;

    if (p->kind == VIEWERS_NOTHING || !wrtc_text_word(&value, &number) ||
        !wrtc_text_number(number, VIEWERS_PAYLOAD_TYPES - 1, &type) ||
        !wrtc_text_until(&value, '/', &name))
        return;
    if (wrtc_text_is_nocase(name, "rtx"))
        p->pending[type] = p->kind == VIEWERS_VIDEO ? VIEWERS_RTX : VIEWERS_NOTHING;
    else if (p->kind == VIEWERS_AUDIO || wrtc_text_is_nocase(name, "H264"))
        p->pending[type] = (uint8_t)p->kind;
}

static void read_feedback(struct parser *p, struct wrtc_text value)
{
    struct wrtc_text type;

    if (p->kind != VIEWERS_VIDEO || !wrtc_text_word(&value, &type))
        return;
    value = wrtc_text_trim(value);
    p->answer->nack |= wrtc_text_is(value, "nack");
    p->answer->pli |= wrtc_text_is(value, "nack pli");
}

static void read_transport(struct parser *p, struct wrtc_text line)
{
    struct wrtc_transport *t = p->transport;

    if (!t)
        return;
    if (wrtc_text_skip(&line, "ice-ufrag:"))
        (void)wrtc_text_copy(line, t->ufrag, sizeof(t->ufrag));
    else if (wrtc_text_skip(&line, "ice-pwd:"))
        (void)wrtc_text_copy(line, t->pwd, sizeof(t->pwd));
    else if (wrtc_text_skip(&line, "setup:"))
        t->setup = setup_of(line);
    else if (wrtc_text_skip(&line, "fingerprint:"))
        read_fingerprint(line, &t->fingerprint);
}

static void read_attribute(struct parser *p, struct wrtc_text line)
{
    if (wrtc_text_is(line, "inactive") || wrtc_text_is(line, "recvonly"))
        p->sends = false;
    else if (wrtc_text_skip(&line, "candidate:"))
        read_candidate(p, line);
    else if (wrtc_text_skip(&line, "rtpmap:"))
        read_rtpmap(p, line);
    else if (wrtc_text_skip(&line, "rtcp-fb:"))
        read_feedback(p, line);
    else
        read_transport(p, line);
}

static void inherit(struct wrtc_transport *t, const struct wrtc_transport *session)
{
    if (!t->ufrag[0])
        memcpy(t->ufrag, session->ufrag, sizeof(t->ufrag));
    if (!t->pwd[0])
        memcpy(t->pwd, session->pwd, sizeof(t->pwd));
    if (t->fingerprint.len == 0)
        t->fingerprint = session->fingerprint;
    if (t->setup == WRTC_SETUP_NONE)
        t->setup = session->setup;
}

static const char *missing(const struct viewers_answer *a)
{
    if (!a->video && !a->audio)
        return "the answer sends neither H.264 nor audio";
    if (!a->transport.ufrag[0] || !a->transport.pwd[0])
        return "the answer has no ice-ufrag or ice-pwd";
    if (a->transport.fingerprint.len == 0)
        return "the answer has no fingerprint";
    return NULL;
}

int viewers_answer_parse(const char *text, size_t len, struct viewers_answer *out,
                         const char **what)
{
    struct wrtc_text rest = wrtc_text_of(text, len), line;
    struct parser p = {.answer = out};

    memset(out, 0, sizeof(*out));
    p.transport = &p.session;
    while (wrtc_text_line(&rest, &line)) {
        if (wrtc_text_skip(&line, "m=")) {
            end_media(&p);
            begin_media(&p, line);
        } else if (wrtc_text_skip(&line, "a=")) {
            read_attribute(&p, line);
        }
    }
    end_media(&p);
    inherit(&out->transport, &p.session);
    *what = missing(out);
    return *what ? -EINVAL : 0;
}
