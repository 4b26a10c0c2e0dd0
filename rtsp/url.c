// SPDX-License-Identifier: Apache-2.0
#include "rtsp/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

const char *rtsp_url_scheme(bool tls, bool tunnel)
{
    if (tunnel)
        return tls ? "rtsps+http" : "rtsp+http";
    return tls ? "rtsps" : "rtsp";
}

static uint16_t default_port_of(const struct rtsp_url *url)
{
    return url->tls ? RTSPS_DEFAULT_PORT : RTSP_DEFAULT_PORT;
}

static bool is_graphic(struct rtsp_span span)
{
    for (size_t i = 0; i < span.len; i++) {
        unsigned char c = (unsigned char)span.data[i];

        if (c <= 0x20 || c == 0x7f)
            return false;
    }
    return true;
}

static const char *decode(struct rtsp_span in, char *out, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < in.len; i++) {
        int c = (unsigned char)in.data[i];

        if (c == '%') {
            int high = i + 2 < in.len ? OPENSSL_hexchar2int((unsigned char)in.data[i + 1]) : -1;
            int low = high >= 0 ? OPENSSL_hexchar2int((unsigned char)in.data[i + 2]) : -1;

            if (low < 0)
                return "a '%' in user or password must be followed by two hex digits (write %25)";
            c = high * 16 + low;
            i += 2;
        }
        // They would break out of the header that they are sent in.
        if (c < 0x20 || c == 0x7f)
            return "control character in user or password";
        if (len + 1 >= size)
            return "user or password is longer than 127 bytes";
        out[len++] = (char)c;
    }
    out[len] = '\0';
    return NULL;
}

static const char *parse_credentials(struct rtsp_span text, struct rtsp_url *out)
{
    struct rtsp_span user;
    const char *error;

    rtsp_span_cut(&text, ':', &user);
    if (user.len == 0)
        return "empty user before '@'; expected rtsp://user:password@host/path";
    error = decode(user, out->user, sizeof(out->user));
    if (!error && text.data)
        error = decode(text, out->password, sizeof(out->password));
    return error;
}

// Takes the host off *text and leaves what follows it.
static const char *parse_host(struct rtsp_span *text, struct rtsp_url *out)
{
    static const char wrong[] = "bad host; expected a name, an IPv4 address or [an IPv6 address]";
    struct rtsp_span host = *text;
    struct in6_addr in6;

    if (text->len > 0 && text->data[0] == '[') {
        text->data++;
        text->len--;
        if (!memchr(text->data, ']', text->len))
            return "'[' without ']' in the host; expected [IPv6 address]";
        rtsp_span_cut(text, ']', &host);
        if (rtsp_span_copy(host, out->host, sizeof(out->host)) < 0 ||
            inet_pton(AF_INET6, out->host, &in6) != 1)
            return wrong;
        return NULL;
    }
    host.len = 0;
    while (host.len < text->len && text->data[host.len] != ':') {
        char c = text->data[host.len++];

        if (!isalnum((unsigned char)c) && c != '-' && c != '.' && c != '_')
            return wrong;
    }
    if (host.len == 0)
        return "no host; expected rtsp://host/path";
    if (rtsp_span_copy(host, out->host, sizeof(out->host)) < 0)
        return "host is longer than 255 bytes";
    text->data += host.len;
    text->len -= host.len;
    return NULL;
}

static const char *parse_authority(struct rtsp_span text, struct rtsp_url *out)
{
    const char *error = NULL;
    uint32_t port = default_port_of(out);
    // The last one: people write passwords with '@' in them as they are.
    const char *at = text.len > 0 ? memrchr(text.data, '@', text.len) : NULL;

    if (at) {
        struct rtsp_span credentials = {text.data, (size_t)(at - text.data)};

        text.len -= credentials.len + 1;
        text.data = at + 1;
        error = parse_credentials(credentials, out);
    }
    if (!error)
        error = parse_host(&text, out);
    if (error)
        return error;
    if (text.len > 0) {
        struct rtsp_span digits = {text.data + 1, text.len - 1};

        if (text.data[0] != ':' || !rtsp_span_number(digits, UINT16_MAX, &port) || port == 0)
            return "bad port; expected a number from 1 to 65535";
    }
    out->port = (uint16_t)port;
    return NULL;
}

// Takes the scheme off *text.
static const char *parse_scheme(struct rtsp_span *text, struct rtsp_url *out)
{
    for (int i = 0; i < 4; i++) {
        bool tls = i & 1, tunnel = i & 2;
        struct rtsp_span rest;

        if (rtsp_span_starts(*text, rtsp_url_scheme(tls, tunnel), &rest) &&
            rtsp_span_starts(rest, "://", text)) {
            out->tls = tls;
            out->tunnel = tunnel;
            return NULL;
        }
    }
    return "expected rtsp://host/path, or rtsps:// for TLS, or either with +http for a tunnel";
}

static const char *parse(const char *text, struct rtsp_url *out)
{
    struct rtsp_span rest = {text, strlen(text)};
    struct rtsp_span fragment;
    struct rtsp_span authority;
    const char *error;
    char port[8] = "";

    if (!is_graphic(rest))
        return "blank or control character; write it as %20 and the like";
    error = parse_scheme(&rest, out);
    if (error)
        return error;
    fragment = rest;
    rtsp_span_cut(&fragment, '#', &rest);
    authority = rest;
    authority.len = 0;
    while (authority.len < rest.len && !strchr("/?", rest.data[authority.len]))
        authority.len++;
    rest.data += authority.len;
    rest.len -= authority.len;

    error = parse_authority(authority, out);
    if (error)
        return error;
    if (out->port != default_port_of(out))
        snprintf(port, sizeof(port), ":%u", out->port);
    bool v6 = strchr(out->host, ':');
    int len =
        snprintf(out->request, sizeof(out->request), "%s://%s%s%s%s%s%.*s",
                 rtsp_url_scheme(out->tls, false), v6 ? "[" : "", out->host, v6 ? "]" : "", port,
                 rest.len > 0 && rest.data[0] == '/' ? "" : "/", (int)rest.len, rest.data);
    if (len < 0 || (size_t)len >= sizeof(out->request))
        return "longer than 1023 bytes";
    return NULL;
}

int rtsp_url_parse(const char *text, struct rtsp_url *out, const char **error)
{
    struct rtsp_url url = {0};
    const char *wrong = parse(text, &url);

    if (wrong)
        *error = wrong;
    else
        *out = url;
    explicit_bzero(&url, sizeof(url));
    return wrong ? -EINVAL : 0;
}

// Does it begin with a scheme: "rtsp://", but "http://" just as well?
static bool is_absolute(struct rtsp_span reference)
{
    size_t i = 0;

    while (i < reference.len && isalpha((unsigned char)reference.data[i]))
        i++;
    return i > 0 && reference.len - i >= 3 && memcmp(reference.data + i, "://", 3) == 0;
}

static int join(struct rtsp_span head, const char *between, struct rtsp_span tail, char *out,
                size_t size)
{
    size_t gap = strlen(between);

    if (head.len + gap + tail.len >= size)
        return -EMSGSIZE;
    memcpy(out, head.data, head.len);
    memcpy(out + head.len, between, gap);
    if (tail.len > 0)
        memcpy(out + head.len + gap, tail.data, tail.len);
    out[head.len + gap + tail.len] = '\0';
    return 0;
}

int rtsp_url_resolve(const char *base, struct rtsp_span reference, char *out, size_t size)
{
    struct rtsp_span head = {base, strlen(base)};

    reference = rtsp_span_trim(reference);
    if (!is_graphic(reference))
        return -EINVAL;
    if (is_absolute(reference))
        return join(reference, "", (struct rtsp_span){NULL, 0}, out, size);
    if (reference.len == 0 || rtsp_span_is(reference, "*"))
        return join(head, "", (struct rtsp_span){NULL, 0}, out, size);
    if (reference.data[0] == '/') {
        const char *authority = strstr(base, "://");
        const char *path = authority ? strchr(authority + 3, '/') : NULL;

        if (path)
            head.len = (size_t)(path - base);
        return join(head, "", reference, out, size);
    }
    bool apart = reference.data[0] == '?' || (head.len > 0 && base[head.len - 1] == '/');
    return join(head, apart ? "" : "/", reference, out, size);
}
