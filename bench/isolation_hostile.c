// SPDX-License-Identifier: Apache-2.0
#include "bench/isolation_hostile.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/limit_process.h"
#include "bench/limit_sink.h"
#include "engine/bytes.h"
#include "engine/srtp.h"

enum {
    NS_PER_S = 1000000000,
    TICK_NS = 5000000,
    TICK_DATAGRAMS = 100,
    TICKS_PER_JOIN = 2,
    JOINED = 10,        // viewers that are there at a time
    FULL_NS = 20000,    // between two looks at a queue that was full
    NACK_ENTRIES = 340, // of 17 packets: as many as a datagram holds
    FORGED_LEN = 1400,  // without tag and index
    LOOK_NS = 1000000,  // between two looks at how far the thread is
    COMMANDS_OF_A_ROUND = 4,
};

struct isolation_hostile {
    struct limit_engine *engine;
    enum isolation_kind kind;
    int core;
    int socket;
    struct eng_viewer *viewer;
    struct eng_viewer_config config;
    struct eng_srtp srtp; // the client's
    struct eng_addr server;
    uint16_t newest; // sequence number of video
    bool resting;    // it did not misbehave in the last tick
    uint64_t commands;
    unsigned spare; // number of the next viewer that joins
    struct eng_viewer *joined[JOINED];
    pthread_t thread;
    bool started;
    _Atomic bool wanted; // it is to misbehave
    _Atomic bool over;
    _Atomic uint64_t ticks, done;
};

static void did(struct isolation_hostile *h, unsigned n)
{
    atomic_fetch_add_explicit(&h->done, n, memory_order_relaxed);
}

// ---- datagrams ----

static void say(struct isolation_hostile *h, const uint8_t *data, size_t len)
{
    if (sendto(h->socket, data, len, MSG_DONTWAIT, &h->server.sa, sizeof(h->server.in4)) > 0)
        did(h, 1);
}

static void say_rtcp(struct isolation_hostile *h, uint8_t *packet, size_t len)
{
    say(h, packet, eng_srtp_seal_rtcp(&h->srtp, packet, len));
}

// The common part of feedback (RFC 4585 6.1): len is of the whole packet.
static void write_header(const struct isolation_hostile *h, uint8_t *p, uint8_t format,
                         uint8_t type, size_t len)
{
    p[0] = 0x80 | format;
    p[1] = type;
    eng_put16(p + 2, (uint16_t)(len / 4 - 1));
    eng_put32(p + 4, 1);
    eng_put32(p + 8, h->config.track[ENG_VIDEO].ssrc);
}

static void say_nack(struct isolation_hostile *h, unsigned i)
{
    enum {
        LEN = 12 + 4 * NACK_ENTRIES
    };
    uint8_t packet[LEN + ENG_SRTCP_OVERHEAD_MAX];

    (void)i;
    write_header(h, packet, 1, 205, LEN);
    for (unsigned e = 0; e < NACK_ENTRIES; e++) {
        eng_put16(packet + 12 + 4 * e, (uint16_t)(h->newest - 16 - 17 * e));
        eng_put16(packet + 14 + 4 * e, 0xffff);
    }
    say_rtcp(h, packet, LEN);
}

static void say_keyframe(struct isolation_hostile *h, unsigned i)
{
    static const uint8_t remb[8] = {'R', 'E', 'M', 'B', 0, 14 << 2};
    uint8_t packet[12 + sizeof(remb) + ENG_SRTCP_OVERHEAD_MAX];

    if (i % 2) {
        write_header(h, packet, 1, 206, 12);
        say_rtcp(h, packet, 12);
    } else {
        write_header(h, packet, 15, 206, 12 + sizeof(remb));
        memcpy(packet + 12, remb, sizeof(remb));
        say_rtcp(h, packet, 12 + sizeof(remb));
    }
}

static void say_garbage(struct isolation_hostile *h, unsigned i)
{
    // By RFC 7983 and RFC 5761: SRTCP, RTP, STUN, nothing.
    static const uint8_t first[][2] = {{0x80, 201}, {0x80, 96}, {0, 1}, {0x7f}};
    unsigned what = i % 2 ? 0 : i / 2 % 4; // SRTCP above all
    uint8_t packet[FORGED_LEN + ENG_SRTCP_OVERHEAD_MAX];

    memset(packet, (int)i, sizeof(packet));
    memcpy(packet, first[what], sizeof(first[0]));
    eng_put32(packet + sizeof(packet) - 4, UINT32_C(0x80000000) | (uint32_t)h->ticks << 8 | i);
    say(h, packet, what == 2 ? 20 : sizeof(packet));
}

static void say_many(struct isolation_hostile *h,
                     void (*say_one)(struct isolation_hostile *h, unsigned i))
{
    for (unsigned i = 0; i < TICK_DATAGRAMS; i++)
        say_one(h, i);
}

// It takes what it is sent, and learns what there is to be asked for.
static void listen_in(struct isolation_hostile *h)
{
    uint8_t data[ENG_DATAGRAM_MAX];
    ssize_t len;

    while ((len = recv(h->socket, data, sizeof(data), MSG_DONTWAIT)) > 0) {
        if (len >= ENG_RTP_HEADER_LEN && (data[1] < 192 || data[1] > 223))
            h->newest = eng_get16(data + 2);
    }
}

// ---- commands ----

static int move(struct isolation_hostile *h, struct eng_addr remote)
{
    struct eng_tuple tuple = {.remote = remote, .local = h->config.tuple.local};

    return eng_viewer_move(h->viewer, &tuple);
}

static int command(struct isolation_hostile *h)
{
    switch (h->commands % COMMANDS_OF_A_ROUND) {
    case 0:
        return eng_viewer_pause(h->viewer, true);
    case 1:
        return move(h, limit_sink_remote(h->spare));
    case 2:
        return eng_viewer_pause(h->viewer, false);
    default:
        return move(h, h->config.tuple.remote);
    }
}

// False: the queue is full.
static bool give_command(struct isolation_hostile *h)
{
    if (command(h) != 0)
        return false;
    h->commands++;
    did(h, 1);
    return true;
}

static void fill_queue(struct isolation_hostile *h)
{
    for (int i = 0; i < ENG_COMMANDS_MAX && give_command(h); i++)
        ;
}

static void join_and_leave(struct isolation_hostile *h)
{
    struct eng_viewer **place = &h->joined[h->ticks / TICKS_PER_JOIN % JOINED];
    struct eng_viewer_config config = limit_engine_viewer(h->engine, h->spare);

    if (h->ticks % TICKS_PER_JOIN != 0)
        return;
    if (*place && eng_viewer_remove(*place) == 0)
        *place = NULL;
    config.owner = h;
    if (!*place && eng_viewer_add(h->engine->engine, &config, place) == 0) {
        h->spare++;
        did(h, 1);
    }
}

// ---- the thread ----

static void misbehave(struct isolation_hostile *h)
{
    switch (h->kind) {
    case ISOLATION_NACKS:
        say_many(h, say_nack);
        break;
    case ISOLATION_KEYFRAMES:
        say_many(h, say_keyframe);
        break;
    case ISOLATION_GARBAGE:
        say_many(h, say_garbage);
        break;
    case ISOLATION_REFUSED:
        if (h->resting && move(h, limit_sink_nowhere()) == 0)
            did(h, 1);
        break;
    case ISOLATION_COMMANDS:
        fill_queue(h);
        break;
    case ISOLATION_JOINS:
        join_and_leave(h);
        break;
    case ISOLATION_KINDS:
        break;
    }
}

// As before it misbehaved.
static void calm_down(struct isolation_hostile *h)
{
    while (h->commands % COMMANDS_OF_A_ROUND != 0)
        if (!give_command(h))
            nanosleep(&(struct timespec){.tv_nsec = FULL_NS}, NULL);
    while (h->kind == ISOLATION_REFUSED && move(h, h->config.tuple.remote) != 0)
        nanosleep(&(struct timespec){.tv_nsec = FULL_NS}, NULL);
    for (int i = 0; i < JOINED; i++) {
        while (h->joined[i] && eng_viewer_remove(h->joined[i]) != 0)
            nanosleep(&(struct timespec){.tv_nsec = FULL_NS}, NULL);
        h->joined[i] = NULL;
    }
}

static void tick(struct isolation_hostile *h)
{
    bool wanted = atomic_load(&h->wanted);
    struct eng_event event;

    listen_in(h);
    if (wanted)
        misbehave(h);
    else if (!h->resting)
        calm_down(h);
    while (eng_engine_poll(h->engine->engine, &event))
        ; // frees who has left
    h->resting = !wanted;
    atomic_fetch_add(&h->ticks, 1);
}

static void *run(void *arg)
{
    struct isolation_hostile *h = arg;
    int64_t next_ns = limit_process_now_ns();

    limit_process_pin(h->core);
    (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &(struct sched_param){0});
    while (!atomic_load(&h->over)) {
        struct timespec ts;

        next_ns += TICK_NS;
        tick(h);
        // What was missed for want of the core is not made up for: it would come in one piece.
        if (next_ns < limit_process_now_ns())
            next_ns = limit_process_now_ns();
        ts = (struct timespec){.tv_sec = next_ns / NS_PER_S, .tv_nsec = next_ns % NS_PER_S};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
    }
    return NULL;
}

// ---- life ----

static int open_socket(struct isolation_hostile *h)
{
    socklen_t len = sizeof(h->config.tuple.remote.in4);
    struct eng_addr addr = limit_sink_local(0);

    h->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (h->socket < 0 || bind(h->socket, &addr.sa, sizeof(addr.in4)) != 0 ||
        getsockname(h->socket, &h->config.tuple.remote.sa, &len) != 0)
        return -errno;
    return 0;
}

static int build(struct isolation_hostile *h, unsigned viewer)
{
    struct eng_srtp_keying client;
    int err;

    h->config = limit_engine_viewer(h->engine, viewer);
    h->config.owner = h;
    h->server = h->config.tuple.local;
    client.profile = h->config.keying.profile;
    client.send = h->config.keying.receive;
    client.receive = h->config.keying.send;
    err = open_socket(h);
    if (!err)
        err = eng_srtp_init(&h->srtp, &client, NULL, 0);
    if (!err)
        err = limit_engine_add(h->engine, &h->config, &h->viewer);
    if (!err)
        err = -pthread_create(&h->thread, NULL, run, h);
    h->started = !err;
    return err;
}

int isolation_hostile_create(struct limit_engine *engine, enum isolation_kind kind, unsigned viewer,
                             int core, struct isolation_hostile **out)
{
    struct isolation_hostile *h = calloc(1, sizeof(*h));
    int err;

    if (!h)
        return -ENOMEM;
    h->engine = engine;
    h->kind = kind;
    h->core = core;
    h->spare = viewer + 1;
    h->resting = true;
    err = build(h, viewer);
    if (err)
        isolation_hostile_destroy(h);
    else
        *out = h;
    return err;
}

void isolation_hostile_destroy(struct isolation_hostile *hostile)
{
    if (hostile->started) {
        atomic_store(&hostile->over, true);
        pthread_join(hostile->thread, NULL);
    }
    if (hostile->socket >= 0)
        close(hostile->socket);
    if (hostile->srtp.profile != ENG_SRTP_NONE)
        eng_srtp_fini(&hostile->srtp);
    free(hostile);
}

void isolation_hostile_start(struct isolation_hostile *hostile)
{
    atomic_store(&hostile->wanted, true);
}

void isolation_hostile_stop(struct isolation_hostile *hostile)
{
    uint64_t seen = atomic_load(&hostile->ticks);

    atomic_store(&hostile->wanted, false);
    // The tick that is under way may not know yet; the next one does.
    while (atomic_load(&hostile->ticks) < seen + 2)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
}

uint64_t isolation_hostile_done(const struct isolation_hostile *hostile)
{
    return atomic_load_explicit(&hostile->done, memory_order_relaxed);
}
