// SPDX-License-Identifier: Apache-2.0
//
// The RTSP client in memory, with a scripted camera and a clock of the test's own.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtsp/client.h"

struct bench {
    struct rtsp_client *client;
    int64_t now_ms;
    size_t piece;    // bytes per rtsp_client_input()
    char sent[8192]; // since the last look
    // One letter per action but SEND: R(eady), N(ote), > (redirect), F(ailed), C(losed), v a RTP
    // and V A RTCP of video and audio.
    char seen[256];
    char text[RTSP_TEXT_MAX];
};

static inline void drain(struct bench *b)
{
    struct rtsp_action action;

    while (rtsp_client_next(b->client, &action)) {
        size_t used = strlen(b->sent);
        char letter = '\0';

        switch (action.type) {
        case RTSP_ACTION_SEND:
            assert_true(used + action.len < sizeof(b->sent));
            memcpy(b->sent + used, action.data, action.len);
            b->sent[used + action.len] = '\0';
            continue;
        case RTSP_ACTION_READY:
            letter = 'R';
            break;
        case RTSP_ACTION_RTP:
            letter = action.track == ENG_VIDEO ? 'v' : 'a';
            break;
        case RTSP_ACTION_RTCP:
            letter = action.track == ENG_VIDEO ? 'V' : 'A';
            break;
        case RTSP_ACTION_NOTE:
            letter = 'N';
            break;
        case RTSP_ACTION_REDIRECT:
            letter = '>';
            break;
        case RTSP_ACTION_FAILED:
            letter = 'F';
            break;
        case RTSP_ACTION_CLOSED:
            letter = 'C';
            break;
        }
        if (action.text && (letter == 'F' || letter == 'N'))
            snprintf(b->text, sizeof(b->text), "%s", action.text);
        assert_true(strlen(b->seen) + 1 < sizeof(b->seen));
        b->seen[strlen(b->seen)] = letter;
    }
}

static inline void begin_at(struct bench *b, const char *text, size_t piece)
{
    struct rtsp_url url;
    const char *error;

    *b = (struct bench){.now_ms = 1000000, .piece = piece};
    assert_int_equal(rtsp_url_parse(text, &url, &error), 0);
    assert_int_equal(rtsp_client_create(&url, &b->client), 0);
    rtsp_client_start(b->client, b->now_ms);
    drain(b);
}

static inline void begin(struct bench *b)
{
    begin_at(b, "rtsp://u:p@cam/s", 1 << 20);
}

static inline void end(struct bench *b)
{
    rtsp_client_destroy(b->client);
}

// Hands in bytes, in pieces that are gone afterwards.
static inline void feed_bytes(struct bench *b, const void *data, size_t len)
{
    for (size_t at = 0; at < len; at += b->piece) {
        size_t n = len - at < b->piece ? len - at : b->piece;
        uint8_t *copy = malloc(n);

        assert_non_null(copy);
        memcpy(copy, (const uint8_t *)data + at, n);
        rtsp_client_input(b->client, copy, n, b->now_ms);
        drain(b);
        free(copy);
    }
}

static inline void feed(struct bench *b, const char *text)
{
    feed_bytes(b, text, strlen(text));
}

static inline void feed_frame(struct bench *b, uint8_t channel)
{
    uint8_t frame[4 + 12] = {'$', channel, 0, 12, 0x80, 96};

    feed_bytes(b, frame, sizeof(frame));
}

static inline void tick(struct bench *b, int64_t ms)
{
    b->now_ms += ms;
    rtsp_client_tick(b->client, b->now_ms);
    drain(b);
}

// The request that was sent starts like this; it is forgotten.
static inline void expect_request(struct bench *b, const char *start)
{
    if (strncmp(b->sent, start, strlen(start)) != 0)
        fail_msg("expected %s, sent: %s", start, b->sent);
    assert_string_equal(b->sent + strlen(b->sent) - 4, "\r\n\r\n");
    b->sent[0] = '\0';
}

static inline void expect_contains(const struct bench *b, const char *part)
{
    if (!strstr(b->sent, part))
        fail_msg("no %s in: %s", part, b->sent);
}

static inline void expect_seen(struct bench *b, const char *letters)
{
    assert_string_equal(b->seen, letters);
    memset(b->seen, 0, sizeof(b->seen));
}

#define VIDEO_SDP                                                                     \
    "v=0\r\ns=x\r\na=control:*\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n" \
    "a=control:track1\r\n"
#define AUDIO_SDP "m=audio 0 RTP/AVP 0\r\na=control:track2\r\n"

static inline void feed_sdp(struct bench *b, const char *headers, const char *sdp)
{
    char text[4096];

    snprintf(text, sizeof(text), "RTSP/1.0 200 OK\r\nCSeq: 2\r\n%sContent-Length: %zu\r\n\r\n%s",
             headers, strlen(sdp), sdp);
    feed(b, text);
}

static const char ok[] = "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n";
static const char public_ok[] = "RTSP/1.0 200 OK\r\nCSeq: 1\r\n"
                                "Public: OPTIONS, DESCRIBE, GET_PARAMETER\r\n\r\n";
static const char setup_ok[] = "RTSP/1.0 200 OK\r\nCSeq: 3\r\nSession:  1234abcd ; timeout = 30\r\n"
                               "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n\r\n";
static const char setup2_ok[] = "RTSP/1.0 200 OK\r\nCSeq: 4\r\nSession: 1234abcd;timeout=30\r\n"
                                "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n\r\n";

// Up to PLAYING, video only.
static inline void play_video(struct bench *b, const char *options_answer)
{
    feed(b, options_answer);
    feed_sdp(b, "", VIDEO_SDP);
    feed(b, setup_ok);
    feed(b, ok);
    expect_seen(b, "R");
    b->sent[0] = '\0';
}
