// SPDX-License-Identifier: Apache-2.0
//
// An RTSP message and what is read from its headers. Input: two bytes that cut it, the message.
#include "input.h"
#include "rtsp/headers.h"
#include "rtsp/message.h"
#include "rtsp/outbox.h"
#include "rtsp/refusal.h"
#include "rtsp/reply.h"

static void check_span(struct rtsp_span span, const uint8_t *data, size_t len)
{
    const char *start = (const char *)data;

    assert(!span.data || (span.data >= start && span.len <= len &&
                          (size_t)(span.data - start) <= len - span.len));
    assert(span.data || span.len == 0);
}

static void check_parts(const struct rtsp_message *m, const uint8_t *data, size_t len)
{
    check_span(m->reason, data, len);
    check_span(m->method, data, len);
    check_span(m->uri, data, len);
    check_span(m->body, data, len);
    assert(m->request ? m->method.len > 0 : m->status >= 100 && m->status <= 999);
    assert(m->header_count <= RTSP_HEADERS_MAX && m->body.len <= RTSP_BODY_MAX);
    for (size_t i = 0; i < m->header_count; i++) {
        check_span(m->header[i].name, data, len);
        check_span(m->header[i].value, data, len);
    }
}

// What the client makes of it.
static void use(const struct rtsp_message *m)
{
    char session[RTSP_SESSION_MAX] = "";
    uint32_t timeout_s = RTSP_SESSION_S;
    struct rtsp_outbox box = {0};
    const uint8_t *text;
    char line[160];

    rtsp_headers_session(m, session, &timeout_s);
    assert(input_is_line(session, sizeof(session)));
    assert(timeout_s >= RTSP_SESSION_MIN_S && timeout_s <= RTSP_SESSION_MAX_S);
    rtsp_headers_public(m, "GET_PARAMETER");
    if (m->request) {
        rtsp_reply_to(m, session, &box);
        assert(rtsp_outbox_take(&box, &text) > 0);
    } else {
        rtsp_refusal_describe(m, "DESCRIBE", "camera", line, sizeof(line));
        assert(line[0] && input_is_line(line, sizeof(line)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    size_t cut = input_u16(&in);
    uint8_t *whole = input_copy(in.data, in.len);
    struct rtsp_message m, early;
    ssize_t rc = rtsp_message_parse(whole, in.len, &m);
    uint8_t *part;

    if (rc > 0) {
        assert((size_t)rc <= in.len);
        check_parts(&m, whole, (size_t)rc);
        use(&m);
    }
    // As long as it has not all come, nothing else may be made of it.
    cut = in.len > 0 ? cut % in.len : 0;
    part = input_copy(whole, cut);
    if (rc <= 0 || cut < (size_t)rc) {
        ssize_t before = rtsp_message_parse(part, cut, &early);

        assert(before == 0 || (rc < 0 && before == rc));
    }
    free(part);
    free(whole);
    return 0;
}
