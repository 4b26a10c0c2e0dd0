// SPDX-License-Identifier: Apache-2.0
#include "control/viewers_json.h"

#include <time.h>

#include "control/addr.h"
#include "control/clock.h"
#include "control/json.h"
#include "control/session_info.h"

static json_t *step_json(int64_t ns)
{
    return ns >= 0 ? json_real((double)ns / (double)CTL_NS_PER_MS) : json_null();
}

static json_t *join_json(const struct ctl_session_steps *steps)
{
    const struct ctl_json_member members[] = {
        {"http_ms", step_json(steps->http)},
        {"ice_ms", step_json(steps->ice)},
        {"dtls_ms", step_json(steps->dtls)},
        {"first_packet_ms", step_json(steps->packet)},
        {"first_keyframe_ms", step_json(steps->keyframe)},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

// What was sent, and what was left out.
static json_t *sent_json(const struct eng_viewer_stats *stats)
{
    const struct ctl_json_member members[] = {
        {"packets", ctl_json_count(stats->packets)},
        {"bytes", ctl_json_count(stats->bytes)},
        {"dropped", ctl_json_count(stats->dropped)},
        {"resent", ctl_json_count(stats->resent)},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

// What the viewer said.
static json_t *feedback_json(const struct ctl_session_info *info)
{
    const struct eng_viewer_stats *stats = &info->stats;
    double rate = info->clock_rate;
    const struct ctl_json_member members[] = {
        {"rtt_ms", ctl_json_figure(stats->rtt_us / 1000.0)},
        {"jitter_ms", json_real(rate > 0 ? stats->jitter * 1000.0 / rate : 0)},
        {"loss_percent", json_real(stats->loss_q8 * 100.0 / 256)},
        {"lost", ctl_json_count(stats->lost)},
        {"nacked", ctl_json_count(stats->nacked)},
        {"nack_hit_percent", stats->nacked > 0
                                 ? json_real((double)stats->resent * 100 / (double)stats->nacked)
                                 : json_null()},
        {"keyframe_requests", ctl_json_count(stats->plis)},
        {"remb_bps", stats->remb_bps > 0 ? ctl_json_count(stats->remb_bps) : json_null()},
        {"estimate_bps",
         stats->estimate_bps > 0 ? ctl_json_count(stats->estimate_bps) : json_null()},
        {"queue_ms", info->transport_cc ? json_real(stats->queue_us / 1000.0) : json_null()},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

static json_t *viewer_json(const struct ctl_session_info *info, const struct ctl_relay *relay,
                           int64_t now_ms)
{
    char addr[CTL_ADDR_TEXT_MAX];
    bool known = info->remote.sa.sa_family != 0;
    struct eng_addr remote = info->remote;
    bool tcp = known && ctl_relay_find(relay, &info->remote, &remote);
    const struct ctl_json_member members[] = {
        {"id", ctl_json_text(info->name)},
        {"stream", ctl_json_text(info->stream)},
        {"state", ctl_json_text(info->state)},
        {"created_ms", json_integer(now_ms - info->age_ns / CTL_NS_PER_MS)},
        {"remote", known ? ctl_json_text(ctl_addr_format(&remote, addr)) : json_null()},
        {"transport", ctl_json_text(tcp ? "tcp" : "udp")},
        {"srtp_profile", ctl_json_text(info->profile)},
        {"user_agent", ctl_json_text(info->user_agent)},
        {"rtx", json_boolean(info->rtx)},
        {"join", join_json(&info->steps)},
        {"sent", sent_json(&info->stats)},
        {"feedback", feedback_json(info)},
        {"rests", json_integer(info->stats.rests)},
        {"resting", json_boolean(info->stats.resting)},
        {"pauses", json_integer(info->pauses)},
    };
    json_t *json = json_object();

    CTL_JSON_ADD(json, members);
    return json;
}

static int64_t real_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000 + t.tv_nsec / CTL_NS_PER_MS;
}

char *ctl_viewers_json(const struct ctl_sessions *sessions, const struct ctl_relay *relay,
                       unsigned page)
{
    const struct ctl_session *s = NULL;
    struct ctl_session_info info;
    int64_t now_ns = ctl_now_ns(), now_ms = real_ms();
    json_t *list = json_array(), *root;
    unsigned count = 0;
    char *text;

    while ((s = ctl_sessions_next(sessions, s)) != NULL) {
        if (count++ / CTL_VIEWERS_PAGE != page)
            continue;
        ctl_session_read_info(s, now_ns, &info);
        json_array_append_new(list, viewer_json(&info, relay, now_ms));
    }
    root = json_pack("{s:i, s:i, s:i, s:o}", "count", (int)count, "pages",
                     (int)((count + CTL_VIEWERS_PAGE - 1) / CTL_VIEWERS_PAGE), "page", (int)page,
                     "viewers", list);
    text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6)) : NULL;
    json_decref(root);
    return text;
}
