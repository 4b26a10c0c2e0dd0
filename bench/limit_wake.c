// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_wake.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "bench/limit_process.h"

enum {
    RINGS = 1000,
    PAUSE_NS = 500000, // 64 streams of 30 frames ring about as often
};

struct sleeper {
    int core;
    int bell;
    double cpu_ns; // per wake-up
};

static void *sleep_and_wake(void *arg)
{
    struct sleeper *s = arg;
    uint64_t rings, heard = 0, wakes = 0;
    int64_t start;

    limit_process_pin(s->core);
    start = limit_process_own_cpu_ns();
    while (heard < RINGS && read(s->bell, &rings, sizeof(rings)) == sizeof(rings)) {
        heard += rings;
        wakes++;
    }
    s->cpu_ns = wakes ? (double)(limit_process_own_cpu_ns() - start) / (double)wakes : -EIO;
    return NULL;
}

double limit_wake_measure(int core, int ringer_core)
{
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct sleeper s = {.core = core, .bell = eventfd(0, EFD_CLOEXEC)};
    const uint64_t one = 1;
    pthread_t thread;
    int err;

    if (s.bell < 0)
        return -errno;
    limit_process_pin(ringer_core);
    err = pthread_create(&thread, NULL, sleep_and_wake, &s);
    for (int i = 0; !err && i < RINGS; i++) {
        nanosleep(&pause, NULL);
        (void)!write(s.bell, &one, sizeof(one));
    }
    if (!err)
        pthread_join(thread, NULL);
    close(s.bell);
    return err ? -err : s.cpu_ns;
}
