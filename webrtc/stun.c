// SPDX-License-Identifier: Apache-2.0
#include "webrtc/stun.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "webrtc/peer.h"

enum {
    MAGIC_COOKIE = 0x2112A442,
    FINGERPRINT_XOR = 0x5354554e,
    ATTRIBUTE_HEADER_LEN = 4,
    INTEGRITY_LEN = 20,
    INTEGRITY_SPAN = ATTRIBUTE_HEADER_LEN + INTEGRITY_LEN,
    FINGERPRINT_LEN = 4,
    FINGERPRINT_SPAN = ATTRIBUTE_HEADER_LEN + FINGERPRINT_LEN,
    COMPREHENSION_OPTIONAL = 0x8000,
};

// RFC 8489 18.3, RFC 8445 20.1. Those that no Binding request of ICE carries are named because
// they are understood: they must not draw a 420.
enum {
    ATTR_MAPPED_ADDRESS = 0x0001,
    ATTR_USERNAME = 0x0006,
    ATTR_MESSAGE_INTEGRITY = 0x0008,
    ATTR_ERROR_CODE = 0x0009,
    ATTR_UNKNOWN_ATTRIBUTES = 0x000A,
    ATTR_REALM = 0x0014,
    ATTR_NONCE = 0x0015,
    ATTR_XOR_MAPPED_ADDRESS = 0x0020,
    ATTR_PRIORITY = 0x0024,
    ATTR_USE_CANDIDATE = 0x0025,
    ATTR_FINGERPRINT = 0x8028,
    ATTR_ICE_CONTROLLED = 0x8029,
};

static uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t get_u32(const uint8_t *p)
{
    return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

static void put_u16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static void put_u32(uint8_t *p, uint32_t value)
{
    put_u16(p, value >> 16);
    put_u16(p + 2, value & 0xffff);
}

static size_t padded(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

// ---- parsing ----

// What is left of a message's attributes.
struct cursor {
    const uint8_t *at;
    size_t left;
};

struct attribute {
    uint16_t type;
    const uint8_t *value;
    size_t len;
};

static bool next_attribute(struct cursor *cursor, struct attribute *out)
{
    if (cursor->left < ATTRIBUTE_HEADER_LEN)
        return false;
    struct attribute attribute = {
        .type = get_u16(cursor->at),
        .value = cursor->at + ATTRIBUTE_HEADER_LEN,
        .len = get_u16(cursor->at + 2),
    };
    size_t span = ATTRIBUTE_HEADER_LEN + padded(attribute.len);
    if (cursor->left < span)
        return false;
    cursor->at += span;
    cursor->left -= span;
    *out = attribute;
    return true;
}

static void note_unknown(struct wrtc_stun *message, uint16_t type)
{
    if (type < COMPREHENSION_OPTIONAL && message->unknown_count < WRTC_STUN_UNKNOWN_MAX)
        message->unknown[message->unknown_count++] = type;
}

// False: its length is not what its type demands. Of repeated attributes the first counts.
static bool take_attribute(struct wrtc_stun *message, const struct attribute *attribute)
{
    switch (attribute->type) {
    case ATTR_USERNAME:
        if (!message->username) {
            message->username = attribute->value;
            message->username_len = attribute->len;
        }
        return true;
    case ATTR_MESSAGE_INTEGRITY:
        message->integrity_at = (size_t)(attribute->value - message->data) - ATTRIBUTE_HEADER_LEN;
        return attribute->len == INTEGRITY_LEN;
    case ATTR_FINGERPRINT:
        message->fingerprint_at = (size_t)(attribute->value - message->data) - ATTRIBUTE_HEADER_LEN;
        return attribute->len == FINGERPRINT_LEN;
    case ATTR_PRIORITY:
        message->has_priority = true;
        return attribute->len == 4;
    case ATTR_USE_CANDIDATE:
        message->use_candidate = true;
        return attribute->len == 0;
    case ATTR_ICE_CONTROLLED:
        message->controlled = true;
        return attribute->len == 8;
    case ATTR_MAPPED_ADDRESS:
    case ATTR_ERROR_CODE:
    case ATTR_UNKNOWN_ATTRIBUTES:
    case ATTR_REALM:
    case ATTR_NONCE:
    case ATTR_XOR_MAPPED_ADDRESS:
        return true;
    default:
        note_unknown(message, attribute->type);
        return true;
    }
}

int wrtc_stun_parse(const uint8_t *data, size_t len, struct wrtc_stun *out)
{
    if (len < WRTC_STUN_HEADER_LEN || len > WRTC_STUN_MAX || len % 4 != 0)
        return -EBADMSG;
    if (data[0] >= 0x40 || get_u32(data + 4) != MAGIC_COOKIE ||
        get_u16(data + 2) != len - WRTC_STUN_HEADER_LEN)
        return -EBADMSG;

    struct wrtc_stun message = {.data = data, .len = len, .type = get_u16(data)};
    memcpy(message.transaction, data + 8, sizeof(message.transaction));

    struct cursor cursor = {data + WRTC_STUN_HEADER_LEN, len - WRTC_STUN_HEADER_LEN};
    struct attribute attribute;
    while (cursor.left > 0) {
        // FINGERPRINT is last (RFC 8489 14.7).
        if (message.fingerprint_at || !next_attribute(&cursor, &attribute))
            return -EBADMSG;
        if (message.integrity_at && attribute.type != ATTR_FINGERPRINT)
            continue;
        if (!take_attribute(&message, &attribute))
            return -EBADMSG;
    }
    *out = message;
    return 0;
}

// ---- verifying ----

// CRC-32 of ISO 3309 (RFC 8489 14.7), four bits a step.
static uint32_t crc32(const uint8_t *data, size_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

bool wrtc_stun_fingerprint_ok(const struct wrtc_stun *message)
{
    size_t at = message->fingerprint_at;
    if (!at)
        return false;
    uint32_t want = crc32(message->data, at) ^ FINGERPRINT_XOR;
    return get_u32(message->data + at + ATTRIBUTE_HEADER_LEN) == want;
}

// The HMAC covers what stands before the attribute, with a header length that ends behind it.
static bool integrity(const uint8_t *data, size_t at, const char *password,
                      uint8_t out[INTEGRITY_LEN])
{
    uint8_t text[WRTC_STUN_MAX] = {0};
    unsigned out_len = 0;
    assert(at <= sizeof(text));
    memcpy(text, data, at);
    put_u16(text + 2, at + INTEGRITY_SPAN - WRTC_STUN_HEADER_LEN);
    return HMAC(EVP_sha1(), password, (int)strlen(password), text, at, out, &out_len) &&
           out_len == INTEGRITY_LEN;
}

bool wrtc_stun_integrity_ok(const struct wrtc_stun *message, const char *password)
{
    uint8_t want[INTEGRITY_LEN] = {0};
    size_t at = message->integrity_at;
    if (!at || !integrity(message->data, at, password, want))
        return false;
    return CRYPTO_memcmp(want, message->data + at + ATTRIBUTE_HEADER_LEN, sizeof(want)) == 0;
}

// ---- writing ----

struct writer {
    const struct wrtc_stun *request;
    uint8_t *out; // WRTC_STUN_REPLY_MAX bytes, zeroed
    size_t len;
};

static struct writer begin(const struct wrtc_stun *request, enum wrtc_stun_type type, uint8_t *out)
{
    memset(out, 0, WRTC_STUN_REPLY_MAX);
    put_u16(out, type);
    put_u32(out + 4, MAGIC_COOKIE);
    memcpy(out + 8, request->transaction, WRTC_STUN_TRANSACTION_LEN);
    return (struct writer){request, out, WRTC_STUN_HEADER_LEN};
}

// Returns where the value goes.
static uint8_t *append(struct writer *writer, uint16_t type, size_t len)
{
    uint8_t *at = writer->out + writer->len;
    writer->len += ATTRIBUTE_HEADER_LEN + padded(len);
    assert(writer->len <= WRTC_STUN_REPLY_MAX);
    put_u16(at, type);
    put_u16(at + 2, len);
    return at + ATTRIBUTE_HEADER_LEN;
}

// Adds MESSAGE-INTEGRITY where there is a password, and FINGERPRINT. Returns the length, 0 where
// that is more than the request had.
static size_t finish(struct writer *writer, const char *password)
{
    if (password) {
        size_t at = writer->len;
        uint8_t *mac = append(writer, ATTR_MESSAGE_INTEGRITY, INTEGRITY_LEN);
        if (!integrity(writer->out, at, password, mac))
            return 0;
    }
    size_t at = writer->len;
    uint8_t *crc = append(writer, ATTR_FINGERPRINT, FINGERPRINT_LEN);
    put_u16(writer->out + 2, writer->len - WRTC_STUN_HEADER_LEN);
    put_u32(crc, crc32(writer->out, at) ^ FINGERPRINT_XOR);
    return writer->len <= writer->request->len ? writer->len : 0;
}

// RFC 8489 14.2: the port is XORed with the cookie, the address with cookie and transaction.
static void append_mapped(struct writer *writer, const struct eng_addr *addr)
{
    bool v6 = addr->sa.sa_family == AF_INET6;
    size_t addr_len = v6 ? 16 : 4;
    const uint8_t *bytes =
        v6 ? addr->in6.sin6_addr.s6_addr : (const uint8_t *)&addr->in4.sin_addr.s_addr;
    const uint8_t *mask = writer->out + 4;

    uint8_t *value = append(writer, ATTR_XOR_MAPPED_ADDRESS, 4 + addr_len);
    value[1] = v6 ? 2 : 1;
    put_u16(value + 2, eng_addr_port(addr) ^ MAGIC_COOKIE >> 16);
    for (size_t i = 0; i < addr_len; i++)
        value[4 + i] = bytes[i] ^ mask[i];
}

size_t wrtc_stun_write_success(const struct wrtc_stun *request, const struct eng_addr *mapped,
                               const char *password, uint8_t out[WRTC_STUN_REPLY_MAX])
{
    struct writer writer = begin(request, WRTC_STUN_BINDING_SUCCESS, out);
    append_mapped(&writer, mapped);
    return finish(&writer, password);
}

static const char *reason_phrase(enum wrtc_stun_error code)
{
    switch (code) {
    case WRTC_STUN_BAD_REQUEST:
        return "Bad Request";
    case WRTC_STUN_UNAUTHENTICATED:
        return "Unauthenticated";
    case WRTC_STUN_UNKNOWN_ATTRIBUTE:
        return "Unknown Attribute";
    case WRTC_STUN_ROLE_CONFLICT:
        return "Role Conflict";
    }
    return "";
}

size_t wrtc_stun_write_error(const struct wrtc_stun *request, enum wrtc_stun_error code,
                             const char *password, uint8_t out[WRTC_STUN_REPLY_MAX])
{
    struct writer writer = begin(request, WRTC_STUN_BINDING_ERROR, out);
    const char *reason = reason_phrase(code);
    size_t reason_len = strlen(reason);
    uint8_t *value = append(&writer, ATTR_ERROR_CODE, 4 + reason_len);
    value[2] = (uint8_t)(code / 100);
    value[3] = (uint8_t)(code % 100);
    for (size_t i = 0; i < reason_len; i++) // no NUL on the wire
        value[4 + i] = (uint8_t)reason[i];

    if (code == WRTC_STUN_UNKNOWN_ATTRIBUTE) {
        value = append(&writer, ATTR_UNKNOWN_ATTRIBUTES, 2 * request->unknown_count);
        for (size_t i = 0; i < request->unknown_count; i++)
            put_u16(value + 2 * i, request->unknown[i]);
    }
    return finish(&writer, password);
}

// ---- requests of nobody's peer ----

bool wrtc_stun_local_ufrag(const uint8_t *data, size_t len, char out[WRTC_UFRAG_MAX])
{
    struct wrtc_stun request;
    if (wrtc_stun_parse(data, len, &request) != 0 || request.type != WRTC_STUN_BINDING_REQUEST ||
        !request.username)
        return false;
    const uint8_t *colon = memchr(request.username, ':', request.username_len);
    if (!colon)
        return false;
    size_t ufrag_len = (size_t)(colon - request.username);
    if (ufrag_len == 0 || ufrag_len >= WRTC_UFRAG_MAX || memchr(request.username, 0, ufrag_len))
        return false;
    memcpy(out, request.username, ufrag_len);
    out[ufrag_len] = '\0';
    return true;
}

size_t wrtc_stun_refuse(const uint8_t *data, size_t len, uint8_t *out, size_t size)
{
    struct wrtc_stun request;
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    if (wrtc_stun_parse(data, len, &request) != 0 || request.type != WRTC_STUN_BINDING_REQUEST ||
        !wrtc_stun_fingerprint_ok(&request))
        return 0;
    bool broken = !request.username || !request.integrity_at;
    size_t reply_len = wrtc_stun_write_error(
        &request, broken ? WRTC_STUN_BAD_REQUEST : WRTC_STUN_UNAUTHENTICATED, NULL, reply);
    if (reply_len > size)
        return 0;
    memcpy(out, reply, reply_len);
    return reply_len;
}
