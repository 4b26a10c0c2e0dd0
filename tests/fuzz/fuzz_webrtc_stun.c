// SPDX-License-Identifier: Apache-2.0
//
// STUN messages to a peer. Random bytes never have a right MESSAGE-INTEGRITY, so the target can add
// one, as a viewer that is malicious but has a session would. Input: {what, length, message}; what
// says which attributes are added behind the message's own: USERNAME, PRIORITY, MESSAGE-INTEGRITY
// (right or with another password), FINGERPRINT.
#include "input.h"
#include "tests/support/stun_text.h"
#include "webrtc/ice.h"

enum {
    USERNAME = 1,
    PRIORITY = 2,
    INTEGRITY = 4,
    WRONG_PASSWORD = 8,
    FINGERPRINT = 16,
    OTHER_TUPLE = 32,
    TYPE_AND_COOKIE = 64, // the header is made right

    OWN_MAX = 900, // bytes of the message's own: stun_text has room for 1,024
};

static const char password[] = "ourpasswordourpassword24";

static void write_message(struct stun_text *text, uint8_t what, struct input own)
{
    *text = (struct stun_text){.len = (own.len + 3) / 4 * 4};
    if (own.len > 0)
        memcpy(text->data, own.data, own.len);
    if (text->len < WRTC_STUN_HEADER_LEN)
        text->len = WRTC_STUN_HEADER_LEN;
    if (what & TYPE_AND_COOKIE) {
        stun_put_u16(text->data, WRTC_STUN_BINDING_REQUEST);
        memcpy(text->data + 4, "\x21\x12\xa4\x42", 4);
        stun_set_len(text, text->len);
    }
    if (what & USERNAME)
        stun_add(text, 0x0006, "ours:them", 9);
    if (what & PRIORITY)
        stun_add(text, 0x0024, "\x6e\0\1\xff", 4);
    if (what & INTEGRITY)
        stun_add_integrity(text, what & WRONG_PASSWORD ? "another" : password);
    if (what & FINGERPRINT)
        stun_add_fingerprint(text);
}

static void check_parts(const struct wrtc_stun *m, const uint8_t *data, size_t len)
{
    assert(m->data == data && m->len == len && m->unknown_count <= WRTC_STUN_UNKNOWN_MAX);
    assert(m->integrity_at == 0 || m->integrity_at + 24 <= len);
    assert(m->fingerprint_at == 0 || m->fingerprint_at + 8 == len);
    assert(!m->username ||
           (m->username >= data + 24 && m->username + m->username_len <= data + len));
}

// A reply is whole, is STUN itself, and is right where the request was authentic.
static void check_reply(const uint8_t *reply, size_t len, bool authentic)
{
    struct wrtc_stun m;

    assert(len <= WRTC_STUN_REPLY_MAX && wrtc_stun_parse(reply, len, &m) == 0);
    assert(wrtc_stun_fingerprint_ok(&m));
    assert(m.type == WRTC_STUN_BINDING_SUCCESS || m.type == WRTC_STUN_BINDING_ERROR);
    assert(wrtc_stun_integrity_ok(&m, password) == authentic);
    assert(m.type != WRTC_STUN_BINDING_SUCCESS || authentic);
}

static void receive(struct wrtc_ice *ice, uint8_t what, struct input own, int64_t now_ns)
{
    struct eng_tuple tuple = test_tuple(what & OTHER_TUPLE ? own.len & 0xff : 1000);
    struct stun_text text;
    struct wrtc_stun m;
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    uint64_t passed = ice->passed;
    uint8_t *exact;
    bool authentic = false;
    size_t len;

    write_message(&text, what, own);
    exact = input_copy(text.data, text.len);
    if (wrtc_stun_parse(exact, text.len, &m) == 0) {
        check_parts(&m, exact, text.len);
        authentic = wrtc_stun_integrity_ok(&m, password) && wrtc_stun_fingerprint_ok(&m) &&
                    m.username_len == 9 && memcmp(m.username, "ours:them", 9) == 0;
    }
    len = wrtc_ice_receive(ice, &tuple, 0, exact, text.len, now_ns, reply);
    free(exact);
    assert(len <= text.len);
    if (len > 0)
        check_reply(reply, len, authentic);
    assert(ice->passed == passed || (authentic && wrtc_ice_find(ice, &tuple)));
    assert(ice->path_count <= WRTC_PEER_TUPLES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct wrtc_ice ice;
    int64_t now_ns = 0;

    assert(wrtc_ice_init(&ice, "ours", password, "them", now_ns) == 0);
    while (in.len > 0) {
        uint8_t what = input_u8(&in);
        size_t own_len = input_u16(&in) % (OWN_MAX + 1);

        receive(&ice, what, input_piece(&in, own_len), now_ns += 1000000);
    }
    wrtc_ice_fini(&ice);
    return 0;
}
