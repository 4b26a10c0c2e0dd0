// SPDX-License-Identifier: Apache-2.0
#include "control/whep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include "control/auth.h"
#include "control/clock.h"
#include "control/http_field.h"
#include "control/reply.h"
#include "control/request.h"
#include "control/waiting.h"

static const char sdp_type[] = "application/sdp";
static const char fragment_type[] = "application/trickle-ice-sdpfrag";
static const char note_field[] = "Rtcfan-Note";
static const char endpoint_methods[] = "OPTIONS, GET, HEAD, POST";
static const char session_methods[] = "OPTIONS, GET, HEAD, PATCH, DELETE";

enum {
    CREATED = 201,
    NOT_ACCEPTABLE = 406,
    CONFLICT = 409,
    PRECONDITION_FAILED = 412,
    UNSUPPORTED_MEDIA_TYPE = 415,
    UNPROCESSABLE = 422,
    PRECONDITION_REQUIRED = 428,
    GATEWAY_TIMEOUT = 504,

    // An answer has at most WRTC_MEDIA_MAX m-lines with 32 candidates each, of 100 bytes.
    ANSWER_MAX = WRTC_SDP_MAX,

    // That of an ICE restart has the candidates once.
    RESTART_MAX = 8192,
};

struct ctl_whep {
    const struct ctl_config *config;
    struct ctl_auth *auth;
    struct ctl_sessions *sessions;
    struct ctl_waiting *waiting;
};

static const char *get_field(struct evhttp_request *req, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(req), name);
}

// The preflight of a browser comes without credentials, and so needs none.
static void reply_options(struct evhttp_request *req, const char *methods)
{
    ctl_reply_header(req, "Allow", methods);
    ctl_reply_header(req, "Access-Control-Allow-Methods", methods);
    ctl_reply_header(req, "Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match");
    ctl_reply_header(req, "Access-Control-Max-Age", "86400");
    ctl_reply_empty(req, HTTP_NOCONTENT);
}

// The body in one piece, valid until the request ends.
static const char *get_body(struct evhttp_request *req, size_t *len)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(req);

    *len = evbuffer_get_length(input);
    return (const char *)evbuffer_pullup(input, -1);
}

// ---- endpoint ----

// Another server may have room (draft-ietf-wish-whep 4.5).
static void reply_full(const struct ctl_whep *whep, const struct ctl_stream *stream,
                       struct evhttp_request *req, const char *reason)
{
    if (whep->config->redirect)
        ctl_reply_redirect(req, reason, "%s/%s/whep", whep->config->redirect, stream->name);
    else
        ctl_reply_retry(req, HTTP_SERVUNAVAIL, CTL_WHEP_RETRY_FULL_S, reason);
}

static void reply_offer_error(const struct ctl_whep *whep, const struct ctl_stream *stream,
                              struct evhttp_request *req, int rc, const char *reason)
{
    switch (rc) {
    case -EINVAL:
        ctl_reply_text(req, UNPROCESSABLE, "%s", reason);
        break;
    case -ENOENT:
        ctl_reply_text(req, NOT_ACCEPTABLE, "%s", reason);
        break;
    case -EBUSY:
        reply_full(whep, stream, req, reason);
        break;
    default:
        ctl_reply_text(req, HTTP_INTERNAL, "%s", reason);
        break;
    }
}

static void add_links(const struct ctl_config *config, struct evhttp_request *req)
{
    char link[CTL_ICE_LINK_MAX];

    for (size_t i = 0; i < config->ice_server_count; i++) {
        ctl_ice_link_write(&config->ice_servers[i], link);
        ctl_reply_more(req, "Link", link);
    }
}

static void reply_created(const struct ctl_config *config, struct evhttp_request *req,
                          const struct ctl_session *session, const char *answer)
{
    char location[CTL_NAME_MAX + CTL_SESSION_ID_LEN + 8];
    char note[CTL_NOTE_MAX];

    snprintf(location, sizeof(location), "/%s/whep/%s", ctl_session_stream(session)->name,
             ctl_session_id(session));
    ctl_reply_header(req, "Location", location);
    ctl_reply_header(req, "ETag", ctl_session_etag(session));
    add_links(config, req);
    ctl_session_note(session, note);
    if (note[0])
        ctl_reply_header(req, note_field, note);
    ctl_reply_bytes(req, CREATED, sdp_type, answer, strlen(answer));
}

// It is worth waiting for the stream.
static bool may_come(const struct ctl_stream *stream)
{
    enum rtsp_state state = stream->status.state;

    return stream->config->on_demand || state == RTSP_CONNECTING || state == RTSP_LIVE;
}

// Answers an offer, unless that may wait. See waiting.h.
static bool answer_offer(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                         const struct ctl_waiting_times *times, bool last)
{
    struct wrtc_error error = {.text = "the server could not make a session"};
    struct ctl_session_origin origin = {
        .by_loopback = ctl_request_is_local(req),
        .came_ns = times->came_ns,
        .until_ns = times->until_ns,
        .user_agent = get_field(req, "User-Agent"),
    };
    struct ctl_whep *whep = ctx;
    struct ctl_session *session;
    const char *offer;
    char *answer;
    size_t len;
    int rc;

    answer = malloc(ANSWER_MAX);
    if (!answer) {
        ctl_reply_text(req, HTTP_INTERNAL, "out of memory");
        return true;
    }
    offer = get_body(req, &len);
    rc = ctl_session_offer(whep->sessions, stream, offer, len, &origin, answer, ANSWER_MAX,
                           &session, &error);
    if (rc == 0)
        reply_created(whep->config, req, session, answer);
    else if (rc != -EAGAIN)
        reply_offer_error(whep, stream, req, rc, error.text);
    else if (last)
        ctl_reply_retry(req, GATEWAY_TIMEOUT, CTL_WHEP_RETRY_LIVE_S, error.text);
    else if (!may_come(stream))
        ctl_reply_retry(req, CONFLICT, CTL_WHEP_RETRY_LIVE_S, error.text);
    explicit_bzero(answer, ANSWER_MAX); // it holds our ICE password
    free(answer);
    return rc != -EAGAIN || last || !may_come(stream);
}

static void take_offer(void *ctx, struct ctl_stream *stream, struct evhttp_request *req,
                       int64_t until_ns)
{
    const struct ctl_waiting_times times = {.came_ns = ctl_now_ns(), .until_ns = until_ns};
    struct ctl_whep *whep = ctx;
    size_t len;

    if (!ctl_field_media_type_is(get_field(req, "Content-Type"), sdp_type)) {
        ctl_reply_text(req, UNSUPPORTED_MEDIA_TYPE, "Content-Type must be %s", sdp_type);
        return;
    }
    get_body(req, &len);
    if (len == 0)
        ctl_reply_text(req, HTTP_BADREQUEST, "the body must be an SDP offer; it is empty");
    else if (!answer_offer(whep, stream, req, &times, false) &&
             !ctl_waiting_add(whep->waiting, stream, req, &times))
        ctl_reply_retry(req, HTTP_SERVUNAVAIL, CTL_WHEP_RETRY_LIVE_S,
                        "too many viewers are waiting for sources at this moment");
}

void ctl_whep_endpoint(struct ctl_whep *whep, struct ctl_stream *stream, struct evhttp_request *req)
{
    ctl_reply_cors(req);
    if (!stream) {
        ctl_reply_text(req, HTTP_NOTFOUND, "there is no such stream");
        return;
    }
    ctl_reply_header(req, "Accept-Post", sdp_type);
    switch (evhttp_request_get_command(req)) {
    case EVHTTP_REQ_OPTIONS:
        reply_options(req, endpoint_methods);
        break;
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        ctl_reply_empty(req, HTTP_OK);
        break;
    case EVHTTP_REQ_POST:
        ctl_auth_ask(whep->auth, stream, req, take_offer, whep);
        break;
    default:
        ctl_reply_not_allowed(req, endpoint_methods);
        break;
    }
}

// ---- session ----

static void restart_session(struct ctl_session *session, const struct wrtc_sdpfrag *fragment,
                            struct evhttp_request *req)
{
    char answer[RESTART_MAX];

    if (ctl_session_restart(session, fragment, ctl_request_is_local(req), answer, sizeof(answer)) !=
        0) {
        ctl_reply_text(req, HTTP_INTERNAL, "the ICE restart failed; the session goes on as it is");
    } else {
        ctl_reply_header(req, "ETag", ctl_session_etag(session));
        ctl_reply_bytes(req, HTTP_OK, fragment_type, answer, strlen(answer));
    }
    explicit_bzero(answer, sizeof(answer)); // it holds our ICE password
}

static void patch_session(struct ctl_session *session, struct evhttp_request *req)
{
    const char *if_match = get_field(req, "If-Match");
    struct wrtc_sdpfrag fragment;
    struct wrtc_error error = {0};
    const char *body;
    bool restart;
    size_t len;

    if (!ctl_field_media_type_is(get_field(req, "Content-Type"), fragment_type)) {
        ctl_reply_text(req, UNSUPPORTED_MEDIA_TYPE, "Content-Type must be %s", fragment_type);
        return;
    }
    body = get_body(req, &len);
    if (len == 0 || wrtc_sdpfrag_parse(body, len, &fragment, &error) != 0) {
        ctl_reply_text(req, UNPROCESSABLE, "%s", len == 0 ? "the body is empty" : error.text);
        return;
    }
    restart = !ctl_session_has_remote(session, fragment.ufrag);
    if (if_match && !ctl_field_if_match(if_match, ctl_session_etag(session)))
        ctl_reply_text(req, PRECONDITION_FAILED, "If-Match names another state of the session");
    else if (restart && !if_match)
        ctl_reply_text(req, PRECONDITION_REQUIRED, "an ICE restart needs If-Match: *");
    else if (!restart)
        ctl_reply_empty(req, HTTP_NOCONTENT);
    else
        restart_session(session, &fragment, req);
}

void ctl_whep_session(struct ctl_session *session, struct evhttp_request *req)
{
    ctl_reply_cors(req);
    if (!session) {
        ctl_reply_text(req, HTTP_NOTFOUND, "there is no such session");
        return;
    }
    switch (evhttp_request_get_command(req)) {
    case EVHTTP_REQ_OPTIONS:
        reply_options(req, session_methods);
        break;
    case EVHTTP_REQ_GET:
    case EVHTTP_REQ_HEAD:
        ctl_reply_empty(req, HTTP_OK);
        break;
    case EVHTTP_REQ_PATCH:
        patch_session(session, req);
        break;
    case EVHTTP_REQ_DELETE:
        ctl_session_delete(session);
        ctl_reply_empty(req, HTTP_OK);
        break;
    default:
        ctl_reply_not_allowed(req, session_methods);
        break;
    }
}

// ---- life ----

int ctl_whep_create(struct event_base *base, const struct ctl_config *config, struct ctl_auth *auth,
                    struct ctl_sessions *sessions, struct ctl_whep **out)
{
    struct ctl_whep *whep = calloc(1, sizeof(*whep));

    if (!whep)
        return -ENOMEM;
    whep->config = config;
    whep->auth = auth;
    whep->sessions = sessions;
    if (ctl_waiting_create(base, answer_offer, whep, &whep->waiting)) {
        free(whep);
        return -ENOMEM;
    }
    *out = whep;
    return 0;
}

void ctl_whep_news(struct ctl_whep *whep, struct ctl_stream *stream)
{
    ctl_waiting_look(whep->waiting, stream);
}

void ctl_whep_stop(struct ctl_whep *whep)
{
    ctl_waiting_end(whep->waiting);
}

void ctl_whep_destroy(struct ctl_whep *whep)
{
    if (!whep)
        return;
    ctl_waiting_destroy(whep->waiting);
    free(whep);
}
