// SPDX-License-Identifier: Apache-2.0
//
// A worker: one thread on one core, with its own socket, its own way to the kernel, and its own
// viewers. Everything in here belongs to that thread once it runs, except the bell and the queues.
// It allocates nothing after start.
//
// The verbs that act on a worker stand in files of their own:
//     worker.c   the loop: commands, news, timers, the run queue
//     command.c  viewers come, move, pause and go
//     train.c    packets of the ring -> sealed trains
//     repair.c   NACK, PLI, reports -> resends, restarts, rests
//     report.c   RTCP each second, BYE
//     receive.c  datagrams -> viewers or events
//     sent.c     what the kernel took, and what it refused
//     nap.c      whether it pays to wait for more
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "engine/bell.h"
#include "engine/command.h"
#include "engine/counters.h"
#include "engine/io.h"
#include "engine/nap.h"
#include "engine/send.h"
#include "engine/tuples.h"
#include "engine/viewer.h"
#include "engine/wheel.h"

// A worker's viewers of one stream.
struct eng_audience {
    // In the order in which they came, and are served: who joins makes nobody wait who was there.
    struct eng_viewer_list viewers;
    unsigned count;
    int64_t news_ns; // mono_ns at which the stream last had news
};

struct eng_worker {
    unsigned id;
    int core;
    int socket;
    uint16_t port;
    unsigned pace_ms;
    unsigned train_max;
    const struct eng_io_ops *io_ops;
    struct eng_io *io;
    struct eng_bell *bell;
    struct eng_counters counters;

    struct eng_queue commands;  // control -> worker
    struct eng_queue events;    // worker -> control, about viewers
    struct eng_queue strangers; // worker -> control, from everybody else
    int event_fd;               // tells the control thread
    unsigned viewer_count;      // the control thread's count, of those not yet gone
    _Atomic uint64_t refused;   // viewers beyond the limit, counted by the control thread
    bool event_news;            // something was queued in this turn

    struct eng_send_pool sends;
    struct eng_tuples tuples;
    struct eng_wheel pacing;                        // rests of frames: due on time
    struct eng_wheel reports;                       // RTCP: due when the worker is awake anyway
    struct eng_audience audiences[ENG_STREAMS_MAX]; // by stream slot
    unsigned listening;                             // streams with viewers here
    bool had_news;                                  // in this turn
    struct eng_viewer *run_first, **run_last;       // viewers that have something to send
    struct eng_viewer_list leaving;                 // removed, and not told to be gone yet
    struct eng_viewer *due;                         // viewers with events that wait for room
    uint8_t rtcp[ENG_DATAGRAM_MAX];                 // an opened SRTCP datagram

    // The time of this turn, and of what arrives after a wait.
    int64_t mono_ns;
    int64_t real_ns;
    bool clocks_old;   // slept since they were read
    int64_t rested_ns; // mono_ns at which the last wait began
    struct eng_nap nap;

    pthread_t thread;
    bool started;
    _Atomic bool stop;
    _Atomic int start_result; // 1: not known yet
};

struct eng_worker_config {
    unsigned id;
    int core;
    int socket; // becomes the worker's
    int family;
    uint16_t port;
    unsigned pace_ms;
    unsigned train_max;
    const struct eng_io_ops *io_ops;
    struct eng_bell *bell;
    int event_fd;
    uint64_t seed; // random
};

int eng_worker_init(struct eng_worker *worker, const struct eng_worker_config *config);
void eng_worker_fini(struct eng_worker *worker);

// Starts the thread and waits until it has its io; 0 or -errno of that.
int eng_worker_start(struct eng_worker *worker);

// Ends the thread once it has carried out all commands given before.
void eng_worker_stop(struct eng_worker *worker);

// What the thread does, for tests that are thread and clock themselves: opens the io, carries out
// turns (commands, news, timers, viewers, events), between which the thread waits, and closes the
// io. The time is that in mono_ns and real_ns.
int eng_worker_open(struct eng_worker *worker);
void eng_worker_turn(struct eng_worker *worker);
void eng_worker_close(struct eng_worker *worker);

// The control thread's side: the next free command, to be filled in and then asked; NULL: the queue
// is full.
struct eng_command *eng_worker_ask(struct eng_worker *worker, enum eng_command_type type,
                                   struct eng_viewer *viewer);
void eng_worker_asked(struct eng_worker *worker);

// The engine's worker of this number.
struct eng_worker *eng_engine_worker(struct eng_engine *engine, unsigned worker);

// ---- for the verbs ----

// The viewer has something to send.
void eng_worker_queue(struct eng_worker *worker, struct eng_viewer *viewer);

// Nanoseconds since this worker last heard of new packets of a stream that it listens to.
static inline int64_t eng_worker_news_age(const struct eng_worker *worker,
                                          const struct eng_stream *stream)
{
    return worker->mono_ns - worker->audiences[stream->slot].news_ns;
}

// A free send, flushing if need be; NULL: the kernel holds them all (counted).
struct eng_send *eng_worker_send(struct eng_worker *worker);

// Sends what was written: len, packets, kind and viewer are set by the caller.
void eng_worker_push(struct eng_worker *worker, struct eng_send *send,
                     const struct eng_tuple *tuple, size_t segment);

// The control thread is to hear of this viewer: bye_due or gone_due was set.
void eng_worker_tell(struct eng_worker *worker, struct eng_viewer *viewer);

// A removed viewer is gone once the kernel holds nothing of it and the run queue does not know it.
void eng_worker_settle(struct eng_worker *worker, struct eng_viewer *viewer);
