// SPDX-License-Identifier: Apache-2.0
//
// A camera that answers what it likes, with its bytes cut where it likes. What it sends as media
// goes into tracks, which publish through the checked door.
//
// Input: how media is asked for, then {what, length, bytes}.
#include "door.h"
#include "input.h"
#include "rtsp/client.h"
#include "rtsp/source.h"

enum {
    START_MS = 1000000,
    // Of the camera's for each request or answer that it draws from us.
    SEND_MIN_BYTES = 10,

    // Of what to do next; all others hand in bytes: length and bytes follow.
    TICK = 1, // a time goes by
    STOP = 2,
    WHATS = 16,
};

struct world {
    struct rtsp_client *client;
    int64_t now_ms;
    struct eng_stream stream;
    struct rtsp_unit_pool units;
    struct rtsp_track *track[ENG_TRACKS];
    int64_t camera_offset_ns;
    bool over; // the connection is to be closed
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
}

static void act(struct world *w, const struct rtsp_action *action)
{
    struct rtsp_now now = {w->now_ms * 1000000, w->now_ms * 1000000};

    assert(!w->over);
    switch (action->type) {
    case RTSP_ACTION_SEND:
        assert(action->len >= 4 && memcmp(action->data + action->len - 4, "\r\n\r\n", 4) == 0);
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

static void open_world(struct world *w, uint8_t how)
{
    static const uint16_t ports[ENG_TRACKS] = {5000, 5002};
    struct rtsp_url url;
    const char *error;

    w->now_ms = START_MS;
    w->stream.payload_max = 1200;
    assert(rtsp_url_parse("rtsp://user:pass@camera/stream", &url, &error) == 0);
    assert(rtsp_client_create(&url, &w->client) == 0);
    for (int t = 0; t < ENG_TRACKS; t++)
        assert(rtsp_track_create(&w->stream, (enum eng_track)t, 1200, &w->units, &w->track[t]) ==
               0);
    rtsp_client_ask_for(w->client, how % (RTSP_TRANSPORT_MULTICAST + 1), ports, how & 0x80);
    rtsp_client_start(w->client, w->now_ms);
    drain(w, 0);
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

    open_world(&w, input_u8(&in));
    while (in.len > 0) {
        if (w.over) { // as a source does: again, to where it was sent
            w.over = false;
            rtsp_client_start(w.client, w.now_ms);
            drain(&w, 0);
        }
        step(&w, &in);
    }
    close_world(&w);
    return 0;
}
