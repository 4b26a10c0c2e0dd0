// SPDX-License-Identifier: Apache-2.0
//
// A struct eng_io_ops that stands between a worker and its real backend and has sends refused,
// held, or the worker itself stopped, as the test says. The script may be changed at any time by
// the test; the rest is the worker's.
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "engine/io.h"

struct fault_script {
    const struct eng_io_ops *backend;
    unsigned ring_entries;  // of io_uring; 0: as many as the engine wants
    bool no_checksum;       // of datagrams sent: the kernel then segments nothing (-EINVAL, -EIO)
    _Atomic int error;      // -errno that sends get; 0: none
    _Atomic unsigned every; // every so-manieth send is refused, 1: all
    _Atomic uint16_t port;  // only sends to this port; 0: all
    _Atomic bool trains_alone; // only sends of several packets
    _Atomic bool hold;         // sends are taken, and neither sent nor refused
    _Atomic bool stop;         // the worker stands still where it would wait
    _Atomic bool stopped;      // it does
};

static struct fault_script fault_script;

struct eng_io {
    struct eng_io *backend;
    struct eng_io_config config;
    unsigned count;
    unsigned refused_count, held_count;
    struct eng_send *refused[ENG_SENDS_MAX], *held[ENG_SENDS_MAX];
    int error[ENG_SENDS_MAX];
};

static int fault_create(const struct eng_io_config *config, struct eng_io **out)
{
    struct eng_io *io = calloc(1, sizeof(*io));
    int on = fault_script.no_checksum, err;

    if (!io)
        return -ENOMEM;
    io->config = *config;
    io->config.ring_entries = fault_script.ring_entries;
    if (setsockopt(config->socket, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)) != 0)
        err = -errno;
    else
        err = fault_script.backend->create(&io->config, &io->backend);
    if (err) {
        free(io);
        return err;
    }
    *out = io;
    return 0;
}

static void fault_destroy(struct eng_io *io)
{
    fault_script.backend->destroy(io->backend);
    free(io);
}

static uint16_t fault_port_of(const struct eng_send *send)
{
    return eng_addr_port((const struct eng_addr *)(const void *)&send->to);
}

static bool fault_strikes(struct eng_io *io, const struct eng_send *send)
{
    unsigned every = atomic_load(&fault_script.every);
    uint16_t port = atomic_load(&fault_script.port);

    if (atomic_load(&fault_script.error) == 0 || (port != 0 && port != fault_port_of(send)) ||
        (atomic_load(&fault_script.trains_alone) && send->packets == 1))
        return false;
    return ++io->count % every == 0;
}

static void fault_push(struct eng_io *io, struct eng_send *send)
{
    if (atomic_load(&fault_script.hold)) {
        io->held[io->held_count++] = send;
    } else if (fault_strikes(io, send)) {
        io->error[io->refused_count] = atomic_load(&fault_script.error);
        io->refused[io->refused_count++] = send;
    } else {
        fault_script.backend->push(io->backend, send);
    }
}

// What the script makes of sends that were pushed: before the backend has its turn.
static void fault_settle(struct eng_io *io)
{
    while (io->refused_count > 0) {
        io->refused_count--;
        io->config.sent(io->config.ctx, io->refused[io->refused_count],
                        io->error[io->refused_count]);
    }
    if (atomic_load(&fault_script.hold))
        return;
    for (unsigned i = 0; i < io->held_count; i++)
        fault_script.backend->push(io->backend, io->held[i]);
    io->held_count = 0;
}

static void fault_flush(struct eng_io *io)
{
    fault_settle(io);
    fault_script.backend->flush(io->backend);
}

static void fault_wait(struct eng_io *io, int64_t timeout_ns)
{
    while (atomic_load(&fault_script.stop)) {
        atomic_store(&fault_script.stopped, true);
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    atomic_store(&fault_script.stopped, false);
    fault_settle(io);
    fault_script.backend->wait(io->backend, timeout_ns);
}

static const struct eng_io_ops fault_io = {
    .name = "fault",
    .create = fault_create,
    .destroy = fault_destroy,
    .push = fault_push,
    .flush = fault_flush,
    .wait = fault_wait,
};

// No faults, over this backend.
static void fault_reset(const struct eng_io_ops *backend)
{
    fault_script = (struct fault_script){.backend = backend, .every = 1};
}
