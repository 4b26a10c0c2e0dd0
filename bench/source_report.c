// SPDX-License-Identifier: Apache-2.0
#include "bench/source_report.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define NTP_UNIX_OFFSET 2208988800U // seconds from 1900 to 1970

enum {
    FRAMING_LEN = 4,
    SR_LEN = 28,
    RTCP_SR = 200,
    RTCP_SDES = 202,
    SDES_CNAME = 1,
    NS_PER_S = 1000000000,
};

static uint8_t *put_be16(uint8_t *p, size_t v)
{
    *p++ = (uint8_t)(v >> 8);
    *p++ = (uint8_t)v;
    return p;
}

static uint8_t *put_be32(uint8_t *p, uint32_t v)
{
    v = htonl(v);
    memcpy(p, &v, sizeof(v));
    return p + sizeof(v);
}

static uint8_t *put_sr(const struct source_report *report, uint8_t *p)
{
    uint64_t s = (uint64_t)report->real_ns / NS_PER_S;
    uint64_t rest = (uint64_t)report->real_ns % NS_PER_S;

    *p++ = 0x80;
    *p++ = RTCP_SR;
    p = put_be16(p, SR_LEN / 4 - 1);
    p = put_be32(p, report->ssrc);
    p = put_be32(p, (uint32_t)s + NTP_UNIX_OFFSET);
    p = put_be32(p, (uint32_t)((rest << 32) / NS_PER_S));
    p = put_be32(p, report->timestamp);
    p = put_be32(p, report->packets);
    return put_be32(p, report->octets);
}

static uint8_t *put_sdes(const struct source_report *report, uint8_t *p)
{
    size_t cname_len = strlen(report->cname);
    // The item list ends in at least one zero byte, on a word's boundary.
    size_t padding = 4 - (2 + cname_len) % 4;

    assert(cname_len <= SOURCE_CNAME_MAX);
    *p++ = 0x81;
    *p++ = RTCP_SDES;
    p = put_be16(p, (4 + 4 + 2 + cname_len + padding) / 4 - 1);
    p = put_be32(p, report->ssrc);
    *p++ = SDES_CNAME;
    *p++ = (uint8_t)cname_len;
    memcpy(p, report->cname, cname_len);
    memset(p + cname_len, 0, padding);
    return p + cname_len + padding;
}

size_t source_report_write(const struct source_report *report, uint8_t *to)
{
    uint8_t *end = put_sdes(report, put_sr(report, to + FRAMING_LEN));

    to[0] = '$';
    to[1] = report->channel;
    put_be16(to + 2, (size_t)(end - to) - FRAMING_LEN);
    return (size_t)(end - to);
}
