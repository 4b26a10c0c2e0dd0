// SPDX-License-Identifier: Apache-2.0
#include "webrtc/sdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "webrtc/sdp_attribute.h"
#include "webrtc/sdp_writer.h"
#include "webrtc/text.h"

// What the first line of its kind says. The password is of no use here: ICE-lite sends no checks.
struct found {
    struct wrtc_sdpfrag fragment;
    char pwd[WRTC_PWD_MAX];
};

// NULL, or what is wrong with the line.
static const char *read_line(struct wrtc_text line, struct found *found)
{
    struct wrtc_sdpfrag *fragment = &found->fragment;

    if (fragment->ufrag[0] == '\0' && wrtc_text_skip(&line, "a=ice-ufrag:") &&
        !wrtc_sdp_ice_credential(line, WRTC_UFRAG_MIN, fragment->ufrag, sizeof(fragment->ufrag)))
        return "a=ice-ufrag needs 4 to 256 visible characters";
    if (found->pwd[0] == '\0' && wrtc_text_skip(&line, "a=ice-pwd:") &&
        !wrtc_sdp_ice_credential(line, WRTC_PWD_MIN, found->pwd, sizeof(found->pwd)))
        return "a=ice-pwd needs 22 to 256 visible characters";
    if (fragment->mid[0] == '\0' && wrtc_text_skip(&line, "a=mid:") && wrtc_text_is_token(line))
        wrtc_text_copy(line, fragment->mid, sizeof(fragment->mid));
    return NULL;
}

int wrtc_sdpfrag_parse(const char *text, size_t len, struct wrtc_sdpfrag *out,
                       struct wrtc_error *err)
{
    struct wrtc_text rest = wrtc_text_of(text, len), line;
    struct found found = {0};
    const char *flaw = NULL;

    if (len > WRTC_SDP_MAX) {
        snprintf(err->text, sizeof(err->text), "a sdpfrag may have %d bytes", WRTC_SDP_MAX);
        return -E2BIG;
    }
    if (wrtc_text_bad_character(rest))
        flaw = "not a sdpfrag: there are control characters in it";
    while (!flaw && wrtc_text_line(&rest, &line))
        flaw = read_line(line, &found);
    if (!flaw && (found.fragment.ufrag[0] == '\0' || found.pwd[0] == '\0'))
        flaw = "no a=ice-ufrag and a=ice-pwd";
    explicit_bzero(found.pwd, sizeof(found.pwd));
    if (flaw) {
        snprintf(err->text, sizeof(err->text), "%s", flaw);
        return -EINVAL;
    }
    *out = found.fragment;
    return 0;
}

int wrtc_sdpfrag_write(const struct wrtc_sdpfrag_config *config, char *out, size_t size,
                       size_t *len)
{
    struct wrtc_sdp_writer writer = {.out = out, .size = size};

    wrtc_sdp_put(&writer,
                 "a=ice-lite\r\n"
                 "a=ice-ufrag:%s\r\n"
                 "a=ice-pwd:%s\r\n",
                 config->ufrag, config->pwd);
    if (config->mid[0] != '\0') {
        wrtc_sdp_put(&writer,
                     "m=audio 9 RTP/AVP 0\r\n"
                     "a=mid:%s\r\n",
                     config->mid);
        wrtc_sdp_put_candidates(&writer, config->candidates, config->candidate_count, config->tcp);
    }
    return wrtc_sdp_finish(&writer, len);
}
