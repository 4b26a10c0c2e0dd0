// SPDX-License-Identifier: Apache-2.0
//
// A URL as a redirect names one, and a reference of the camera's to it. Input: lengths of the URL
// and of the room for the result, the URL, the reference.
#include <errno.h>

#include "input.h"
#include "rtsp/url.h"

// Without blanks too: it can stand in a request line.
static bool is_word(const char *text, size_t size)
{
    return input_is_line(text, size) && !strchr(text, ' ');
}

static void check_url(const struct rtsp_url *url)
{
    struct rtsp_url again;
    const char *error = NULL;

    assert(url->host[0] && is_word(url->host, sizeof(url->host)) && url->port > 0);
    assert(input_is_line(url->user, sizeof(url->user)));
    assert(input_is_line(url->password, sizeof(url->password)));
    assert(is_word(url->request, sizeof(url->request)));
    // What goes into requests says the same, but for the credentials.
    assert(rtsp_url_parse(url->request, &again, &error) == 0);
    assert(strcmp(again.host, url->host) == 0 && again.port == url->port);
    assert(again.tls == url->tls);
    assert(strcmp(again.request, url->request) == 0);
    assert(!again.user[0] && !again.password[0]);
}

static void check_resolve(const char *base, struct input reference, size_t size)
{
    char *exact = (char *)input_copy(reference.data, reference.len);
    char *out = malloc(size);
    int rc;

    assert(out);
    rc = rtsp_url_resolve(base, (struct rtsp_span){exact, reference.len}, out, size);
    assert(rc == 0 || rc == -EINVAL || rc == -EMSGSIZE);
    assert(rc != 0 || is_word(out, size));
    free(out);
    free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    size_t url_len = input_u16(&in);
    size_t size = input_u16(&in) % (RTSP_URL_MAX + 1);
    char *text = input_text(input_piece(&in, url_len));
    const char *error = NULL;
    struct rtsp_url url;

    if (rtsp_url_parse(text, &url, &error) == 0) {
        check_url(&url);
        check_resolve(url.request, in, size);
    } else {
        assert(error && error[0]);
        check_resolve("rtsp://camera/stream?x", in, size);
    }
    free(text);
    return 0;
}
