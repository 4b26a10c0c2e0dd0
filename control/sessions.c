// SPDX-License-Identifier: Apache-2.0
#include "control/sessions.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control/clock.h"
#include "control/log.h"
#include "control/random.h"
#include "control/session.h"

// ---- tables ----

static struct ctl_session *by_id(struct ctl_table_node *node)
{
    return (struct ctl_session *)(void *)((char *)node - offsetof(struct ctl_session, by_id));
}

struct ctl_session *ctl_session_find(struct ctl_sessions *all, const char *id, size_t len)
{
    struct ctl_table_node *node;

    if (len != CTL_SESSION_ID_LEN)
        return NULL;
    node = ctl_table_first(&all->by_id, ctl_table_hash(&all->by_id, id, len));
    while (node && memcmp(by_id(node)->id, id, len) != 0)
        node = ctl_table_next(node);
    return node ? by_id(node) : NULL;
}

static void list(struct ctl_session *s, const char *ufrag)
{
    struct ctl_sessions *all = s->all;

    ctl_table_insert(&all->by_id, &s->by_id,
                     ctl_table_hash(&all->by_id, s->id, CTL_SESSION_ID_LEN));
    ctl_demux_name(s, &s->ufrag[0], ufrag);
}

void ctl_sessions_unlist(struct ctl_session *s)
{
    ctl_demux_forget(s);
    ctl_table_remove(&s->all->by_id, &s->by_id);
}

// ---- offers ----

static struct wrtc_track to_wrtc(const struct rtsp_track_info *info)
{
    struct wrtc_track track = {.clock_rate = info->clock_rate, .channels = info->channels};

    switch (info->codec) {
    case RTSP_CODEC_NONE:
    case RTSP_CODEC_AAC:
        track.codec = WRTC_CODEC_NONE;
        break;
    case RTSP_CODEC_H264:
        track.codec = WRTC_CODEC_H264;
        break;
    case RTSP_CODEC_H265:
        track.codec = WRTC_CODEC_H265;
        break;
    case RTSP_CODEC_VP8:
        track.codec = WRTC_CODEC_VP8;
        break;
    case RTSP_CODEC_VP9:
        track.codec = WRTC_CODEC_VP9;
        break;
    case RTSP_CODEC_AV1:
        track.codec = WRTC_CODEC_AV1;
        break;
    case RTSP_CODEC_OPUS:
        track.codec = WRTC_CODEC_OPUS;
        break;
    case RTSP_CODEC_PCMU:
        track.codec = WRTC_CODEC_PCMU;
        break;
    case RTSP_CODEC_PCMA:
        track.codec = WRTC_CODEC_PCMA;
        break;
    case RTSP_CODEC_G722:
        track.codec = WRTC_CODEC_G722;
        break;
    case RTSP_CODEC_L16:
        track.codec = WRTC_CODEC_L16;
        break;
    }
    memcpy(track.profile, info->profile, sizeof(track.profile));
    return track;
}

static bool fail(struct wrtc_error *error, const char *text)
{
    snprintf(error->text, sizeof(error->text), "%s", text);
    return false;
}

// Who does not follow up an offer gives way to the next who comes.
static void make_room(struct ctl_sessions *all, int64_t now_ns)
{
    struct ctl_session *oldest = TAILQ_FIRST(&all->unproven);

    if (all->stats.sessions < all->max && all->joining < CTL_SESSIONS_JOINING_MAX)
        return;
    if (!oldest || now_ns - oldest->started_ns < CTL_SESSION_UNPROVEN_MS * CTL_NS_PER_MS)
        return;
    all->stats.displaced++;
    ctl_session_end(oldest, CTL_END_FAILED, "no check came, and its place was wanted");
}

static bool has_room(struct ctl_sessions *all, const struct ctl_stream *stream,
                     struct wrtc_error *error)
{
    if (all->closing)
        return fail(error, "the server is shutting down");
    if (all->stats.sessions >= all->max)
        return fail(error, "the server is full: webrtc.max_viewers is reached");
    if (all->joining >= CTL_SESSIONS_JOINING_MAX)
        return fail(error, "too many viewers are joining at this moment");
    if (!ctl_budget_has_room(&all->budget, stream->packets.per_second))
        return fail(error, "the server is full: engine.max_packets_per_second is reached");
    return true;
}

static bool is_live(const struct ctl_stream *stream, struct wrtc_error *error)
{
    const struct rtsp_source_status *status = &stream->status;

    if (!ctl_stream_shows(status)) {
        snprintf(error->text, sizeof(error->text), "the source of %.60s is not live: %.100s",
                 stream->name,
                 status->last_error[0] ? status->last_error : rtsp_state_name(status->state));
        return false;
    }
    if (status->video.codec != RTSP_CODEC_NONE && status->video.width == 0)
        return fail(error, "the source has not sent its first picture yet");
    return true;
}

// Of what the viewer could be sent, what is configured.
static void limit_extensions(const struct ctl_config *config, struct wrtc_choice *choice)
{
    struct eng_extension_config *extension = &choice->extension;

    if (!config->playout_delay)
        extension->playout_delay = 0;
    extension->playout_min_ms = (uint16_t)config->playout_min_ms;
    extension->playout_max_ms = (uint16_t)config->playout_max_ms;
    if (!config->transport_cc)
        extension->transport_cc = 0;
}

static void set_tracks(struct ctl_session *s, const struct wrtc_selection *selection,
                       const struct wrtc_track *video, const struct wrtc_track *audio)
{
    uint32_t ssrc = ctl_random_u32();

    if (ssrc == 0 || ssrc > UINT32_MAX - 2)
        ssrc = 1;
    s->track[ENG_VIDEO] = (struct eng_viewer_track){
        .on = selection->video.on,
        .payload_type = selection->video.payload_type,
        .ssrc = ssrc,
        .clock_rate = video->clock_rate,
        .rtx_payload_type = selection->video.rtx_payload_type,
        .rtx_ssrc = selection->video.rtx_payload_type != 0 ? ssrc + 2 : 0,
        .extension = selection->video.extension,
    };
    s->track[ENG_AUDIO] = (struct eng_viewer_track){
        .on = selection->audio.on,
        .payload_type = selection->audio.payload_type,
        .ssrc = ssrc + 1,
        .clock_rate = audio->clock_rate,
        .extension = selection->audio.extension,
    };
}

static int write_answer(struct ctl_session *s, const struct wrtc_selection *selection,
                        const struct wrtc_answer_config *config, char *answer, size_t size,
                        struct wrtc_error *error)
{
    size_t len;
    int rc;

    if (config->candidate_count == 0) {
        fail(error, "this machine has no address to offer: set webrtc.additional_hosts");
        return -EADDRNOTAVAIL;
    }
    rc = wrtc_answer_write(&s->all->offer, selection, config, answer, size, &len);
    if (rc != 0)
        fail(error, "the answer would be too long");
    return rc;
}

// The user agent is shown to people, and anybody may send anything.
static void note_origin(struct ctl_session *s, const struct ctl_session_origin *origin)
{
    const char *text = origin->user_agent ? origin->user_agent : "";

    s->came_ns = origin->came_ns;
    snprintf(s->user_agent, sizeof(s->user_agent), "%s", text);
    for (char *p = s->user_agent; *p; p++)
        if (*p < ' ' || *p > '~')
            *p = '?';
}

// The offer has been parsed into all->offer and fits the stream.
static int join(struct ctl_sessions *all, struct ctl_stream *stream,
                struct wrtc_selection *selection, struct wrtc_answer_config *config,
                const struct ctl_session_origin *origin, char *answer, size_t answer_size,
                struct ctl_session **out, struct wrtc_error *error)
{
    struct eng_addr candidates[WRTC_CANDIDATES_MAX];
    char ufrag[WRTC_LOCAL_UFRAG_LEN + 1] = {0};
    char pwd[WRTC_LOCAL_PWD_LEN + 1];
    int64_t now_ns = ctl_now_ns();
    struct ctl_session *s;
    int rc;

    ctl_random_hex(ufrag, WRTC_LOCAL_UFRAG_LEN);
    ctl_random_ice(pwd, WRTC_LOCAL_PWD_LEN);
    rc = ctl_session_create(all, stream, selection->transport, ufrag, pwd, now_ns, &s);
    if (rc != 0) {
        fail(error, "out of memory");
        goto out;
    }
    note_origin(s, origin);
    limit_extensions(all->config, &selection->video);
    limit_extensions(all->config, &selection->audio);
    set_tracks(s, selection, config->video, config->audio);
    s->codec[ENG_VIDEO] = stream->status.video.codec;
    s->codec[ENG_AUDIO] = stream->status.audio.codec;
    config->session_id = ctl_random_u64() >> 2;
    config->ufrag = ufrag;
    config->pwd = pwd;
    config->fingerprint = wrtc_dtls_context_fingerprint(all->dtls);
    config->candidates = candidates;
    config->candidate_count =
        ctl_candidates_get(&all->candidates, origin->by_loopback, now_ns, candidates);
    config->tcp = all->tcp;
    config->cname = s->cname;
    config->video_ssrc = s->track[ENG_VIDEO].ssrc;
    config->audio_ssrc = s->track[ENG_AUDIO].ssrc;
    config->video_rtx_ssrc = s->track[ENG_VIDEO].rtx_ssrc;
    rc = write_answer(s, selection, config, answer, answer_size, error);
    if (rc != 0) {
        ctl_session_free(s);
        goto out;
    }
    list(s, ufrag);
    all->stats.created++;
    *out = s;

out:
    config->ufrag = NULL; // what lay on this stack
    config->pwd = NULL;
    config->candidates = NULL;
    explicit_bzero(pwd, sizeof(pwd));
    return rc;
}

int ctl_session_offer(struct ctl_sessions *all, struct ctl_stream *stream, const char *offer,
                      size_t len, const struct ctl_session_origin *origin, char *answer,
                      size_t answer_size, struct ctl_session **out, struct wrtc_error *error)
{
    struct wrtc_track video = to_wrtc(&stream->status.video);
    struct wrtc_track audio = to_wrtc(&stream->status.audio);
    struct wrtc_answer_config config = {.video = &video, .audio = &audio};
    struct wrtc_selection selection;
    int rc;

    make_room(all, ctl_now_ns());
    if (!has_room(all, stream, error)) {
        all->stats.offers_refused++;
        return -EBUSY;
    }
    if (wrtc_offer_parse(offer, len, &all->offer, error) != 0)
        rc = -EINVAL;
    else if (!is_live(stream, error))
        rc = -EAGAIN;
    else if (wrtc_offer_select(&all->offer, &video, &audio, &selection, error) != 0)
        rc = -ENOENT;
    else
        rc = join(all, stream, &selection, &config, origin, answer, answer_size, out, error);
    if (rc == 0) {
        (*out)->until_ns = origin->until_ns;
        ctl_session_begin(*out, (*out)->started_ns);
    }
    explicit_bzero(&all->offer, sizeof(all->offer));
    return rc;
}

// ---- one session, seen from outside ----

const char *ctl_session_id(const struct ctl_session *session)
{
    return session->id;
}

const char *ctl_session_etag(const struct ctl_session *session)
{
    return session->etag;
}

struct ctl_stream *ctl_session_stream(const struct ctl_session *session)
{
    return session->stream;
}

void ctl_session_note(const struct ctl_session *session, char out[CTL_NOTE_MAX])
{
    ctl_note_write(&session->stream->status, session->track[ENG_VIDEO].on,
                   session->track[ENG_AUDIO].on, out);
}

bool ctl_session_has_remote(const struct ctl_session *session, const char *ufrag)
{
    return wrtc_peer_has_remote(session->peer, ufrag);
}

void ctl_session_delete(struct ctl_session *session)
{
    ctl_session_end(session, CTL_END_VIEWER, "DELETE");
}

// ---- news of their streams ----

// A track that is gone may come back; one that is another cannot be decoded.
static bool is_kept(const struct ctl_session *s, enum eng_track track,
                    const struct rtsp_track_info *now)
{
    return !s->track[track].on || now->codec == RTSP_CODEC_NONE ||
           (now->codec == s->codec[track] && now->clock_rate == s->track[track].clock_rate);
}

static void take_news(struct ctl_session *s, const struct ctl_stream *stream)
{
    char reason[64];

    if (stream->lost) {
        snprintf(reason, sizeof(reason), "its source has been away for %u s",
                 stream->config->hold_viewers_s);
        ctl_session_end(s, CTL_END_SOURCE, reason);
    } else if (!is_kept(s, ENG_VIDEO, &stream->status.video) ||
               !is_kept(s, ENG_AUDIO, &stream->status.audio)) {
        ctl_session_end(s, CTL_END_SOURCE, "its source has changed its codec");
    }
}

void ctl_sessions_news(struct ctl_sessions *all, const struct ctl_stream *stream)
{
    struct ctl_session *s, *next;

    if (!stream->lost && !stream->changed)
        return;
    for (s = LIST_FIRST(&all->list); s; s = next) {
        next = LIST_NEXT(s, link);
        if (s->stream == stream)
            take_news(s, stream);
    }
}

// ---- all of them ----

static void on_engine(evutil_socket_t fd, short what, void *ctx)
{
    (void)fd;
    (void)what;
    ctl_demux_poll(ctx, ctl_now_ns());
}

static void on_budget(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_sessions *all = ctx;
    uint64_t counter[ENG_COUNTERS];

    (void)fd;
    (void)what;
    eng_engine_counters(all->engine, counter);
    ctl_budget_look(&all->budget,
                    counter[ENG_COUNTER_PACKETS_VIDEO] + counter[ENG_COUNTER_PACKETS_AUDIO] +
                        counter[ENG_COUNTER_PACKETS_RESENT] + counter[ENG_COUNTER_PACKETS_RTCP],
                    ctl_now_ns());
}

// Nobody looks where there is no bound.
static int start_budget(struct ctl_sessions *all, unsigned per_core)
{
    const struct timeval interval = {.tv_sec = 1};

    ctl_budget_init(&all->budget, (uint64_t)per_core * eng_engine_workers(all->engine));
    if (per_core == 0)
        return 0;
    all->budget_event = event_new(all->base, -1, EV_PERSIST, on_budget, all);
    return all->budget_event && event_add(all->budget_event, &interval) == 0 ? 0 : -ENOMEM;
}

static void on_renewal(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_sessions *all = ctx;

    (void)fd;
    (void)what;
    if (wrtc_dtls_context_renew(all->dtls) != 0)
        ctl_log(CTL_LOG_WARN, "webrtc",
                "no memory for a new certificate: the old one serves %d days more",
                CTL_CERTIFICATE_DAYS);
}

static int watch_certificate(struct ctl_sessions *all)
{
    const struct timeval every = {.tv_sec = CTL_CERTIFICATE_DAYS * 86400L};

    all->renewal = event_new(all->base, -1, EV_PERSIST, on_renewal, all);
    return all->renewal && event_add(all->renewal, &every) == 0 ? 0 : -ENOMEM;
}

static int init_tables(struct ctl_sessions *all)
{
    int rc = ctl_table_init(&all->by_id, all->max, ctl_random_u64());

    if (rc == 0)
        rc = ctl_table_init(&all->by_ufrag, all->max, ctl_random_u64());
    if (rc == 0)
        rc = ctl_table_init(&all->by_tuple, all->max * 2, ctl_random_u64());
    return rc;
}

int ctl_sessions_create(struct event_base *base, struct eng_engine *engine,
                        const struct ctl_config *config, struct ctl_sessions **out)
{
    struct ctl_sessions *all = calloc(1, sizeof(*all));
    int rc;

    if (!all)
        return -ENOMEM;
    all->config = config;
    all->base = base;
    all->engine = engine;
    all->max = config->max_viewers;
    all->tcp = config->tcp;
    LIST_INIT(&all->list);
    TAILQ_INIT(&all->unproven);
    ctl_bucket_init(&all->refusals, CTL_STUN_REFUSALS_PER_S, CTL_STUN_REFUSALS_PER_S);
    rc = ctl_candidates_init(&all->candidates, base, config, eng_engine_port(engine));
    if (rc == 0)
        rc = init_tables(all);
    if (rc == 0)
        rc = ctl_trim_create(base, CTL_TRIM_EVERY_MS, &all->trim);
    if (rc == 0)
        rc = start_budget(all, config->packets_per_second_max);
    if (rc == 0)
        rc = wrtc_dtls_context_create(&config->srtp_profiles, &all->dtls);
    if (rc == 0)
        rc = watch_certificate(all);
    if (rc != 0)
        goto fail;
    all->engine_event =
        event_new(base, eng_engine_event_fd(engine), EV_READ | EV_PERSIST, on_engine, all);
    if (!all->engine_event || event_add(all->engine_event, NULL)) {
        rc = -ENOMEM;
        goto fail;
    }
    *out = all;
    return 0;

fail:
    ctl_sessions_destroy(all);
    return rc;
}

void ctl_sessions_left(struct ctl_sessions *all)
{
    void (*closed)(void *) = all->closed;

    if (!closed || !LIST_EMPTY(&all->list))
        return;
    all->closed = NULL;
    closed(all->closed_ctx);
}

void ctl_sessions_close_all(struct ctl_sessions *all, void (*done)(void *ctx), void *ctx)
{
    struct ctl_session *s, *next;

    all->closing = true;
    ctl_candidates_stop(&all->candidates);
    for (s = LIST_FIRST(&all->list); s; s = next) {
        next = LIST_NEXT(s, link);
        ctl_session_end(s, CTL_END_SERVER, "the server is shutting down");
    }
    all->closed = done;
    all->closed_ctx = ctx;
    ctl_sessions_left(all);
}

// Sessions that are still here go without a word: the engine frees its viewers itself.
void ctl_sessions_destroy(struct ctl_sessions *all)
{
    if (!all)
        return;
    all->closed = NULL;
    while (!LIST_EMPTY(&all->list))
        ctl_session_free(LIST_FIRST(&all->list));
    if (all->budget_event)
        event_free(all->budget_event);
    if (all->engine_event)
        event_free(all->engine_event);
    if (all->renewal)
        event_free(all->renewal);
    wrtc_dtls_context_destroy(all->dtls);
    ctl_trim_destroy(all->trim);
    ctl_candidates_fini(&all->candidates);
    ctl_table_fini(&all->by_tuple);
    ctl_table_fini(&all->by_ufrag);
    ctl_table_fini(&all->by_id);
    free(all);
}

void ctl_sessions_read_stats(const struct ctl_sessions *all, struct ctl_sessions_stats *out)
{
    *out = all->stats;
}
