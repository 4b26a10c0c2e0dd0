// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_stun.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "engine/bytes.h"

enum {
    MAGIC_COOKIE = 0x2112A442,
    FINGERPRINT_XOR = 0x5354554e,
    ATTRIBUTE_HEADER_LEN = 4,
    INTEGRITY_LEN = 20,
    FINGERPRINT_LEN = 4,
    // Of a peer-reflexive candidate, component 1 (RFC 8445 7.1.1): 110 << 24 | 65535 << 8 | 255.
    PRIORITY = 0x6effffff,

    ATTR_USERNAME = 0x0006,
    ATTR_MESSAGE_INTEGRITY = 0x0008,
    ATTR_ERROR_CODE = 0x0009,
    ATTR_PRIORITY = 0x0024,
    ATTR_USE_CANDIDATE = 0x0025,
    ATTR_FINGERPRINT = 0x8028,
    ATTR_ICE_CONTROLLING = 0x802A,
};

// CRC-32 of ISO 3309, bit by bit: a request has 120 bytes, and there is one each 2.5 s.
static uint32_t crc32(const uint8_t *data, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

// Appends an attribute and sets the message's length; returns where the value goes.
static uint8_t *append(uint8_t *out, size_t *len, uint16_t type, size_t value_len)
{
    uint8_t *at = out + *len;

    *len += ATTRIBUTE_HEADER_LEN + ((value_len + 3) & ~(size_t)3);
    assert(*len <= VIEWERS_STUN_MAX);
    eng_put16(at, type);
    eng_put16(at + 2, (uint16_t)value_len);
    eng_put16(out + 2, (uint16_t)(*len - WRTC_STUN_HEADER_LEN));
    return at + ATTRIBUTE_HEADER_LEN;
}

size_t viewers_stun_request(const struct viewers_stun *request, uint8_t out[VIEWERS_STUN_MAX])
{
    size_t username_len = strlen(request->username), len = WRTC_STUN_HEADER_LEN, covered;
    uint8_t *value;

    memset(out, 0, VIEWERS_STUN_MAX);
    eng_put16(out, WRTC_STUN_BINDING_REQUEST);
    eng_put32(out + 4, MAGIC_COOKIE);
    memcpy(out + 8, request->transaction, WRTC_STUN_TRANSACTION_LEN);

    memcpy(append(out, &len, ATTR_USERNAME, username_len), request->username, username_len);
    value = append(out, &len, ATTR_ICE_CONTROLLING, sizeof(uint64_t));
    eng_put32(value, (uint32_t)(request->tie_breaker >> 32));
    eng_put32(value + 4, (uint32_t)request->tie_breaker);
    eng_put32(append(out, &len, ATTR_PRIORITY, sizeof(uint32_t)), PRIORITY);
    if (request->nominate)
        append(out, &len, ATTR_USE_CANDIDATE, 0);

    covered = len;
    value = append(out, &len, ATTR_MESSAGE_INTEGRITY, INTEGRITY_LEN);
    HMAC(EVP_sha1(), request->password, (int)strlen(request->password), out, covered, value, NULL);
    covered = len;
    value = append(out, &len, ATTR_FINGERPRINT, FINGERPRINT_LEN);
    eng_put32(value, crc32(out, covered) ^ FINGERPRINT_XOR);
    return len;
}

unsigned viewers_stun_error(const uint8_t *data, size_t len)
{
    size_t at = WRTC_STUN_HEADER_LEN;

    while (at + ATTRIBUTE_HEADER_LEN <= len) {
        size_t value_len = eng_get16(data + at + 2);
        const uint8_t *value = data + at + ATTRIBUTE_HEADER_LEN;

        if (at + ATTRIBUTE_HEADER_LEN + value_len > len)
            return 0;
        if (eng_get16(data + at) == ATTR_ERROR_CODE && value_len >= 4)
            return (value[2] & 7U) * 100 + value[3] % 100U;
        at += ATTRIBUTE_HEADER_LEN + ((value_len + 3) & ~(size_t)3);
    }
    return 0;
}
