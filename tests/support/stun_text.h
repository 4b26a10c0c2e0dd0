// SPDX-License-Identifier: Apache-2.0
//
// Writes STUN messages as a viewer does, right or wrong ones, without the code under test.
#pragma once

#include <arpa/inet.h>
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "engine/types.h"

struct stun_text {
    uint8_t data[1024];
    size_t len;
};

static inline void stun_put_u16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

static inline void stun_set_len(struct stun_text *text, size_t len)
{
    stun_put_u16(text->data + 2, len - 20);
}

static inline void stun_begin(struct stun_text *text, uint16_t type, uint8_t transaction)
{
    *text = (struct stun_text){.len = 20};
    stun_put_u16(text->data, type);
    memcpy(text->data + 4, "\x21\x12\xa4\x42", 4);
    memset(text->data + 8, transaction, 12);
}

static inline void stun_add(struct stun_text *text, uint16_t type, const void *value, size_t len)
{
    uint8_t *at = text->data + text->len;
    assert(text->len + len + 8 <= sizeof(text->data));
    stun_put_u16(at, type);
    stun_put_u16(at + 2, len);
    if (len > 0)
        memcpy(at + 4, value, len);
    text->len += 4 + (len + 3) / 4 * 4;
    stun_set_len(text, text->len);
}

static inline void stun_add_integrity(struct stun_text *text, const char *password)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    stun_set_len(text, text->len + 24);
    HMAC(EVP_sha1(), password, (int)strlen(password), text->data, text->len, mac, &mac_len);
    stun_add(text, 0x0008, mac, mac_len);
}

static inline void stun_add_fingerprint(struct stun_text *text)
{
    uint32_t crc = 0xffffffff;
    stun_set_len(text, text->len + 8);
    for (size_t i = 0; i < text->len; i++) {
        crc ^= text->data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    uint32_t value = htonl(~crc ^ 0x5354554e);
    stun_add(text, 0x8028, &value, sizeof(value));
}

// What a viewer's connectivity check carries; all zero but the names: a right one.
struct stun_check {
    const char *username;
    const char *password;
    bool nominate;
    bool controlled; // claims the wrong role
    bool no_priority;
    bool no_integrity;
    bool no_fingerprint;
    uint16_t extra; // type of one more, empty attribute
};

static inline void stun_write_check(struct stun_text *text, const struct stun_check *check)
{
    static uint8_t transaction;
    const uint8_t priority[4] = {0x6e, 0x00, 0x01, 0xff};
    const uint8_t tie_breaker[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    stun_begin(text, 0x0001, ++transaction);
    stun_add(text, 0x0006, check->username, strlen(check->username));
    stun_add(text, 0xc057, "\0\0\0\1", 4); // as Chromium does
    stun_add(text, check->controlled ? 0x8029 : 0x802a, tie_breaker, sizeof(tie_breaker));
    if (check->nominate)
        stun_add(text, 0x0025, NULL, 0);
    if (!check->no_priority)
        stun_add(text, 0x0024, priority, sizeof(priority));
    if (check->extra)
        stun_add(text, check->extra, NULL, 0);
    if (!check->no_integrity)
        stun_add_integrity(text, check->password);
    if (!check->no_fingerprint)
        stun_add_fingerprint(text);
}

// The value of an attribute, or NULL.
static inline const uint8_t *stun_find(const uint8_t *data, size_t len, uint16_t type,
                                       size_t *value_len)
{
    for (size_t at = 20; at + 4 <= len;) {
        size_t n = (size_t)(data[at + 2] << 8 | data[at + 3]);
        if ((data[at] << 8 | data[at + 1]) == type) {
            *value_len = n;
            return data + at + 4;
        }
        at += 4 + (n + 3) / 4 * 4;
    }
    return NULL;
}

// The code of an error response; 0: it is a success response; -1: neither.
static inline int stun_error_code(const uint8_t *data, size_t len)
{
    size_t n = 0;
    if (len < 20)
        return -1;
    if (data[0] == 0x01 && data[1] == 0x01)
        return 0;
    const uint8_t *value = stun_find(data, len, 0x0009, &n);
    if (data[0] != 0x01 || data[1] != 0x11 || !value || n < 4)
        return -1;
    return value[2] * 100 + value[3];
}

static inline struct eng_addr test_addr(const char *host, uint16_t port)
{
    struct eng_addr addr;
    memset(&addr, 0, sizeof(addr));
    if (inet_pton(AF_INET, host, &addr.in4.sin_addr) == 1) {
        addr.in4.sin_family = AF_INET;
    } else {
        int ok = inet_pton(AF_INET6, host, &addr.in6.sin6_addr);
        assert(ok == 1);
        addr.in6.sin6_family = AF_INET6;
    }
    eng_addr_set_port(&addr, port);
    return addr;
}

// A viewer at 192.0.2.1:port, seen at 198.51.100.1:8189.
static inline struct eng_tuple test_tuple(uint16_t port)
{
    return (struct eng_tuple){
        .remote = test_addr("192.0.2.1", port),
        .local = test_addr("198.51.100.1", 8189),
    };
}
