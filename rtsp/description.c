// SPDX-License-Identifier: Apache-2.0
#include "rtsp/description.h"

#include <errno.h>

#include "rtsp/transcode.h"
#include "rtsp/uncarried.h"

bool rtsp_description_has(const struct rtsp_description *description, enum eng_track track)
{
    return description->sdp.track[track].format.codec != RTSP_CODEC_NONE;
}

const char *rtsp_description_lacks(const struct rtsp_description *description)
{
    for (int t = 0; t < ENG_TRACKS; t++)
        if (description->note[t][0] != '\0')
            return description->note[t];
    return NULL;
}

// As rtsp_sdp_parse. -EAGAIN: whether AAC can be carried is not known yet.
static int read_sdp(struct rtsp_sdp *sdp, const struct rtsp_message *m)
{
    int rc = rtsp_sdp_parse(m->body.data, m->body.len, true, sdp);

    if (rc < 0 || sdp->track[ENG_AUDIO].format.codec != RTSP_CODEC_AAC)
        return rc;
    rc = rtsp_transcoder_find();
    if (rc == -ENOENT)
        rc = rtsp_sdp_parse(m->body.data, m->body.len, false, sdp);
    return rc;
}

static void note_uncarried(struct rtsp_description *d)
{
    for (int t = 0; t < ENG_TRACKS; t++) {
        const char *offered = d->sdp.track[t].offered;

        d->note[t][0] = '\0';
        if (!rtsp_description_has(d, (enum eng_track)t) && offered[0] != '\0')
            rtsp_uncarried_describe((enum eng_track)t, offered, d->note[t], RTSP_NOTE_MAX);
    }
}

int rtsp_description_read(struct rtsp_description *description, const char *request,
                          const struct rtsp_message *described)
{
    int rc = read_sdp(&description->sdp, described);

    if (rc < 0)
        return rc == -EAGAIN ? rc : -EBADMSG;
    note_uncarried(description);
    if (!rtsp_description_has(description, ENG_VIDEO) &&
        !rtsp_description_has(description, ENG_AUDIO))
        return -ENOENT;
    rc = rtsp_control_url_take(&description->control, request, described, &description->sdp);
    return rc < 0 ? -EINVAL : 0;
}
