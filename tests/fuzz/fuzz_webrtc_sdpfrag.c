// SPDX-License-Identifier: Apache-2.0
//
// The body of a PATCH (RFC 8840 9). Input: its text.
#include <errno.h>

#include "input.h"
#include "webrtc/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = (char *)input_copy(data, len);
    char ufrag[WRTC_UFRAG_MAX];
    char pwd[WRTC_PWD_MAX];
    struct wrtc_error error = {0};
    int rc = wrtc_sdpfrag_parse(text, len, ufrag, pwd, &error);

    if (rc == 0) {
        assert(strnlen(ufrag, sizeof(ufrag)) >= 4 && input_is_line(ufrag, sizeof(ufrag)));
        assert(strnlen(pwd, sizeof(pwd)) >= 22 && input_is_line(pwd, sizeof(pwd)));
    } else {
        assert(rc == -EINVAL || rc == -E2BIG);
        assert(error.text[0] && input_is_line(error.text, sizeof(error.text)));
    }
    free(text);
    return 0;
}
