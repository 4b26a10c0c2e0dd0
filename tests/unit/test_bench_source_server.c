// SPDX-License-Identifier: Apache-2.0
//
// bench/source as its clients see it: sessions, what goes over UDP, and sender reports that agree
// with the packets. Over loopback, in one thread with the server, on a clock of the test's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/clip.h"
#include "bench/pace.h"
#include "bench/source_clock.h"
#include "bench/source_pacer.h"
#include "bench/source_server.h"
#include "bench/source_summary.h"
#include "bench/stamp.h"
#include "tests/support/stepped_clock.h"

enum {
    FPS = 30,
    FRAMES = 30,
    FRAME_LEN = 2000, // two packets
    KEY_LEN = 60000,  // 44 packets
    DATAGRAM_MAX = 2048,
    TURNS_MAX = 60000,
};

struct world {
    struct event_base *base;
    struct bench_clip *clip;
    struct source_stream stream;
    struct source_server server;
    uint16_t port;
    int client; // RTSP
    int udp[2]; // RTP, RTCP
    uint16_t ports[2];
    char answer[4096];
};

static size_t put_nal(uint8_t *to, uint8_t header, size_t len)
{
    memcpy(to, "\0\0\1", 3);
    memset(to + 3, 0x88, len);
    to[3] = header;
    return 3 + len;
}

// One GOP of a second.
static struct bench_clip *make_clip(void)
{
    struct bench_clip_options options = {.fps = FPS, .stamp = 1};
    static uint8_t video[2 * KEY_LEN + FRAMES * (FRAME_LEN + 3)];
    struct bench_clip *clip;
    const char *error;
    size_t len = put_nal(video, 0x67, 10);

    len += put_nal(video + len, 0x68, 4);
    len += put_nal(video + len, 0x65, KEY_LEN);
    for (unsigned i = 1; i < FRAMES; i++)
        len += put_nal(video + len, 0x41, FRAME_LEN);
    assert_int_equal(bench_clip_create(video, len, NULL, 0, &options, &clip, &error), 0);
    return clip;
}

static int bind_udp(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *port = ntohs(address.sin_port);
    return fd;
}

static struct world *open_world(bool tcp, bool udp)
{
    struct world *w = calloc(1, sizeof(*w));
    struct sockaddr_storage address = {0};
    struct sockaddr_in *in = (struct sockaddr_in *)&address;

    assert_non_null(w);
    w->base = event_base_new();
    w->clip = make_clip();
    w->stream.begin_ns = source_clock_ns();
    assert_int_equal(source_stream_init(&w->stream, w->base, w->clip, "cam"), 0);
    w->server = (struct source_server){
        .base = w->base,
        .clip = w->clip,
        .streams = &w->stream,
        .stream_count = 1,
        .served = {[SOURCE_TRANSPORT_INTERLEAVED] = tcp, [SOURCE_TRANSPORT_UDP] = udp},
    };
    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(source_server_init(&w->server, &address, sizeof(*in)), 0);
    w->client = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(connect(w->client, (struct sockaddr *)&address, sizeof(*in)) == 0 || w->client > 0);
    w->udp[0] = bind_udp(&w->ports[0]);
    w->udp[1] = bind_udp(&w->ports[1]);
    return w;
}

static void close_world(struct world *w)
{
    source_server_fini(&w->server);
    source_stream_fini(&w->stream);
    bench_clip_destroy(w->clip);
    event_base_free(w->base);
    close(w->client);
    close(w->udp[0]);
    close(w->udp[1]);
    free(w);
}

// One turn of the server's loop.
static void turn(const struct world *w)
{
    stepped_turn(w->base, 1);
}

// The status code; the answer is kept.
static int ask(struct world *w, const char *method, const char *target, const char *headers)
{
    unsigned turns = 0;
    char request[512];
    size_t len = 0;
    int status = 0;

    snprintf(request, sizeof(request), "%s rtsp://h/%s RTSP/1.0\r\nCSeq: 1\r\n%s\r\n", method,
             target, headers);
    assert_int_equal(write(w->client, request, strlen(request)), strlen(request));
    for (w->answer[0] = '\0'; strstr(w->answer, "\r\n\r\n") == NULL;) {
        turn(w);
        ssize_t n = read(w->client, w->answer + len, sizeof(w->answer) - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        w->answer[len] = '\0';
        assert_true(++turns < TURNS_MAX);
    }
    assert_int_equal(sscanf(w->answer, "RTSP/1.0 %d", &status), 1);
    return status;
}

static int set_up_udp(struct world *w)
{
    char headers[128];

    snprintf(headers, sizeof(headers), "Transport: RTP/AVP;unicast;client_port=%u-%u\r\n",
             w->ports[0], w->ports[1]);
    return ask(w, "SETUP", "cam/trackID=0", headers);
}

static int set_up_tcp(struct world *w)
{
    return ask(w, "SETUP", "cam/trackID=0", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
}

static int play(struct world *w)
{
    char headers[64], id[20] = "";
    const char *session = strstr(w->answer, "Session: ");

    assert_non_null(session);
    sscanf(session, "Session: %16s", id);
    snprintf(headers, sizeof(headers), "Session: %s\r\n", id);
    return ask(w, "PLAY", "cam", headers);
}

static void test_transports_are_refused(void **state)
{
    (void)state;

    struct world *w = open_world(true, false);
    assert_int_equal(set_up_udp(w), 461);
    assert_int_equal(set_up_tcp(w), 200);
    close_world(w);
    w = open_world(false, true);
    assert_int_equal(set_up_tcp(w), 461);
    assert_int_equal(set_up_udp(w), 200);
    close_world(w);
}

static void test_session_keeps_to_its_transport(void **state)
{
    (void)state;

    struct world *w = open_world(true, true);
    assert_int_equal(ask(w, "PLAY", "cam", "Session: 0\r\n"), 454);
    assert_int_equal(ask(w, "SETUP", "nobody/trackID=0", "Transport: RTP/AVP/TCP\r\n"), 404);
    assert_int_equal(ask(w, "SETUP", "cam/trackID=1", "Transport: RTP/AVP/TCP\r\n"), 404);
    assert_int_equal(set_up_udp(w), 200);
    assert_int_equal(set_up_tcp(w), 461);
    assert_int_equal(set_up_udp(w), 200);
    assert_int_equal(play(w), 200);
    assert_int_equal(set_up_udp(w), 455);
    close_world(w);
}

static void test_ports_are_a_pair(void **state)
{
    struct world *w = open_world(true, true);
    char expected[64];
    (void)state;

    assert_int_equal(set_up_udp(w), 200);
    snprintf(expected, sizeof(expected), "client_port=%u-%u;server_port=%u-%u;", w->ports[0],
             w->ports[1], w->server.udp.port, w->server.udp.port + 1);
    assert_non_null(strstr(w->answer, expected));
    assert_int_equal(w->server.udp.port % 2, 0);
    close_world(w);
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

// What a UDP client has seen.
struct seen {
    unsigned packets, frames, stamps, reports;
    uint16_t first, last;   // sequence numbers
    uint32_t octets[65536]; // of the packet of each sequence number
    struct {
        uint32_t packets, octets; // as it says
    } report[2];
};

static void take_packet(struct world *w, struct seen *seen, const uint8_t *rtp, size_t len)
{
    uint16_t sequence = (uint16_t)(rtp[2] << 8 | rtp[3]);
    int64_t sent_ns;

    if (seen->packets++ == 0)
        seen->first = sequence;
    else
        assert_int_equal(sequence, (uint16_t)(seen->last + 1));
    seen->last = sequence;
    seen->frames += rtp[1] >> 7;
    seen->octets[sequence] = (uint32_t)(len - BENCH_RTP_HEADER_LEN);
    assert_int_equal(be32(rtp + 8), w->stream.ssrc[BENCH_VIDEO]);
    if (bench_stamp_decode(rtp + BENCH_RTP_HEADER_LEN, len - BENCH_RTP_HEADER_LEN, &sent_ns)) {
        assert_int_equal(rtp[1] >> 7, 0);
        assert_true(sent_ns > w->stream.begin_ns && sent_ns <= source_clock_ns());
        seen->stamps++;
    }
}

static void look(struct world *w, struct seen *seen)
{
    uint8_t datagram[DATAGRAM_MAX];
    ssize_t n;

    turn(w);
    while ((n = read(w->udp[0], datagram, sizeof(datagram))) > 0)
        take_packet(w, seen, datagram, (size_t)n);
    while (seen->reports < 2 && (n = read(w->udp[1], datagram, sizeof(datagram))) > 0) {
        assert_int_equal(datagram[1], 200);
        seen->report[seen->reports].packets = be32(datagram + 20);
        seen->report[seen->reports].octets = be32(datagram + 24);
        seen->reports++;
    }
}

// Until there are so many frames and reports.
static struct seen *watch(struct world *w, unsigned frames, unsigned reports)
{
    struct seen *seen = calloc(1, sizeof(*seen));
    unsigned turns = 0;

    assert_non_null(seen);
    while (seen->frames < frames || seen->reports < reports) {
        look(w, seen);
        assert_true(++turns < TURNS_MAX);
    }
    return seen;
}

static void test_reports_agree_with_packets(void **state)
{
    struct world *w = open_world(true, true);
    uint16_t first = w->stream.first_sequence[BENCH_VIDEO];
    (void)state;

    assert_int_equal(set_up_udp(w), 200);
    assert_int_equal(play(w), 200);
    struct seen *seen = watch(w, 2 * FPS, 2);
    while ((uint16_t)(seen->last + 1 - first) < seen->report[1].packets)
        look(w, seen);
    uint32_t octets = seen->report[0].octets;
    assert_int_equal((uint16_t)(first + seen->report[0].packets), seen->first);
    for (uint32_t i = seen->report[0].packets; i < seen->report[1].packets; i++)
        octets += seen->octets[(uint16_t)(first + i)];
    assert_int_equal(octets, seen->report[1].octets);
    assert_true(seen->report[1].packets > seen->report[0].packets + 2 * FPS);
    free(seen);
    close_world(w);
}

static void test_each_frame_has_a_stamp(void **state)
{
    struct world *w = open_world(true, true);
    (void)state;

    assert_int_equal(set_up_udp(w), 200);
    assert_int_equal(play(w), 200);
    struct seen *seen = watch(w, FPS + 2, 1); // over the seam
    const struct source_tally *tally = &w->stream.tally[BENCH_VIDEO];
    // One more when the last frame that was seen is there in part.
    assert_true(seen->stamps == seen->frames || seen->stamps == seen->frames + 1);
    assert_true(tally->reports >= 1);
    assert_int_equal(tally->units, seen->stamps);
    assert_true(tally->keys >= 1 && tally->packets >= seen->packets);
    assert_int_equal(w->server.udp.refused, 0);
    free(seen);
    close_world(w);
}

enum {
    PACED_PACKETS = 100,
    PACED_LEN_MAX = BENCH_INTERLEAVE_LEN + 9,
};

// Long runs of one length, shorter and longer ones between them.
static size_t paced_len(unsigned i)
{
    return i % 13 == 0 ? 6 : i % 7 == 0 ? 9 : 8;
}

// Packets of channel 0 that bear their number.
static size_t put_paced(uint8_t *to, unsigned first, unsigned count)
{
    size_t len = 0;

    for (unsigned i = first; i < first + count; i++) {
        uint8_t packet[PACED_LEN_MAX] = {'$', 0, 0, (uint8_t)paced_len(i), (uint8_t)i};
        memcpy(to + len, packet, BENCH_INTERLEAVE_LEN + paced_len(i));
        len += BENCH_INTERLEAVE_LEN + paced_len(i);
    }
    return len;
}

// Large frames leave in bursts, one with each turn of the grid, in order, and what comes later
// waits behind them.
static void test_large_frames_are_paced(void **state)
{
    struct world *w = open_world(true, true);
    uint8_t framed[PACED_PACKETS * PACED_LEN_MAX], datagram[DATAGRAM_MAX];
    struct source_pacer pacer;
    unsigned received = 0, turns = 0;
    ssize_t n;
    (void)state;

    assert_int_equal(source_pacer_init(&pacer, w->base, &w->server.udp), 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(w->ports[0]),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(&pacer.peer.to[0], &to, sizeof(to));
    pacer.peer.to_len = sizeof(to);
    source_pacer_send(&pacer, framed, put_paced(framed, 0, 60));
    source_pacer_send(&pacer, framed, put_paced(framed, 60, PACED_PACKETS - 60));
    while (received < PACED_PACKETS) {
        unsigned burst = 0;
        for (; (n = read(w->udp[0], datagram, sizeof(datagram))) > 0; burst++, received++) {
            assert_int_equal(datagram[0], received);
            assert_int_equal(n, paced_len(received));
        }
        assert_true(burst <= BENCH_PACE_BURST_MIN && (burst > 0 || received > 0));
        turn(w);
        assert_true(++turns < TURNS_MAX);
    }
    assert_int_equal(pacer.waiting, 0);
    source_pacer_fini(&pacer);
    close_world(w);
}

// The kernel that does not cut messages up gets packets one by one, and the client the same.
static void test_packets_one_by_one(void **state)
{
    struct world *w = open_world(true, true);
    (void)state;

    w->server.udp.singly = true;
    assert_int_equal(set_up_udp(w), 200);
    assert_int_equal(play(w), 200);
    free(watch(w, 3, 1));
    close_world(w);
}

static void test_summary(void **state)
{
    struct source_stream streams[2] = {
        {.name = "a\"b\\", .player_count = 1, .tally = {{.units = 3, .keys = 1, .packets = 9}}},
        {.name = "cam2",
         .player_count = 2,
         .tally = {{.units = 4, .late = 1, .late_max_ns = 5999}}},
    };
    struct source_summary summary = {streams, 2, 7, 1.5, 0.25};
    char path[] = "/tmp/test_bench_source_XXXXXX", text[4096];
    (void)state;

    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(source_summary_write(&summary, path), 0);
    ssize_t len = read(fd, text, sizeof(text) - 1);
    assert_true(len > 0);
    text[len] = '\0';
    assert_non_null(strstr(text, "\"seconds\": 1.500, \"cpu_seconds\": 0.250, "
                                 "\"refused_datagrams\": 7"));
    assert_non_null(strstr(text, "\"total\": {\"players\": 3, \"reports\": 0, \"video\": "
                                 "{\"units\": 7, \"keys\": 1, \"packets\": 9, \"bytes\": 0, "
                                 "\"dropped\": 0, \"late\": 1, \"late_max_us\": 5}"));
    assert_non_null(strstr(text, "{\"name\": \"a\\\"b\\\\\", \"players\": 1"));
    assert_int_equal(source_summary_write(&summary, "/nowhere/at/all"), -2);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transports_are_refused),
        cmocka_unit_test(test_session_keeps_to_its_transport),
        cmocka_unit_test(test_ports_are_a_pair),
        cmocka_unit_test(test_reports_agree_with_packets),
        cmocka_unit_test(test_each_frame_has_a_stamp),
        cmocka_unit_test(test_large_frames_are_paced),
        cmocka_unit_test(test_packets_one_by_one),
        cmocka_unit_test(test_summary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
