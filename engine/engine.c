// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/cores.h"
#include "engine/io_choose.h"
#include "engine/socket.h"
#include "engine/worker.h"

struct eng_engine {
    uint16_t port;
    int family;
    size_t video_bytes;
    unsigned video_seconds;
    const struct eng_io_ops *io_ops;
    struct eng_tx_costs tx_costs;
    int event_fd;
    unsigned worker_count;
    unsigned heard; // the worker whose event was taken last
    struct eng_worker *workers;
    struct eng_bell *bells;
    unsigned stream_count;
    struct eng_stream *streams[ENG_STREAMS_MAX];
};

// ---- creation ----

// An io_uring that works here, with all that a worker asks of it?
static int try_io(const struct eng_io_ops *ops, struct eng_worker *worker)
{
    struct eng_io_config config = {
        .socket = worker->socket,
        .bell = worker->bell->fd,
        .counters = &worker->counters,
    };
    struct eng_io *io;
    int err = ops->create(&config, &io);

    if (!err)
        ops->destroy(io);
    return err;
}

static int choose_io(struct eng_engine *e, const struct eng_config *config)
{
    const struct eng_io_ops *ops = config->io;

    if (!ops && config->tx == ENG_TX_AUTO)
        ops = eng_io_choose(&e->tx_costs);
    if (!ops)
        ops = config->tx == ENG_TX_IO_URING ? &eng_io_uring : &eng_io_sendmmsg;
    if (ops == &eng_io_uring) {
        int err = try_io(ops, &e->workers[0]);

        if (err && config->tx != ENG_TX_AUTO)
            return err;
        if (err)
            ops = &eng_io_sendmmsg;
    }
    e->io_ops = ops;
    for (unsigned i = 0; i < e->worker_count; i++)
        e->workers[i].io_ops = ops;
    return 0;
}

static int create_workers(struct eng_engine *e, const struct eng_config *config, const int *cores,
                          const int *sockets)
{
    for (unsigned i = 0; i < e->worker_count; i++) {
        struct eng_worker_config worker = {
            .id = i,
            .core = cores[i],
            .socket = sockets[i],
            .family = e->family,
            .port = e->port,
            .train_max = config->train_max,
            .pace_ms = config->pace_ms,
            .bell = &e->bells[i],
            .event_fd = e->event_fd,
        };
        int err = eng_bell_init(&e->bells[i]);

        if (!err && getrandom(&worker.seed, sizeof(worker.seed), 0) != sizeof(worker.seed))
            err = -EIO;
        if (!err)
            err = eng_worker_init(&e->workers[i], &worker);
        if (err)
            return err;
    }
    return 0;
}

// Cores, sockets, workers, in that order; what is made stays for eng_engine_destroy.
static int build(struct eng_engine *e, const struct eng_config *config, const char **what)
{
    struct eng_addr listen = config->listen;
    int cores[ENG_WORKERS_MAX], sockets[ENG_WORKERS_MAX];
    unsigned count = (unsigned)config->core_count;
    int err;

    if (count > 0)
        memcpy(cores, config->cores, count * sizeof(*cores));
    else
        count = eng_cores_choose(cores, ENG_WORKERS_MAX);
    *what = "bind";
    err = eng_socket_open_group(&listen, sockets, count);
    if (err)
        return err;
    e->port = eng_addr_port(&listen);
    *what = "memory";
    e->event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    e->workers = calloc(count, sizeof(*e->workers));
    e->bells = aligned_alloc(_Alignof(struct eng_bell), count * sizeof(*e->bells));
    if (e->event_fd < 0 || !e->workers || !e->bells) {
        while (count > 0)
            close(sockets[--count]);
        return -ENOMEM;
    }
    for (unsigned i = 0; i < count; i++) {
        e->workers[i].socket = sockets[i];
        e->bells[i].fd = -1;
    }
    e->worker_count = count;
    err = create_workers(e, config, cores, sockets);
    if (err)
        return err;
    *what = "io_uring";
    return choose_io(e, config);
}

int eng_engine_create(const struct eng_config *config, struct eng_engine **out, const char **what)
{
    struct eng_engine *e = calloc(1, sizeof(*e));
    int err;

    *what = "memory";
    if (!e)
        return -ENOMEM;
    e->event_fd = -1;
    e->family = config->listen.sa.sa_family;
    e->video_bytes = config->video_bytes;
    e->video_seconds = config->video_seconds;
    err = build(e, config, what);
    if (err) {
        eng_engine_destroy(e);
        return err;
    }
    *out = e;
    return 0;
}

int eng_engine_start(struct eng_engine *engine)
{
    for (unsigned i = 0; i < engine->worker_count; i++) {
        int err = eng_worker_start(&engine->workers[i]);

        if (err) {
            eng_engine_stop(engine);
            return err;
        }
    }
    return 0;
}

void eng_engine_stop(struct eng_engine *engine)
{
    for (unsigned i = 0; i < engine->worker_count; i++)
        eng_worker_stop(&engine->workers[i]);
}

static void free_viewers(struct eng_viewer_list *list)
{
    struct eng_viewer *viewer;

    while ((viewer = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, viewer, link);
        eng_viewer_free(viewer);
    }
}

void eng_engine_destroy(struct eng_engine *engine)
{
    struct eng_event event;

    eng_engine_stop(engine);
    while (eng_engine_poll(engine, &event))
        ; // frees the viewers that are gone
    for (unsigned i = 0; i < engine->worker_count; i++) {
        for (unsigned slot = 0; slot < ENG_STREAMS_MAX; slot++)
            free_viewers(&engine->workers[i].audiences[slot].viewers);
        free_viewers(&engine->workers[i].leaving);
        eng_worker_fini(&engine->workers[i]);
        eng_bell_fini(&engine->bells[i]);
    }
    for (unsigned i = 0; i < engine->stream_count; i++) {
        eng_stream_fini(engine->streams[i]);
        free(engine->streams[i]);
    }
    if (engine->event_fd >= 0)
        close(engine->event_fd);
    free(engine->workers);
    free(engine->bells);
    free(engine);
}

// ---- what was chosen ----

unsigned eng_engine_workers(const struct eng_engine *engine)
{
    return engine->worker_count;
}

int eng_engine_core(const struct eng_engine *engine, unsigned worker)
{
    return engine->workers[worker].core;
}

const char *eng_engine_tx_name(const struct eng_engine *engine)
{
    return engine->io_ops->name;
}

struct eng_tx_costs eng_engine_tx_costs(const struct eng_engine *engine)
{
    return engine->tx_costs;
}

uint16_t eng_engine_port(const struct eng_engine *engine)
{
    return engine->port;
}

const char *eng_sealer_name(void)
{
    return eng_gcm_best()->name;
}

struct eng_worker *eng_engine_worker(struct eng_engine *engine, unsigned worker)
{
    return &engine->workers[worker];
}

// ---- streams ----

int eng_stream_create(struct eng_engine *engine, struct eng_stream **out)
{
    struct eng_stream *stream;
    int err;

    if (engine->stream_count == ENG_STREAMS_MAX)
        return -ENOSPC;
    stream = aligned_alloc(_Alignof(struct eng_stream), sizeof(*stream));
    if (!stream)
        return -ENOMEM;
    err = eng_stream_init(stream, engine->stream_count, engine->bells, engine->video_bytes,
                          engine->video_seconds);
    if (err) {
        free(stream);
        return err;
    }
    engine->streams[engine->stream_count++] = stream;
    *out = stream;
    return 0;
}

void eng_stream_published(const struct eng_stream *stream, enum eng_track track, uint64_t *packets,
                          uint64_t *bytes)
{
    *packets = eng_ring_head(&stream->ring[track]);
    *bytes = atomic_load_explicit(&stream->ring[track].bytes, memory_order_relaxed);
}

// ---- datagrams, events and figures ----

int eng_engine_send(struct eng_engine *engine, unsigned worker, const struct eng_tuple *to,
                    const void *data, size_t len)
{
    struct eng_worker *w = &engine->workers[worker];
    struct eng_command *command;

    if (len == 0 || len > ENG_DATAGRAM_MAX)
        return -EMSGSIZE;
    command = eng_worker_ask(w, ENG_COMMAND_SEND, NULL);
    if (!command)
        return -EAGAIN;
    command->tuple = *to;
    command->len = (uint16_t)len;
    memcpy(command->data, data, len);
    eng_worker_asked(w);
    return 0;
}

int eng_engine_event_fd(const struct eng_engine *engine)
{
    return engine->event_fd;
}

// Workers in turns, so that no worker's strangers keep another's waiting.
static bool take_event(struct eng_engine *e, bool of_strangers, struct eng_event *out)
{
    for (unsigned i = 1; i <= e->worker_count; i++) {
        unsigned id = (e->heard + i) % e->worker_count;
        struct eng_worker *worker = &e->workers[id];

        if (eng_queue_take_eng_event(of_strangers ? &worker->strangers : &worker->events, out)) {
            e->heard = id;
            return true;
        }
    }
    return false;
}

static bool take_from_any(struct eng_engine *e, struct eng_event *out)
{
    return take_event(e, false, out) || take_event(e, true, out);
}

bool eng_engine_poll(struct eng_engine *engine, struct eng_event *out)
{
    uint64_t rings;

    if (!take_from_any(engine, out)) {
        // Only now is the bell cleared, and the queues looked at once more: an event that came
        // between would otherwise wait for the next.
        if (engine->event_fd >= 0)
            (void)!read(engine->event_fd, &rings, sizeof(rings));
        if (!take_from_any(engine, out))
            return false;
    }
    if (out->type == ENG_EVENT_VIEWER_GONE) {
        out->viewer->worker->viewer_count--;
        eng_viewer_free(out->viewer);
        out->viewer = NULL;
    }
    return true;
}

static uint64_t figure(const _Atomic uint64_t *value)
{
    return atomic_load_explicit(value, memory_order_relaxed);
}

void eng_engine_counters(const struct eng_engine *engine, uint64_t out[ENG_COUNTERS])
{
    memset(out, 0, ENG_COUNTERS * sizeof(*out));
    for (unsigned w = 0; w < engine->worker_count; w++) {
        for (int i = 0; i < ENG_COUNTERS; i++)
            out[i] += figure(&engine->workers[w].counters.value[i]);
        out[ENG_COUNTER_DROP_VIEWERS_FULL] += figure(&engine->workers[w].refused);
    }
}
