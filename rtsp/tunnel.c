// SPDX-License-Identifier: Apache-2.0
#include "rtsp/tunnel.h"

#include <errno.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rtsp/message.h"
#include "rtsp/refusal.h"

enum {
    COOKIE_BYTES = (RTSP_TUNNEL_COOKIE_MAX - 1) / 2,
};

int rtsp_tunnel_init(struct rtsp_tunnel *tunnel, const struct rtsp_url *url)
{
    const char *authority = strstr(url->request, "://") + 3;
    const char *path = strchr(authority, '/');
    bool v6 = strchr(url->host, ':');
    uint8_t random[COOKIE_BYTES];

    *tunnel = (struct rtsp_tunnel){.method = ""};
    if (RAND_bytes(random, sizeof(random)) != 1)
        return -EIO;
    for (size_t i = 0; i < sizeof(random); i++)
        snprintf(tunnel->cookie + 2 * i, 3, "%02x", random[i]);
    rtsp_auth_init(&tunnel->auth, url->user, url->password);
    snprintf(tunnel->host, sizeof(tunnel->host), "%s", url->host);
    snprintf(tunnel->target, sizeof(tunnel->target), "%s", path);
    snprintf(tunnel->authority, sizeof(tunnel->authority), "%s%s%s:%u", v6 ? "[" : "", url->host,
             v6 ? "]" : "", url->port);
    return 0;
}

void rtsp_tunnel_fini(struct rtsp_tunnel *tunnel)
{
    explicit_bzero(tunnel, sizeof(*tunnel));
}

// The length of POST is what Apple's client has always said; cameras know that it means nothing.
int rtsp_tunnel_ask(struct rtsp_tunnel *tunnel, const char *method, char out[RTSP_TUNNEL_ASK_MAX])
{
    bool post = strcmp(method, "POST") == 0;
    char header[RTSP_AUTH_HEADER_MAX];
    int len;
    int rc = rtsp_auth_header(&tunnel->auth, method, tunnel->target, header, sizeof(header));

    if (rc < 0)
        return rc;
    len = snprintf(out, RTSP_TUNNEL_ASK_MAX,
                   "%s %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: rtcfan\r\nx-sessioncookie: %s\r\n%s"
                   "Pragma: no-cache\r\nCache-Control: no-cache\r\n%s%s%s\r\n",
                   method, tunnel->target, tunnel->authority, tunnel->cookie,
                   post ? "Content-Type: application/x-rtsp-tunnelled\r\nContent-Length: 32767\r\n"
                        : "Accept: application/x-rtsp-tunnelled\r\n",
                   header[0] ? "Authorization: " : "", header, header[0] ? "\r\n" : "");
    explicit_bzero(header, sizeof(header));
    tunnel->method = method;
    tunnel->head_len = 0;
    return len > 0 && len < RTSP_TUNNEL_ASK_MAX ? len : -EMSGSIZE;
}

// ---- answers ----

__attribute__((format(printf, 3, 4))) static enum rtsp_tunnel_verdict
fail(struct rtsp_tunnel *t, enum rtsp_cause cause, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(t->error, sizeof(t->error), format, args);
    va_end(args);
    t->cause = cause;
    return RTSP_TUNNEL_FAILED;
}

static enum rtsp_tunnel_verdict refuse(struct rtsp_tunnel *t, const struct rtsp_message *m)
{
    rtsp_refusal_describe(m, t->method, t->host, t->error, sizeof(t->error));
    t->cause = m->status == 401 || m->status == 403 ? RTSP_CAUSE_AUTH : RTSP_CAUSE_PROTOCOL;
    return RTSP_TUNNEL_FAILED;
}

// What was sent over a refused POST is lost, so that only GET is asked again.
static enum rtsp_tunnel_verdict take_challenge(struct rtsp_tunnel *t, const struct rtsp_message *m)
{
    int rc = strcmp(t->method, "GET") == 0 ? rtsp_auth_challenge(&t->auth, m) : -EACCES;

    if (rc == 0)
        return RTSP_TUNNEL_AGAIN;
    if (rc == -EACCES)
        return refuse(t, m);
    rtsp_refusal_challenge(rc, t->host, t->error, sizeof(t->error));
    t->cause = rc == -ENOKEY ? RTSP_CAUSE_AUTH : RTSP_CAUSE_PROTOCOL;
    return RTSP_TUNNEL_FAILED;
}

static enum rtsp_tunnel_verdict judge(struct rtsp_tunnel *t, const struct rtsp_message *m)
{
    struct rtsp_span type = rtsp_message_header(m, "Content-Type", 0);

    if (m->status == 401)
        return take_challenge(t, m);
    rtsp_auth_accept(&t->auth);
    if (m->status / 100 != 2)
        return refuse(t, m);
    if (strcmp(t->method, "GET") == 0 && rtsp_span_starts(type, "text/", NULL))
        return fail(t, RTSP_CAUSE_PROTOCOL,
                    "%.64s answers GET with a page; does it tunnel RTSP on this port and path?",
                    t->host);
    return RTSP_TUNNEL_OPEN;
}

enum rtsp_tunnel_verdict rtsp_tunnel_take(struct rtsp_tunnel *tunnel, const uint8_t *data,
                                          size_t len, size_t *used)
{
    size_t before = tunnel->head_len;
    size_t room = sizeof(tunnel->head) - before;
    size_t more = len < room ? len : room;
    struct rtsp_message m;
    ssize_t head_len;

    memcpy(tunnel->head + before, data, more);
    tunnel->head_len += more;
    *used = more;
    head_len = rtsp_message_parse_http(tunnel->head, tunnel->head_len, &m);
    if (head_len == 0 && tunnel->head_len < sizeof(tunnel->head))
        return RTSP_TUNNEL_MORE;
    if (head_len <= 0)
        return fail(tunnel, RTSP_CAUSE_PROTOCOL,
                    "%.64s does not answer %s in HTTP; does it tunnel RTSP on this port?",
                    tunnel->host, tunnel->method);
    *used = (size_t)head_len - before;
    tunnel->head_len = 0;
    return judge(tunnel, &m);
}
