// SPDX-License-Identifier: Apache-2.0
#include "control/session.h"

#include <string.h>

#include "control/clock.h"
#include "control/log.h"
#include "control/random.h"

// The peer answers to two ufrags at most, one of which is the new one: where neither entry is free,
// one is of the past.
static struct ctl_session_ufrag *take_entry(struct ctl_session *s)
{
    struct ctl_session_ufrag *entry = &s->ufrag[0];

    if (wrtc_peer_has_local(s->peer, entry->text))
        entry = &s->ufrag[1];
    return entry;
}

int ctl_session_restart(struct ctl_session *s, const struct wrtc_sdpfrag *fragment,
                        bool by_loopback, char *out, size_t size)
{
    struct eng_addr candidates[WRTC_CANDIDATES_MAX];
    char ufrag[WRTC_LOCAL_UFRAG_LEN + 1] = {0};
    char pwd[WRTC_LOCAL_PWD_LEN + 1];
    struct wrtc_sdpfrag_config config = {
        .ufrag = ufrag,
        .pwd = pwd,
        .mid = fragment->mid,
        .tcp = s->all->tcp,
        .candidates = candidates,
        .candidate_count =
            ctl_candidates_get(&s->all->candidates, by_loopback, ctl_now_ns(), candidates),
    };
    size_t len;
    int rc;

    ctl_random_hex(ufrag, WRTC_LOCAL_UFRAG_LEN);
    ctl_random_ice(pwd, WRTC_LOCAL_PWD_LEN);
    rc = wrtc_sdpfrag_write(&config, out, size, &len);
    if (rc == 0)
        rc = wrtc_peer_restart(s->peer, ufrag, pwd, fragment->ufrag);
    config.pwd = NULL; // what lay on this stack
    explicit_bzero(pwd, sizeof(pwd));
    if (rc != 0)
        return rc;
    ctl_demux_name(s, take_entry(s), ufrag);
    ctl_session_renew_etag(s);
    s->all->stats.restarts++;
    return 0;
}
