// SPDX-License-Identifier: Apache-2.0
//
// WHEP (draft-ietf-wish-whep): a viewer posts its SDP offer to a stream's endpoint and gets our
// answer and the URL of its session. Control thread.
//
//     endpoint  POST application/sdp -> 201, Location, ETag;  OPTIONS 204;  GET, HEAD 200, empty
//     session   PATCH application/trickle-ice-sdpfrag -> 204, or 200 and ETag for an ICE restart;
//               DELETE 200;   the same
//
// A POST needs what the stream's read_auth asks for (auth.h). The URL of a session is a secret that
// only its viewer knows, and so whoever has it may PATCH and DELETE.
//
// A 201 has a Link for each of webrtc.ice_servers, and Rtcfan-Note where the viewer does not get
// all of the camera's tracks: one line that says why. Errors carry one line of text. 307 full, and
// webrtc.redirect names another server; 400 empty offer; 401, 403 and 429 of auth.h; 404 no such
// stream or session; 405; 406 nothing in the offer fits the stream; 409 with Retry-After: the
// source is not live; 412 If-Match names another session state; 413 beyond WRTC_SDP_MAX; 415; 422
// the offer or fragment is no good; 428 an ICE restart without If-Match; 503 with Retry-After:
// full; 504 with Retry-After: the source did not become live in time.
//
// The answer to an offer for a source that is on demand, or is just connecting, waits for it
// (waiting.h).
//
// Trickled candidates are read past: ICE-lite sends no checks, the viewer's own checks show where
// it is. For the same reason a viewer that moves needs no ICE restart, but may have one: a fragment
// with another ufrag than the viewer's asks for it.
#pragma once

#include "control/sessions.h"
#include "control/streams.h"

struct ctl_auth;
struct event_base;
struct evhttp_request;
struct ctl_whep;

enum {
    CTL_WHEP_RETRY_LIVE_S = 2, // Retry-After while a source is not live: half of a camera's restart
    CTL_WHEP_RETRY_FULL_S = 10,
};

// 0 or -ENOMEM.
int ctl_whep_create(struct event_base *base, const struct ctl_config *config, struct ctl_auth *auth,
                    struct ctl_sessions *sessions, struct ctl_whep **out);

// There are news of the stream: answers offers that wait for it.
void ctl_whep_news(struct ctl_whep *whep, struct ctl_stream *stream);

// Answers all that wait.
void ctl_whep_stop(struct ctl_whep *whep);

// Before evhttp_free(). NULL does no harm.
void ctl_whep_destroy(struct ctl_whep *whep);

// Both answer the request, if not at once. stream NULL: there is no such stream.
void ctl_whep_endpoint(struct ctl_whep *whep, struct ctl_stream *stream,
                       struct evhttp_request *req);

// session NULL: there is no such session (any more) of the stream in the path.
void ctl_whep_session(struct ctl_session *session, struct evhttp_request *req);
