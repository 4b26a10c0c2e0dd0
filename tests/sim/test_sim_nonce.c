// SPDX-License-Identifier: Apache-2.0
//
// The nonce ledger. AES-GCM breaks when one (key, nonce) seals two different texts (RFC 7714 14.1).
// Here the whole engine runs in one thread, in memory, on a clock of its own; in place of the
// cipher stands a book of all that was ever sealed. A random script publishes, joins, leaves,
// pauses, resumes, moves, asks for packets and keyframes, refuses and delays sends, laps readers
// and overwrites packets while they are being sealed.
//
//     RTCFAN_LEDGER_PACKETS  packets to seal (default: LEDGER_PACKETS; 100000000 before a release)
//     RTCFAN_LEDGER_SEED     of the script (default: 1); sequence numbers begin at random anyway
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/worker.h"
#include "tests/support/nonce_ledger.h"

enum {
    LEDGER_PACKETS = 3000000,
    STREAMS = 2,
    VIEWERS = 12,
    TRAIN_MAX = 16,
    PAYLOAD_MAX = 48,
    GOP = 60, // frames, about
};

// ---- the script's dice ----

static uint64_t dice_state;

static uint64_t roll(uint64_t sides)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (dice_state >> 11) % sides;
}

static bool one_in(uint64_t n)
{
    return roll(n) == 0;
}

// The engine's own stays in its library: the linker takes this one.
const struct eng_gcm_ops *eng_gcm_best(void)
{
    return &ledger_gcm;
}

// ---- in place of the kernel ----

struct eng_io {
    struct eng_io_config config;
    struct eng_send *pending[ENG_SENDS_MAX];
    unsigned count;
    bool prompt; // no send is delayed or refused
};

static struct eng_io the_io;

static int io_create(const struct eng_io_config *config, struct eng_io **out)
{
    the_io = (struct eng_io){.config = *config};
    *out = &the_io;
    return 0;
}

static void io_destroy(struct eng_io *io)
{
    assert_int_equal(io->count, 0);
}

static void io_push(struct eng_io *io, struct eng_send *send)
{
    assert_false(ledger_is_torn(send->data, send->len));
    io->pending[io->count++] = send;
}

static void io_flush(struct eng_io *io)
{
    static const int errors[] = {-EAGAIN, -ENOBUFS, -EPERM, -ECONNREFUSED, -EMSGSIZE, -ECANCELED};
    unsigned done = io->count;

    if (!io->prompt && one_in(20))
        done = (unsigned)roll(io->count + 1);
    for (unsigned i = 0; i < done; i++) {
        int result = 0;

        if (!io->prompt && one_in(200))
            result = errors[roll(sizeof(errors) / sizeof(*errors))];
        // Late in the run: from then on, one packet per message.
        if (!io->prompt && ledger.sealed > LEDGER_PACKETS / 2 && one_in(10000))
            result = -EIO;
        io->config.sent(io->config.ctx, io->pending[i], result);
    }
    memmove(io->pending, io->pending + done, (io->count - done) * sizeof(*io->pending));
    io->count -= done;
}

static void io_wait(struct eng_io *io, int64_t timeout_ns)
{
    (void)timeout_ns;
    io_flush(io);
}

static const struct eng_io_ops fake_io = {
    .name = "ledger",
    .create = io_create,
    .destroy = io_destroy,
    .push = io_push,
    .flush = io_flush,
    .wait = io_wait,
};

// ---- the world ----

struct source {
    struct eng_stream *stream;
    int64_t media_time;
    uint64_t payloads; // makes each unlike all others
    int to_keyframe;
};

struct member {
    struct eng_viewer *viewer; // NULL: not there
    struct eng_tuple tuple;
    bool paused, leaving;
    uint32_t rtcp_index;
};

static struct {
    struct eng_engine *engine;
    struct eng_worker *worker;
    struct source sources[STREAMS];
    struct member members[VIEWERS];
    uint16_t next_port;
    uint64_t joins;
} world;

static void publish_packet(struct source *s, enum eng_track track, uint16_t len, uint16_t flags)
{
    struct eng_packet packet = {
        .media_time = s->media_time,
        .capture_ns = world.worker->real_ns,
        .len = len,
        .flags = flags,
    };
    uint64_t payload[PAYLOAD_MAX / 8];

    for (size_t i = 0; i < PAYLOAD_MAX / 8; i++)
        payload[i] = ++s->payloads * UINT64_C(0x2545f4914f6cdd1d);
    memcpy(eng_publish_reserve(s->stream, track, len), payload, len);
    eng_publish_commit(s->stream, track, &packet);
}

// Equal sizes, the last shorter; a keyframe is long.
static void publish_frame(struct source *s)
{
    bool key = s->to_keyframe-- <= 0;
    unsigned count = 1 + (unsigned)roll(key ? 60 : 12);
    uint16_t len = (uint16_t)(8 + roll(PAYLOAD_MAX - 8));

    if (key)
        s->to_keyframe = (int)roll(GOP * 2);
    s->media_time += 1000 + (int64_t)roll(4000);
    for (unsigned i = 0; i < count; i++) {
        bool last = i == count - 1;
        unsigned flags = key ? ENG_PACKET_KEYFRAME : 0;

        flags |= i == 0 ? ENG_PACKET_FRAME_START : 0;
        flags |= last ? ENG_PACKET_MARKER : 0;
        publish_packet(s, ENG_VIDEO, last && len > 8 ? (uint16_t)(len - roll(8)) : len,
                       (uint16_t)flags);
    }
}

static void publish(struct source *s)
{
    publish_frame(s);
    for (uint64_t i = roll(3); i > 0; i--)
        publish_packet(s, ENG_AUDIO, (uint16_t)(8 + roll(PAYLOAD_MAX - 8)), ENG_PACKET_FRAME_START);
    eng_publish_flush(s->stream, world.worker->mono_ns);
}

// More than the ring holds.
static void lap(struct source *s)
{
    const struct eng_ring *ring = &s->stream->ring[ENG_VIDEO];
    uint64_t until = ring->bytes_so_far + ring->size;

    while (ring->bytes_so_far < until)
        publish(s);
}

// The ingest thread comes by while a worker seals.
static bool disturb(void)
{
    if (!one_in(20000))
        return false;
    lap(&world.sources[roll(STREAMS)]);
    return true;
}

// ---- what viewers do ----

// Of the extensions a viewer may have any.
static struct eng_extension_config some_extensions(bool rtx)
{
    return (struct eng_extension_config){
        .playout_delay = one_in(2) ? 1 : 0,
        .capture_time = one_in(2) ? 2 : 0,
        .transport_cc = rtx && one_in(2) ? 3 : 0,
        .mid = one_in(2) ? 4 : 0,
        .mid_text = "0",
    };
}

static void join(struct member *m)
{
    struct eng_viewer_config config = {
        .stream = world.sources[(size_t)(m - world.members) % STREAMS].stream,
        .keying.profile = ENG_SRTP_AEAD_AES_128_GCM,
        .track =
            {[ENG_VIDEO] = {.on = true, .payload_type = 96, .ssrc = 0x10000, .clock_rate = 90000},
             [ENG_AUDIO] = {.on = true, .payload_type = 111, .ssrc = 0x20000, .clock_rate = 48000}},
        .cname = "ledger",
        .owner = m,
    };

    memset(m, 0, sizeof(*m));
    m->tuple.remote.in4.sin_family = m->tuple.local.in4.sin_family = AF_INET;
    m->tuple.remote.in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    m->tuple.remote.in4.sin_port = htons(++world.next_port);
    config.tuple = m->tuple;
    for (int i = 0; i < ENG_SRTP_KEY_LEN; i++) {
        config.keying.send.key[i] = (uint8_t)roll(256);
        config.keying.receive.key[i] = (uint8_t)roll(256);
    }
    config.keying.send.salt[0] = (uint8_t)roll(256);
    for (int t = 0; t < ENG_TRACKS && one_in(2); t++) {
        config.track[t].rtx_payload_type = 97;
        config.track[t].rtx_ssrc = config.track[t].ssrc + 1;
    }
    for (int t = 0; t < ENG_TRACKS; t++)
        config.track[t].extension = some_extensions(config.track[t].rtx_ssrc != 0);
    assert_int_equal(eng_viewer_add(world.engine, &config, &m->viewer), 0);
    ledger_learn(m->viewer);
    world.joins++;
}

// SRTCP that the fake cipher takes for authentic: text, tag, index.
static void say(struct member *m, uint8_t *rtcp, size_t len)
{
    eng_put32(rtcp + len + ENG_GCM_TAG_LEN, UINT32_C(0x80000000) | m->rtcp_index++);
    the_io.config.received(the_io.config.ctx, &m->tuple, rtcp, len + ENG_GCM_TAG_LEN + 4);
}

// 17 packets around one that was sent lately.
static void ask_for_packets(struct member *m)
{
    const struct eng_rewrite *rw = &m->viewer->place[roll(ENG_TRACKS)].rewrite;
    uint8_t rtcp[64] = {0x81, 205, 0, 3, 0, 0, 0, 1};

    eng_put32(rtcp + 8, rw->ssrc);
    eng_put16(rtcp + 12, (uint16_t)(rw->next_seq - roll(one_in(10) ? 20000 : 100)));
    eng_put16(rtcp + 14, (uint16_t)roll(65536));
    say(m, rtcp, 16);
}

static void ask_for_keyframe(struct member *m)
{
    uint8_t rtcp[64] = {0x81, 206, 0, 2, 0, 0, 0, 1};

    eng_put32(rtcp + 8, m->viewer->place[ENG_VIDEO].rewrite.ssrc);
    say(m, rtcp, 12);
}

// Now and then of loss that stops its video for a while (RFC 8083).
static void report(struct member *m)
{
    uint8_t rtcp[64] = {0x81, 201, 0, 7, 0, 0, 0, 1};

    eng_put32(rtcp + 8, m->viewer->place[ENG_VIDEO].rewrite.ssrc);
    rtcp[12] = one_in(5) ? (uint8_t)roll(256) : 0;
    eng_put32(rtcp + 16, (uint32_t)m->viewer->place[ENG_VIDEO].rewrite.next_seq);
    say(m, rtcp, 32);
}

static void move(struct member *m)
{
    m->tuple.remote.in4.sin_port = htons(++world.next_port);
    assert_int_equal(eng_viewer_move(m->viewer, &m->tuple), 0);
}

static void act(struct member *m)
{
    if (!m->viewer) {
        if (one_in(10))
            join(m);
        return;
    }
    if (m->leaving)
        return;
    switch (roll(400)) {
    case 0:
    case 1:
        m->paused = !m->paused;
        assert_int_equal(eng_viewer_pause(m->viewer, m->paused), 0);
        break;
    case 2:
        move(m);
        break;
    case 3:
        if (one_in(100)) {
            m->leaving = true;
            assert_int_equal(eng_viewer_remove(m->viewer), 0);
        }
        break;
    case 4:
    case 5:
    case 6:
        ask_for_keyframe(m);
        break;
    case 7:
        report(m);
        break;
    default:
        if (one_in(20))
            ask_for_packets(m);
    }
}

static void take_events(void)
{
    struct eng_event event;

    while (eng_engine_poll(world.engine, &event)) {
        if (event.type == ENG_EVENT_VIEWER_GONE)
            ((struct member *)event.owner)->viewer = NULL;
    }
}

static void turn(void)
{
    int64_t ns = 1000000 + (int64_t)roll(30) * 1000000;

    world.worker->mono_ns += ns;
    world.worker->real_ns += ns;
    eng_worker_turn(world.worker);
}

static void step(void)
{
    struct source *s = &world.sources[roll(STREAMS)];

    if (one_in(3000))
        lap(s);
    else
        publish(s);
    for (int i = 0; i < VIEWERS; i++)
        act(&world.members[i]);
    turn();
    take_events();
}

// ---- tests ----

static uint64_t number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void open_world(void)
{
    struct eng_config config = {
        .listen.in4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .cores = (const int[]){0},
        .core_count = 1,
        .video_bytes = 1 << 16,
        .video_seconds = 10,
        .train_max = TRAIN_MAX,
        .pace_ms = 10,
        .io = &fake_io,
    };
    const char *what;

    memset(&ledger, 0, sizeof(ledger));
    ledger.disturb = disturb;
    memset(&world, 0, sizeof(world));
    dice_state = UINT64_C(0x9e3779b97f4a7c15) * number("RTCFAN_LEDGER_SEED", 1) | 1;
    assert_int_equal(eng_engine_create(&config, &world.engine, &what), 0);
    world.worker = eng_engine_worker(world.engine, 0);
    world.worker->mono_ns = INT64_C(3600000000000);
    world.worker->real_ns = INT64_C(1700000000000000000);
    for (int i = 0; i < STREAMS; i++)
        assert_int_equal(eng_stream_create(world.engine, &world.sources[i].stream), 0);
    assert_int_equal(eng_worker_open(world.worker), 0);
}

static void close_world(void)
{
    the_io.prompt = true;
    turn();
    turn();
    take_events();
    io_flush(&the_io);
    eng_worker_close(world.worker);
    eng_engine_destroy(world.engine);
}

static uint64_t counter(enum eng_counter id)
{
    uint64_t all[ENG_COUNTERS];

    eng_engine_counters(world.engine, all);
    return all[id];
}

static void no_nonce_seals_two_texts(void **state)
{
    uint64_t packets = number("RTCFAN_LEDGER_PACKETS", LEDGER_PACKETS);

    (void)state;
    open_world();
    while (ledger.sealed < packets && ledger.conflicts == 0)
        step();
    print_message("%lu sealed, %lu of them again, %lu beyond a wrap, %lu torn; %lu joins, "
                  "%lu restarts, %lu lapped, %lu refused, %lu without a buffer\n",
                  ledger.sealed, ledger.resealed, ledger.wrapped, ledger.torn, world.joins,
                  counter(ENG_COUNTER_RESTARTS), counter(ENG_COUNTER_DROP_LAPPED),
                  counter(ENG_COUNTER_DROP_REFUSED), counter(ENG_COUNTER_DROP_NO_BUFFER));
    assert_int_equal(ledger.conflicts, 0);
    // The run was what it claims to be.
    assert_true(ledger.resealed > 0 && ledger.wrapped > 0 && ledger.torn > 0);
    assert_true(world.joins > VIEWERS && counter(ENG_COUNTER_RESTARTS) > 0);
    assert_true(counter(ENG_COUNTER_DROP_LAPPED) > 0 && counter(ENG_COUNTER_DROP_REFUSED) > 0);
    assert_true(counter(ENG_COUNTER_DROP_PAUSED) > 0);
    close_world();
}

// The ledger is worth nothing if it misses what it is for.
static void the_ledger_sees_reuse(void **state)
{
    static const uint8_t header[ENG_RTP_HEADER_LEN] = {0x80, 96}, text[2][20] = {{1}, {2}};
    uint8_t out[64];
    struct member *m = &world.members[0];

    (void)state;
    open_world();
    join(m);
    eng_srtp_seal(&m->viewer->srtp, header, sizeof(header), 7, text[0], sizeof(text[0]), out);
    eng_srtp_seal(&m->viewer->srtp, header, sizeof(header), 7, text[0], sizeof(text[0]), out);
    eng_srtp_seal(&m->viewer->srtp, header, sizeof(header), 8, text[1], sizeof(text[1]), out);
    assert_int_equal(ledger.conflicts, 0);
    assert_int_equal(ledger.resealed, 1);
    eng_srtp_seal(&m->viewer->srtp, header, sizeof(header), 7, text[1], sizeof(text[1]), out);
    assert_int_equal(ledger.conflicts, 1);
    close_world();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_sees_reuse),
        cmocka_unit_test(no_nonce_seals_two_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
