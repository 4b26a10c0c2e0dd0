// SPDX-License-Identifier: Apache-2.0
//
// One session as the API shows it: who, how it came to be, how it does. Control thread. Plain
// values, copied; text points into the session.
#pragma once

#include "control/sessions.h"

// How long each step of joining took, in nanoseconds; -1: it is not over yet.
struct ctl_session_steps {
    int64_t http;     // from the offer to its answer: waiting for the source
    int64_t ice;      // from the answer to the first connectivity check
    int64_t dtls;     // from there to the keys
    int64_t packet;   // from the keys to the first packet
    int64_t keyframe; // and to the first of a keyframe, which is the first one of video
};

struct ctl_session_info {
    char name[9]; // as in the log: the id is the secret of the session's URL
    const char *stream;
    const char *state;
    const char *profile;    // NULL: not known yet
    const char *user_agent; // empty: none was told
    struct eng_addr remote; // all zero: not known yet
    bool rtx;
    bool transport_cc;
    unsigned pauses; // for want of consent
    int64_t age_ns;  // since the offer
    struct ctl_session_steps steps;
    uint32_t clock_rate;           // of video: of the jitter
    struct eng_viewer_stats stats; // all zero while joining
};

void ctl_session_read_info(const struct ctl_session *session, int64_t now_ns,
                           struct ctl_session_info *out);

// Sessions one after the other, newest first; NULL is before the first and behind the last.
const struct ctl_session *ctl_sessions_next(const struct ctl_sessions *sessions,
                                            const struct ctl_session *session);
