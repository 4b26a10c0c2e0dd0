// SPDX-License-Identifier: Apache-2.0
//
// An RTSP session (RFC 2326 A): one stream, played to one client, all its tracks in one way. Event
// loop's thread only. Embedded by the connection, with which it ends.
//
//     state    on      next
//     none     SETUP   ready
//     ready    SETUP   ready    one more track
//     ready    PLAY    playing
//     any      end     none
//
// What a state does not allow is refused with a status line and changes nothing.
#pragma once

#include "bench/source_output.h"
#include "bench/source_pacer.h"
#include "bench/source_request.h"
#include "bench/source_stream.h"

struct source_server;

enum source_session_state {
    SOURCE_SESSION_NONE,
    SOURCE_SESSION_READY,
    SOURCE_SESSION_PLAYING,
};

struct source_session {
    enum source_session_state state;
    char id[17];
    struct source_stream *stream;
    enum source_transport_kind kind;
    struct source_pacer pacer; // where the kind is UDP
    struct source_player player;
};

// SETUP of one track, over this connection. NULL, with *chosen saying how the track is sent, or the
// status to answer with.
const char *source_session_setup(struct source_session *session, struct source_server *server,
                                 struct source_output *output, const struct source_request *request,
                                 struct source_transport *chosen);

// NULL, or the status to answer with. Nothing is sent before the event loop's next turn.
const char *source_session_play(struct source_session *session);

void source_session_end(struct source_session *session);

// Whether the request names this session.
bool source_session_matches(const struct source_session *session,
                            const struct source_request *request);
