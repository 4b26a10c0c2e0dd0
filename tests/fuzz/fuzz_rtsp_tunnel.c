// SPDX-License-Identifier: Apache-2.0
//
// A camera's HTTP, in which RTSP is tunnelled: each answer in one piece and byte by byte, with the
// same verdict. Input: whether there are credentials, then {what is asked, length, answer}.
#include "input.h"
#include "rtsp/tunnel.h"

enum {
    AGAIN_MAX = 2, // in a row: the first challenge, and a fresh nonce

    POST = 1, // of what is asked, else GET
};

static void ask(struct rtsp_tunnel *tunnel, const char *method)
{
    char head[RTSP_TUNNEL_ASK_MAX];
    int len = rtsp_tunnel_ask(tunnel, method, head);

    assert(len > 0 && (size_t)len < sizeof(head) && strlen(head) == (size_t)len);
    assert(strcmp(head + len - 4, "\r\n\r\n") == 0);
}

static enum rtsp_tunnel_verdict take(struct rtsp_tunnel *tunnel, struct input answer, size_t piece,
                                     size_t *used)
{
    enum rtsp_tunnel_verdict verdict = RTSP_TUNNEL_MORE;

    *used = 0;
    while (answer.len > 0 && verdict == RTSP_TUNNEL_MORE) {
        struct input next = input_piece(&answer, piece);
        uint8_t *exact = input_copy(next.data, next.len);
        size_t some = 0;

        verdict = rtsp_tunnel_take(tunnel, exact, next.len, &some);
        free(exact);
        assert(some <= next.len && (verdict != RTSP_TUNNEL_MORE || some == next.len));
        *used += some;
    }
    return verdict;
}

static void check_error(const struct rtsp_tunnel *tunnel)
{
    assert(tunnel->error[0] && input_is_line(tunnel->error, sizeof(tunnel->error)));
    assert(tunnel->cause < RTSP_CAUSES);
}

static void run(struct rtsp_tunnel *whole, struct rtsp_tunnel *bytes, struct input *in)
{
    unsigned again = 0;

    while (in->len > 0) {
        const char *method = input_u8(in) & POST ? "POST" : "GET";
        struct input answer = input_piece(in, input_u16(in));
        size_t used, used_by_bytes;
        enum rtsp_tunnel_verdict verdict;

        ask(whole, method);
        ask(bytes, method);
        verdict = take(whole, answer, answer.len, &used);
        assert(take(bytes, answer, 1, &used_by_bytes) == verdict);
        if (verdict == RTSP_TUNNEL_OPEN || verdict == RTSP_TUNNEL_AGAIN)
            assert(used == used_by_bytes);
        if (verdict == RTSP_TUNNEL_FAILED)
            check_error(whole);
        if (verdict != RTSP_TUNNEL_AGAIN)
            return;
        again++;
        assert(again <= AGAIN_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    bool secret = input_u8(&in) & 1;
    struct rtsp_tunnel whole, bytes;
    struct rtsp_url url;
    const char *error;

    assert(rtsp_url_parse(secret ? "rtsp://user:pass@camera:8080/stream?x" : "rtsp://camera", &url,
                          &error) == 0);
    assert(rtsp_tunnel_init(&whole, &url) == 0 && rtsp_tunnel_init(&bytes, &url) == 0);
    run(&whole, &bytes, &in);
    rtsp_tunnel_fini(&whole);
    rtsp_tunnel_fini(&bytes);
    return 0;
}
