// SPDX-License-Identifier: Apache-2.0
//
// The body of a PATCH (RFC 8840 9). Input: its text.
#include <errno.h>

#include "input.h"
#include "webrtc/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char *text = (char *)input_copy(data, len);
    struct wrtc_sdpfrag fragment;
    struct wrtc_error error = {0};
    int rc = wrtc_sdpfrag_parse(text, len, &fragment, &error);

    if (rc == 0) {
        assert(strnlen(fragment.ufrag, sizeof(fragment.ufrag)) >= 4);
        assert(input_is_line(fragment.ufrag, sizeof(fragment.ufrag)));
        assert(input_is_line(fragment.mid, sizeof(fragment.mid)));
    } else {
        assert(rc == -EINVAL || rc == -E2BIG);
        assert(error.text[0] && input_is_line(error.text, sizeof(error.text)));
    }
    free(text);
    return 0;
}
