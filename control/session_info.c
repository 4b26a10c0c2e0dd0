// SPDX-License-Identifier: Apache-2.0
#include "control/session_info.h"

#include <stdio.h>

#include "control/session.h"
#include "control/srtp_profile.h"

static const char *state_name(const struct ctl_session *s)
{
    switch (s->state) {
    case CTL_SESSION_JOINING:
        return "joining";
    case CTL_SESSION_LIVE:
        return s->paused ? "paused" : "live";
    case CTL_SESSION_LEAVING:
        break;
    }
    return "leaving";
}

// 0 as a time is "not yet".
static int64_t step(int64_t from_ns, int64_t to_ns)
{
    if (from_ns == 0 || to_ns == 0)
        return -1;
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

void ctl_session_read_info(const struct ctl_session *s, int64_t now_ns,
                           struct ctl_session_info *out)
{
    *out = (struct ctl_session_info){
        .stream = s->stream->name,
        .state = state_name(s),
        .profile = ctl_srtp_profile_name(s->profile),
        .user_agent = s->user_agent,
        .remote = s->media.remote,
        .rtx = s->track[ENG_VIDEO].rtx_ssrc != 0,
        .transport_cc = s->track[ENG_VIDEO].extension.transport_cc != 0,
        .pauses = s->pauses,
        .age_ns = now_ns - s->came_ns,
        .clock_rate = s->track[ENG_VIDEO].clock_rate,
    };
    snprintf(out->name, sizeof(out->name), "%.8s", s->id);
    if (s->viewer)
        eng_viewer_read_stats(s->viewer, &out->stats);
    out->steps = (struct ctl_session_steps){
        .http = step(s->came_ns, s->started_ns),
        .ice = step(s->started_ns, s->checked_ns),
        .dtls = step(s->checked_ns, s->live_ns),
        .packet = step(s->live_ns, out->stats.first_packet_ns),
        .keyframe = step(s->live_ns, out->stats.first_keyframe_ns),
    };
}

const struct ctl_session *ctl_sessions_next(const struct ctl_sessions *all,
                                            const struct ctl_session *s)
{
    return s ? LIST_NEXT(s, link) : LIST_FIRST(&all->list);
}
