// SPDX-License-Identifier: Apache-2.0
//
// The RTSP 1.0 client (RFC 2326) over one TCP connection, in which media may come too, as a state
// machine without I/O: bytes or a tick and the time go in, actions come out. Ingest thread.
//
//     state      sends                   goes on when
//     OPTIONS    OPTIONS                 anything but 401 is answered          -> DESCRIBE
//     DESCRIBE   DESCRIBE                an SDP with a track that can be carried -> SETUP
//     SETUP      SETUP, once per track   the last track is set up              -> PLAY
//     PLAY       PLAY                    2xx                                   -> PLAYING
//     PLAYING    keepalives              it is left                            -> TEARDOWN
//     TEARDOWN   TEARDOWN                any answer, or 500 ms                 -> CLOSED
//     CLOSED     nothing                 rtsp_client_start()                   -> OPTIONS
//
// The first SDP with AAC has the transcoder loaded (transcode.h), and is asked for again after
// that.
//
// A state up to PLAY is left after a refusal, after 10 s without an answer and for a redirect; any
// is for what is not RTSP and by rtsp_client_stop(), and PLAYING for the camera's REDIRECT. Where
// there is a session by then, by way of TEARDOWN: cameras have few of them. In CLOSED an action
// says why: RTSP_ACTION_FAILED, RTSP_ACTION_REDIRECT or RTSP_ACTION_CLOSED. A TEARDOWN of the
// camera's own leads straight there.
//
// One request is outstanding at a time, so responses are not matched by CSeq, which some cameras
// garble. In PLAYING no answer to a keepalive is ever fatal: if the camera has really ended the
// session, the media stops, and that is noticed by whoever waits for it.
//
// Credentials go to the host of the configured URL only, and to the ones that a redirect names
// credentials for. A redirect that leads out of TLS is refused where there are any.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/publish.h"
#include "rtsp/life.h"
#include "rtsp/track.h"
#include "rtsp/transport.h"
#include "rtsp/url.h"

enum {
    RTSP_RESPONSE_MS = 10000, // slow cameras take seconds to start their encoder
    RTSP_TEARDOWN_MS = 500,   // politeness has a limit when the program wants to end
    RTSP_TEXT_MAX = 160,      // error texts, bytes with the NUL
};

enum rtsp_action_type {
    RTSP_ACTION_SEND,     // write data to the connection; it may hold secrets
    RTSP_ACTION_READY,    // PLAY was sent: begin the tracks, their media follows
    RTSP_ACTION_RTP,      // data is an RTP packet of the track
    RTSP_ACTION_RTCP,     // data is an RTCP packet of the track
    RTSP_ACTION_NOTE,     // text says what goes less well than it should
    RTSP_ACTION_REDIRECT, // close, connect to rtsp_client_url(), then rtsp_client_start()
    RTSP_ACTION_FAILED,   // close; text says what, where and what to do
    RTSP_ACTION_CLOSED,   // close: the session was torn down, by whoever
};

// What it points at is valid until the next call on the client.
struct rtsp_action {
    enum rtsp_action_type type;
    enum eng_track track;
    const uint8_t *data;
    size_t len;
    const char *text;
    enum rtsp_cause cause; // RTSP_ACTION_FAILED
};

struct rtsp_client;

// 0 or -ENOMEM. The URL is copied.
int rtsp_client_create(const struct rtsp_url *url, struct rtsp_client **out);

// Wipes its credentials and frees it.
void rtsp_client_destroy(struct rtsp_client *client);

// A new attempt: back to the configured URL, whatever redirects there were.
void rtsp_client_rewind(struct rtsp_client *client);

// Where to connect: the configured URL, or the one that the last redirect named.
const struct rtsp_url *rtsp_client_url(const struct rtsp_client *client);

// All of the following: take actions with rtsp_client_next() until it returns false after each.
// now_ms is a monotonic clock.

// How media shall come, from the next start on: over TCP, unless this was called. port: for UDP,
// and for each track our port for its RTP; NULL: otherwise. tcp_too: where the camera refuses it,
// TCP is asked for.
void rtsp_client_ask_for(struct rtsp_client *client, enum rtsp_transport_kind kind,
                         const uint16_t port[ENG_TRACKS], bool tcp_too);

// A connection to rtsp_client_url() stands.
void rtsp_client_start(struct rtsp_client *client, int64_t now_ms);

// Bytes came over it. They must stay until rtsp_client_next() has returned false.
void rtsp_client_input(struct rtsp_client *client, const uint8_t *data, size_t len, int64_t now_ms);

// Time passes. Needed at rtsp_client_due_ms() (INT64_MAX: not at all); earlier does no harm.
void rtsp_client_tick(struct rtsp_client *client, int64_t now_ms);
int64_t rtsp_client_due_ms(const struct rtsp_client *client);

// Ends the session: TEARDOWN if there is one, then RTSP_ACTION_CLOSED.
void rtsp_client_stop(struct rtsp_client *client, int64_t now_ms);

// The connection has ended. What was to follow TEARDOWN follows now.
void rtsp_client_end(struct rtsp_client *client);

bool rtsp_client_next(struct rtsp_client *client, struct rtsp_action *out);

// Why what the camera's last SDP had as this track is not carried, RTSP_NOTE_MAX bytes; empty: it
// is, or there was none.
const char *rtsp_client_note(const struct rtsp_client *client, enum eng_track track);

// The track's format in this session, from RTSP_ACTION_READY on; NULL: the session has no such
// track.
const struct rtsp_format *rtsp_client_format(const struct rtsp_client *client,
                                             enum eng_track track);

// How the track comes in this session, from RTSP_ACTION_READY on, if it has a format.
const struct rtsp_transport *rtsp_client_transport(const struct rtsp_client *client,
                                                   enum eng_track track);

// Frames on channels of no track and places where the connection was out of step, since create.
uint64_t rtsp_client_dropped(const struct rtsp_client *client);
