// SPDX-License-Identifier: Apache-2.0
//
// A camera that challenges again and again. Input: whose credentials, then {accept, length, header
// lines of a 401}.
#include <errno.h>

#include "response.h"
#include "rtsp/auth.h"
#include "rtsp/url.h"

enum {
    ANSWERS_MAX = 2, // in a row: the first challenge, and a fresh nonce
};

static void check_header(struct rtsp_auth *auth, const char *uri, size_t small)
{
    char *exact = malloc(RTSP_AUTH_HEADER_MAX);
    int rc;

    assert(exact);
    rc = rtsp_auth_header(auth, "DESCRIBE", uri, exact, RTSP_AUTH_HEADER_MAX);
    assert(rc == 0 && exact[0] && input_is_line(exact, RTSP_AUTH_HEADER_MAX));
    free(exact);
    exact = malloc(small);
    assert(exact);
    rc = rtsp_auth_header(auth, "DESCRIBE", uri, exact, small);
    assert(rc == -EMSGSIZE || (rc == 0 && input_is_line(exact, small)));
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct rtsp_auth auth;
    char user[sizeof(auth.user)] = "";
    char uri[RTSP_URL_MAX];
    unsigned answers = 0;

    memset(uri, 'u', sizeof(uri) - 1);
    uri[sizeof(uri) - 1] = '\0';
    memset(user, '"', input_u8(&in) % sizeof(user));
    rtsp_auth_init(&auth, user, user);
    while (in.len > 0) {
        bool accept = input_u8(&in) & 1;
        struct input head = input_piece(&in, input_u16(&in));
        struct rtsp_message m;
        uint8_t *text = response_of(401, head, &m);

        if (!text)
            continue;
        int rc = rtsp_auth_challenge(&auth, &m);
        free(text);
        assert(rc == 0 || rc == -ENOKEY || rc == -ENOTSUP || rc == -EACCES);
        answers = rc == 0 ? answers + 1 : answers;
        assert(answers <= ANSWERS_MAX && (rc != 0 || user[0]));
        if (rc == 0)
            check_header(&auth, uri, head.len + 1);
        if (accept) {
            rtsp_auth_accept(&auth);
            answers = answers > 0; // nothing was accepted where nothing was shown
        }
    }
    rtsp_auth_fini(&auth);
    return 0;
}
