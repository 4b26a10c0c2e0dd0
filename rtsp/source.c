// SPDX-License-Identifier: Apache-2.0
#include "rtsp/source.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>

#include "engine/publish.h"
#include "rtsp/carrier.h"
#include "rtsp/client.h"
#include "rtsp/clock.h"
#include "rtsp/dial.h"
#include "rtsp/fallback.h"
#include "rtsp/feedback.h"
#include "rtsp/life.h"
#include "rtsp/link.h"
#include "rtsp/now.h"
#include "rtsp/status.h"
#include "rtsp/track.h"
#include "rtsp/url.h"

enum {
    TICK_MS = 1000,        // of a connected source: on_status, and the watch over its silence
    STALLED_MS = 3000,     // without media
    SILENCE_MS = 10000,    // without media, after which the source is connected anew
    UDP_SILENCE_MS = 3000, // after PLAY, after which TCP is tried instead
    BYE_MS = 1000,         // without media, after which an RTCP BYE is believed
};

struct rtsp_source {
    struct event_base *base;
    struct eng_stream *stream;
    void (*on_status)(void *ctx, const struct rtsp_source_status *status);
    void *ctx;

    struct rtsp_client *client;
    struct rtsp_track *track[ENG_TRACKS];
    bool has_track[ENG_TRACKS]; // in this session, or the last one
    struct rtsp_feedback feedback[ENG_TRACKS];
    struct rtsp_fallback fallback;
    int64_t camera_offset_ns;
    struct rtsp_life life;
    struct rtsp_trust trust;
    struct rtsp_carrier carrier;

    struct rtsp_dial *dial; // while connecting
    struct rtsp_link *link; // while connected
    struct event *timer;
    int64_t due_ms;         // when the timer fires
    int64_t quiet_since_ms; // last media, or PLAY
    bool playing;           // PLAY was sent
    bool stopping;          // rtsp_source_stop() was called
    bool leaving;           // TEARDOWN was sent ...
    enum rtsp_cause cause;  // ... because of this
    bool bye;               // the camera's, by RTCP, since the last media
    bool media;             // came over UDP since the last flush
    struct rtsp_source_status status;
};

// ---- status ----

// Brings the status up to date. True: more than counters has changed.
static bool refresh(struct rtsp_source *s)
{
    const char *const note[ENG_TRACKS] = {rtsp_client_note(s->client, ENG_VIDEO),
                                          rtsp_client_note(s->client, ENG_AUDIO)};
    const struct rtsp_track_info *info[ENG_TRACKS] = {NULL};
    bool changed;

    for (int t = 0; t < ENG_TRACKS; t++) {
        if (s->has_track[t])
            info[t] = rtsp_track_info(s->track[t]);
        else if (s->fallback.lane[t].shown)
            info[t] = &s->fallback.info[t];
    }
    changed = rtsp_status_take(&s->status, s->track, info, note);
    s->status.fallback = s->fallback.state;
    s->status.rtp_reordered = rtsp_carrier_reordered(&s->carrier);
    s->status.rtp_malformed += rtsp_client_dropped(s->client);
    return changed;
}

static void report(struct rtsp_source *s)
{
    struct rtsp_now now = rtsp_now_read();

    refresh(s);
    for (int t = 0; t < ENG_TRACKS; t++)
        rtsp_track_measure(s->track[t], now, &s->status.figures[t]);
    if (s->on_status)
        s->on_status(s->ctx, &s->status);
}

// What happens to a source changes its state here, and nowhere else.
static bool happen(struct rtsp_source *s, enum rtsp_event event, int64_t now_ms)
{
    if (!rtsp_life_take(&s->life, event, now_ms))
        return false;
    s->status.state = s->life.state;
    s->status.live_since_ms = s->life.state == RTSP_LIVE ? rtsp_now_read().real_ns / 1000000 : 0;
    rtsp_fallback_moved(&s->fallback);
    report(s);
    return true;
}

static void on_fallback(void *ctx)
{
    report(ctx);
}

// ---- timer ----

static void schedule(struct rtsp_source *s, int64_t now_ms, int64_t delay_ms)
{
    struct timeval delay = {delay_ms / 1000, delay_ms % 1000 * 1000};

    s->due_ms = now_ms + delay_ms;
    event_add(s->timer, &delay);
}

// When the client or the reorder buffers want to be told the time.
static int64_t wanted_ms(const struct rtsp_source *s)
{
    int64_t client_ms = rtsp_client_due_ms(s->client);
    int64_t udp_ms = s->carrier.udp ? rtsp_udp_due_ms(s->carrier.udp) : INT64_MAX;

    return client_ms < udp_ms ? client_ms : udp_ms;
}

// Has the timer fire at the next tick, or earlier if somebody or rtsp_source_stop() wants to.
static void schedule_tick(struct rtsp_source *s, int64_t now_ms)
{
    int64_t due_ms = wanted_ms(s);

    if (s->stopping && !s->leaving)
        due_ms = now_ms;
    if (due_ms > now_ms + TICK_MS)
        due_ms = now_ms + TICK_MS;
    schedule(s, now_ms, due_ms > now_ms ? due_ms - now_ms : 0);
}

// ---- connection ----

static void disconnect(struct rtsp_source *s)
{
    rtsp_dial_destroy(s->dial);
    s->dial = NULL;
    rtsp_carrier_end(&s->carrier);
    rtsp_link_destroy(s->link);
    s->link = NULL;
    s->playing = false;
    s->leaving = false;
}

// The attempt or the session is over. error: why, NULL: as wanted, or said before.
static void end(struct rtsp_source *s, enum rtsp_cause cause, const char *error)
{
    int64_t now_ms = rtsp_now_ms(rtsp_now_read());
    uint32_t random, wait_ms;

    disconnect(s);
    for (int t = 0; t < ENG_TRACKS; t++)
        rtsp_track_end(s->track[t]);
    if (s->stopping) {
        event_del(s->timer);
        happen(s, RTSP_EVENT_STOP, now_ms);
        return;
    }
    evutil_secure_rng_get_bytes(&random, sizeof(random));
    wait_ms = rtsp_life_wait_ms(&s->life, cause, now_ms, random);
    if (error && cause == RTSP_CAUSE_AUTH)
        rtsp_status_error(&s->status, "%s; next attempt in %u s", error, wait_ms / 1000);
    else if (error)
        rtsp_status_error(&s->status, "%s", error);
    s->status.disconnects += s->life.was_live;
    s->status.reconnects[cause]++;
    schedule(s, now_ms, wait_ms);
    happen(s, RTSP_EVENT_END, now_ms);
}

static void on_dialed(void *ctx, int fd, const char *error);

static void dial(struct rtsp_source *s)
{
    const struct rtsp_url *url = rtsp_client_url(s->client);

    disconnect(s);
    if (rtsp_dial_start(s->base, url->host, url->port, on_dialed, s, &s->dial) < 0)
        end(s, RTSP_CAUSE_LOCAL, "out of memory");
}

static void take_rtp(struct rtsp_source *s, enum eng_track track, const uint8_t *data, size_t len,
                     struct rtsp_now now)
{
    s->bye = false;
    rtsp_track_rtp(s->track[track], data, len, now);
}

static void on_rtp(void *ctx, enum eng_track track, const uint8_t *data, size_t len,
                   struct rtsp_now now)
{
    struct rtsp_source *s = ctx;

    s->status.bytes_received += len;
    s->media = true;
    take_rtp(s, track, data, len, now);
}

static void take_rtcp(struct rtsp_source *s, enum eng_track track, const uint8_t *data, size_t len)
{
    rtsp_track_rtcp(s->track[track], data, len, &s->camera_offset_ns);
    s->bye = s->bye || rtsp_track_says_bye(s->track[track], data, len);
}

static void on_rtcp(void *ctx, enum eng_track track, const uint8_t *data, size_t len)
{
    struct rtsp_source *s = ctx;

    s->status.bytes_received += len;
    take_rtcp(s, track, data, len);
}

static void on_batch(void *ctx, struct rtsp_now now);

// Tells the client what to ask for. False: ended, as there are no ports.
static bool choose_transport(struct rtsp_source *s, int fd)
{
    const struct rtsp_udp_owner owner = {
        .on_rtp = on_rtp, .on_rtcp = on_rtcp, .on_batch = on_batch, .ctx = s};
    int rc = rtsp_carrier_ask(&s->carrier, s->base, fd, &owner, s->client);

    if (rc == 0)
        return true;
    rtsp_status_error(&s->status, "cannot open UDP ports for %.64s: %s",
                      rtsp_client_url(s->client)->host, strerror(-rc));
    end(s, RTSP_CAUSE_LOCAL, NULL);
    return false;
}

// The camera has decided how its media comes.
static void begin_transport(struct rtsp_source *s)
{
    enum eng_track first = s->has_track[ENG_VIDEO] ? ENG_VIDEO : ENG_AUDIO;
    int rc = rtsp_carrier_begin(&s->carrier, s->client);

    s->status.transport = rtsp_client_transport(s->client, first)->kind;
    if (rc == 0)
        return;
    rtsp_status_error(&s->status, "cannot receive what %.64s sends by %s: %s",
                      rtsp_client_url(s->client)->host, rtsp_transport_name(s->status.transport),
                      strerror(-rc));
    end(s, RTSP_CAUSE_PROTOCOL, NULL);
}

static void begin_tracks(struct rtsp_source *s, struct rtsp_now now)
{
    uint32_t ssrc;

    s->camera_offset_ns = RTSP_CAMERA_OFFSET_UNKNOWN;
    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct rtsp_format *format = rtsp_client_format(s->client, (enum eng_track)t);

        s->has_track[t] = format;
        if (!format)
            continue;
        rtsp_track_begin(s->track[t], format);
        evutil_secure_rng_get_bytes(&ssrc, sizeof(ssrc));
        rtsp_feedback_begin(&s->feedback[t], format->refresh, ssrc, rtsp_track_stats(s->track[t]),
                            rtsp_now_ms(now));
    }
    s->playing = true;
    s->media = false;
    s->bye = false;
    s->quiet_since_ms = rtsp_now_ms(now);
    s->status.tls = rtsp_client_url(s->client)->tls;
    s->status.tunnel = rtsp_client_url(s->client)->tunnel;
    begin_transport(s);
}

// The client has closed the session: we left, or the camera tore it down.
static void on_closed(struct rtsp_source *s)
{
    if (!s->leaving) {
        rtsp_status_error(&s->status, "%.64s tore the session down; look into its log",
                          rtsp_client_url(s->client)->host);
        s->cause = RTSP_CAUSE_CLOSED;
    }
    end(s, s->cause, NULL);
}

static void send_bytes(struct rtsp_source *s, const struct rtsp_action *action)
{
    int rc = rtsp_link_send(s->link, action->data, action->len);

    if (rc == -ENOBUFS)
        end(s, RTSP_CAUSE_PROTOCOL, "the camera asks without reading the answers; restart it");
    else if (rc < 0)
        end(s, RTSP_CAUSE_LOCAL, "out of memory");
    else if (s->carrier.udp && s->playing)
        rtsp_udp_keep_open(s->carrier.udp);
}

// Carries out what the client wants. True: media went into the tracks.
static bool act(struct rtsp_source *s, struct rtsp_now now)
{
    struct rtsp_action action;
    bool media = false;

    while (s->link && rtsp_client_next(s->client, &action)) {
        switch (action.type) {
        case RTSP_ACTION_SEND:
            send_bytes(s, &action);
            break;
        case RTSP_ACTION_READY:
            begin_tracks(s, now);
            break;
        case RTSP_ACTION_RTP:
            take_rtp(s, action.track, action.data, action.len, now);
            media = true;
            break;
        case RTSP_ACTION_RTCP:
            take_rtcp(s, action.track, action.data, action.len);
            break;
        case RTSP_ACTION_NOTE:
            rtsp_status_error(&s->status, "%s", action.text);
            break;
        case RTSP_ACTION_REDIRECT:
            dial(s);
            break;
        case RTSP_ACTION_FAILED:
            end(s, action.cause, action.text);
            break;
        case RTSP_ACTION_CLOSED:
            on_closed(s);
            break;
        }
    }
    return media;
}

static void give_feedback(struct rtsp_source *s, int64_t now_ms)
{
    struct rtsp_feedback *video = &s->feedback[ENG_VIDEO];
    uint8_t packet[RTSP_FEEDBACK_MAX];
    struct rtsp_reception reception;

    if (!s->playing || s->leaving)
        return;
    if (video->refresh != RTSP_REFRESH_NONE && eng_publish_keyframe_wanted(s->stream))
        rtsp_feedback_want(video, rtsp_track_stats(s->track[ENG_VIDEO]));
    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct rtsp_track_stats *stats = rtsp_track_stats(s->track[t]);
        size_t len;

        if (!s->has_track[t] || !rtsp_track_reception(s->track[t], &reception))
            continue;
        len = rtsp_feedback_write(&s->feedback[t], stats, &reception, now_ms, packet);
        if (len > 0)
            rtsp_carrier_send_rtcp(&s->carrier, s->link, s->client, (enum eng_track)t, packet, len);
    }
}

// After the client was given anything: its actions, one flush, and what they changed.
static void turn(struct rtsp_source *s, struct rtsp_now now, bool media)
{
    int64_t now_ms = rtsp_now_ms(now);

    if (media) {
        eng_publish_flush(s->stream, now.mono_ns);
        rtsp_fallback_published(&s->fallback, now);
        s->quiet_since_ms = now_ms;
    }
    if (!s->link)
        return;
    give_feedback(s, now_ms);
    if (wanted_ms(s) < s->due_ms)
        schedule_tick(s, now_ms);
    if (media && !s->leaving && happen(s, RTSP_EVENT_MEDIA, now_ms))
        return;
    if (refresh(s))
        report(s);
}

static void on_bytes(void *ctx, const uint8_t *data, size_t len)
{
    struct rtsp_source *s = ctx;
    struct rtsp_now now = rtsp_now_read();

    s->status.bytes_received += len;
    rtsp_client_input(s->client, data, len, rtsp_now_ms(now));
    turn(s, now, act(s, now));
}

static void on_batch(void *ctx, struct rtsp_now now)
{
    struct rtsp_source *s = ctx;
    bool media = s->media;

    s->media = false;
    turn(s, now, media);
}

static void on_end(void *ctx, enum rtsp_cause cause, const char *error)
{
    struct rtsp_source *s = ctx;

    rtsp_client_end(s->client);
    act(s, rtsp_now_read());
    if (s->link) // else it was being left
        end(s, cause, error);
}

static void on_dialed(void *ctx, int fd, const char *error)
{
    struct rtsp_source *s = ctx;
    struct rtsp_connection_owner owner = {.on_bytes = on_bytes, .on_end = on_end, .ctx = s};
    struct rtsp_now now = rtsp_now_read();

    if (fd < 0) {
        end(s, rtsp_dial_cause(fd), error);
        return;
    }
    rtsp_dial_destroy(s->dial);
    s->dial = NULL;
    if (rtsp_link_create(s->base, fd, rtsp_client_url(s->client), &s->trust, &owner, &s->link) <
        0) {
        end(s, RTSP_CAUSE_LOCAL, "out of memory");
        return;
    }
    if (!choose_transport(s, fd))
        return;
    rtsp_client_start(s->client, rtsp_now_ms(now));
    act(s, now);
    if (s->link)
        schedule_tick(s, rtsp_now_ms(now));
}

// ---- time ----

static void leave(struct rtsp_source *s, enum rtsp_cause cause, int64_t now_ms)
{
    rtsp_client_stop(s->client, now_ms);
    s->leaving = true;
    s->cause = cause;
}

static void watch_silence(struct rtsp_source *s, int64_t now_ms)
{
    int64_t quiet_ms = now_ms - s->quiet_since_ms;

    if (!s->playing || s->leaving)
        return;
    if (rtsp_carrier_may_give_up_udp(&s->carrier) && !s->life.was_live &&
        quiet_ms >= UDP_SILENCE_MS) {
        rtsp_status_error(
            &s->status,
            "nothing from %.64s by UDP within %d s, trying TCP; look for a firewall if UDP is "
            "wanted",
            rtsp_client_url(s->client)->host, UDP_SILENCE_MS / 1000);
        rtsp_carrier_give_up_udp(&s->carrier);
        leave(s, RTSP_CAUSE_NO_UDP, now_ms);
    } else if (s->bye && quiet_ms >= BYE_MS) {
        rtsp_status_error(&s->status, "%.64s has said BYE and sends no more",
                          rtsp_client_url(s->client)->host);
        leave(s, RTSP_CAUSE_CLOSED, now_ms);
    } else if (quiet_ms >= SILENCE_MS) {
        rtsp_status_error(&s->status,
                          "no media from %.64s for %d s; look whether the camera's encoder runs",
                          rtsp_client_url(s->client)->host, SILENCE_MS / 1000);
        leave(s, RTSP_CAUSE_SILENCE, now_ms);
    } else if (quiet_ms >= STALLED_MS) {
        happen(s, RTSP_EVENT_QUIET, now_ms);
    } else if (s->life.state == RTSP_LIVE) {
        report(s);
    }
}

static void begin(struct rtsp_source *s, enum rtsp_event event)
{
    s->status.connects++;
    rtsp_client_rewind(s->client);
    happen(s, event, rtsp_now_ms(rtsp_now_read()));
    dial(s);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
    struct rtsp_source *s = ctx;
    struct rtsp_now now = rtsp_now_read();
    int64_t now_ms = rtsp_now_ms(now);

    (void)fd;
    (void)what;
    if (!s->link) {
        if (s->stopping)
            end(s, s->cause, NULL);
        else
            begin(s, RTSP_EVENT_DUE);
        return;
    }
    if (s->stopping && !s->leaving)
        leave(s, RTSP_CAUSE_CLOSED, now_ms);
    rtsp_client_tick(s->client, now_ms);
    if (s->carrier.udp)
        rtsp_udp_tick(s->carrier.udp, now);
    if (s->media)
        on_batch(s, now);
    watch_silence(s, now_ms);
    act(s, now);
    if (!s->link)
        return;
    give_feedback(s, now_ms);
    schedule_tick(s, now_ms);
}

// ---- what the owner calls ----

int rtsp_source_create(struct event_base *base, const struct rtsp_source_config *config,
                       struct rtsp_source **out)
{
    struct rtsp_source *s = calloc(1, sizeof(*s));
    struct rtsp_url url;
    const char *why;
    int rc;

    if (!s)
        return -ENOMEM;
    s->base = base;
    s->stream = config->stream;
    s->on_status = config->on_status;
    s->ctx = config->ctx;
    s->trust = config->trust;
    s->carrier.choice = config->transport;
    rtsp_fallback_init(&s->fallback, &(struct rtsp_fallback_owner){.stream = s->stream,
                                                                   .track = s->track,
                                                                   .status = &s->status,
                                                                   .on_change = on_fallback,
                                                                   .ctx = s});
    rc = rtsp_url_parse(config->url, &url, &why);
    if (rc == 0) {
        rc = rtsp_client_create(&url, &s->client);
        explicit_bzero(&url, sizeof(url));
    }
    for (int t = 0; t < ENG_TRACKS && rc == 0; t++)
        rc = rtsp_track_create(s->stream, (enum eng_track)t, config->payload_max, config->units,
                               &s->track[t]);
    if (rc == 0 && config->b_frames == RTSP_B_FRAMES_DROP)
        rtsp_track_drop_b_frames(s->track[ENG_VIDEO]);
    if (rc == 0) {
        s->timer = evtimer_new(base, on_timer, s);
        rc = s->timer ? 0 : -ENOMEM;
    }
    if (rc < 0) {
        rtsp_source_destroy(s);
        return rc;
    }
    *out = s;
    return 0;
}

void rtsp_source_fall_back(struct rtsp_source *source, struct rtsp_source *other)
{
    rtsp_fallback_follow(&source->fallback, &other->fallback);
}

void rtsp_source_start(struct rtsp_source *source)
{
    assert(source->life.state == RTSP_IDLE);
    source->stopping = false;
    begin(source, RTSP_EVENT_START);
}

void rtsp_source_stop(struct rtsp_source *source)
{
    if (source->stopping || source->life.state == RTSP_IDLE)
        return;
    // By the timer, because this may well be called from on_status.
    source->stopping = true;
    schedule(source, rtsp_now_ms(rtsp_now_read()), 0);
}

void rtsp_source_destroy(struct rtsp_source *source)
{
    if (!source)
        return;
    disconnect(source);
    if (source->timer)
        event_free(source->timer);
    for (int t = 0; t < ENG_TRACKS; t++)
        if (source->track[t])
            rtsp_track_destroy(source->track[t]);
    rtsp_client_destroy(source->client);
    free(source);
}
