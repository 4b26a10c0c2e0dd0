// SPDX-License-Identifier: Apache-2.0
//
// A camera that answers what it likes, with its bytes cut where it likes. What it sends as media
// goes into tracks, which publish through the checked door. The user's password is never seen in
// the clear, and nothing made of it by other hosts or, where TLS was wanted, without that.
//
// Input: how media is asked for, then {what, length, bytes}.
#include <strings.h>

#include "door.h"
#include "input.h"
#include "rtsp/client.h"
#include "rtsp/source.h"
#include "rtsp/transcode.h"

enum {
    START_MS = 1000000,

    // Of how media is asked for, beside enum rtsp_transport_kind:
    TCP_TOO = 0x80,
    TLS = 0x40,

    // Of the camera's for each request or answer that it draws from us.
    SEND_MIN_BYTES = 10,

    // Of what to do next; all others hand in bytes: length and bytes follow.
    TICK = 1, // a time goes by
    STOP = 2,
    WHATS = 16,
};

#define USER     "fan-4711"
#define PASSWORD "geheim-0815"
#define BASIC    "ZmFuLTQ3MTE6Z2VoZWltLTA4MTU=" // base64 of both

struct world {
    struct rtsp_client *client;
    bool tls;               // is wanted
    struct rtsp_url server; // of this connection
    int64_t now_ms;
    struct eng_stream stream;
    struct rtsp_unit_pool units;
    struct rtsp_track *track[ENG_TRACKS];
    int64_t camera_offset_ns;
    bool over; // the connection is to be closed
    bool redirected;
};

static void begin_tracks(struct world *w)
{
    static const struct rtsp_format none;

    w->camera_offset_ns = 0;
    for (int t = 0; t < ENG_TRACKS; t++) {
        const struct rtsp_format *format = rtsp_client_format(w->client, (enum eng_track)t);

        if (format)
            assert(rtsp_client_transport(w->client, (enum eng_track)t));
        rtsp_track_begin(w->track[t], format ? format : &none);
    }
}

static void check_text(const struct rtsp_action *action)
{
    assert(action->text && action->text[0] && input_is_line(action->text, RTSP_TEXT_MAX));
    assert(!strstr(action->text, PASSWORD));
}

static bool contains(const uint8_t *data, size_t len, const char *text)
{
    return len > 0 && memmem(data, len, text, strlen(text)) != NULL;
}

// libFuzzer learns what is looked for, and a camera that says it itself proves nothing.
static bool knows_secret(const uint8_t *data, size_t len)
{
    return contains(data, len, USER) || contains(data, len, PASSWORD) || contains(data, len, BASIC);
}

static void check_request(const struct world *w, const struct rtsp_action *action)
{
    assert(action->len >= 4 && memcmp(action->data + action->len - 4, "\r\n\r\n", 4) == 0);
    assert(!contains(action->data, action->len, PASSWORD));
    if (contains(action->data, action->len, USER) || contains(action->data, action->len, BASIC))
        assert(strcasecmp(w->server.host, "camera") == 0 && (w->server.tls || !w->tls));
}

static void act(struct world *w, const struct rtsp_action *action)
{
    struct rtsp_now now = {w->now_ms * 1000000, w->now_ms * 1000000};

    assert(!w->over);
    switch (action->type) {
    case RTSP_ACTION_SEND:
        check_request(w, action);
        break;
    case RTSP_ACTION_READY:
        begin_tracks(w);
        break;
    case RTSP_ACTION_RTP:
        rtsp_track_rtp(w->track[action->track], action->data, action->len, now);
        break;
    case RTSP_ACTION_RTCP:
        rtsp_track_rtcp(w->track[action->track], action->data, action->len, &w->camera_offset_ns);
        rtsp_track_says_bye(w->track[action->track], action->data, action->len);
        break;
    case RTSP_ACTION_NOTE:
        check_text(action);
        break;
    case RTSP_ACTION_FAILED:
        check_text(action);
        assert(action->cause < RTSP_CAUSES);
        w->over = true;
        break;
    case RTSP_ACTION_REDIRECT:
        w->redirected = true;
        w->over = true;
        break;
    case RTSP_ACTION_CLOSED:
        w->over = true;
        break;
    }
}

// bytes: how many the camera has sent.
static void drain(struct world *w, size_t bytes)
{
    struct rtsp_action action;
    size_t sent = 0;

    while (rtsp_client_next(w->client, &action)) {
        act(w, &action);
        sent += action.type == RTSP_ACTION_SEND;
    }
    assert(sent <= 2 + bytes / SEND_MIN_BYTES);
    assert(!w->over || rtsp_client_due_ms(w->client) == INT64_MAX);
    for (int t = 0; t < ENG_TRACKS; t++)
        assert(input_is_line(rtsp_client_note(w->client, (enum eng_track)t), RTSP_NOTE_MAX));
}

static void connect_to_url(struct world *w)
{
    w->server = *rtsp_client_url(w->client);
    rtsp_client_start(w->client, w->now_ms);
    drain(w, 0);
}

static void open_world(struct world *w, uint8_t how)
{
    static const uint16_t ports[ENG_TRACKS] = {5000, 5002};
    struct rtsp_url url;
    const char *error;

    w->now_ms = START_MS;
    w->stream.payload_max = 1200;
    w->tls = how & TLS;
    assert(rtsp_url_parse(w->tls ? "rtsps://" USER ":" PASSWORD "@camera/stream"
                                 : "rtsp://" USER ":" PASSWORD "@camera/stream",
                          &url, &error) == 0);
    assert(rtsp_client_create(&url, &w->client) == 0);
    for (int t = 0; t < ENG_TRACKS; t++)
        assert(rtsp_track_create(&w->stream, (enum eng_track)t, 1200, &w->units, &w->track[t]) ==
               0);
    rtsp_client_ask_for(w->client, (how & 0x3f) % (RTSP_TRANSPORT_MULTICAST + 1), ports,
                        how & TCP_TOO);
    connect_to_url(w);
}

// As a source does: to where it was sent, or else to where it began.
static void connect_anew(struct world *w)
{
    if (!w->redirected)
        rtsp_client_rewind(w->client);
    w->over = false;
    w->redirected = false;
    connect_to_url(w);
}

static void close_world(struct world *w)
{
    rtsp_client_destroy(w->client);
    for (int t = 0; t < ENG_TRACKS; t++)
        rtsp_track_destroy(w->track[t]);
    rtsp_unit_pool_fini(&w->units);
    door_close(&w->stream);
}

static void step(struct world *w, struct input *in)
{
    unsigned what = input_u8(in) % WHATS;

    if (what == TICK) {
        w->now_ms += input_u16(in);
        rtsp_client_tick(w->client, w->now_ms);
        drain(w, 0);
    } else if (what == STOP) {
        rtsp_client_stop(w->client, w->now_ms);
        drain(w, 0);
    } else {
        struct input piece = input_piece(in, input_u16(in));
        uint8_t *exact = input_copy(piece.data, piece.len);

        rtsp_client_input(w->client, exact, piece.len, w->now_ms);
        drain(w, piece.len);
        free(exact);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct input in = {data, len};
    struct world w = {0};

    if (knows_secret(data, len))
        return 0;
    (void)rtsp_transcoder(); // else what comes of AAC hangs on when it was loaded
    open_world(&w, input_u8(&in));
    while (in.len > 0) {
        if (w.over)
            connect_anew(&w);
        step(&w, &in);
    }
    close_world(&w);
    return 0;
}
