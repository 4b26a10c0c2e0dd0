// SPDX-License-Identifier: Apache-2.0
#include "engine/bell.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

int eng_bell_init(struct eng_bell *bell)
{
    memset(bell, 0, sizeof(*bell));
    bell->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return bell->fd < 0 ? -errno : 0;
}

void eng_bell_fini(struct eng_bell *bell)
{
    if (bell->fd >= 0)
        close(bell->fd);
    bell->fd = -1;
}

static void wake(struct eng_bell *bell)
{
    uint64_t one = 1;

    // A full eventfd (EAGAIN) is readable all the same: the worker wakes.
    (void)!write(bell->fd, &one, sizeof(one));
}

void eng_bell_ring_stream(struct eng_bell *bell, unsigned slot)
{
    int asleep = ENG_BELL_ASLEEP;

    atomic_fetch_or(&bell->news[slot / 64], UINT64_C(1) << (slot % 64));
    if (atomic_compare_exchange_strong(&bell->rest, &asleep, ENG_BELL_AWAKE))
        wake(bell);
}

void eng_bell_call(struct eng_bell *bell)
{
    atomic_store(&bell->called, true);
    if (atomic_exchange(&bell->rest, ENG_BELL_AWAKE) != ENG_BELL_AWAKE)
        wake(bell);
}

bool eng_bell_sleep(struct eng_bell *bell)
{
    bool quiet;

    atomic_store(&bell->rest, ENG_BELL_ASLEEP);
    quiet = !atomic_load(&bell->called);
    for (unsigned i = 0; quiet && i < ENG_BELL_WORDS; i++)
        quiet = atomic_load(&bell->news[i]) == 0;
    if (!quiet)
        eng_bell_wake(bell);
    return quiet;
}

bool eng_bell_nap(struct eng_bell *bell)
{
    bool quiet;

    atomic_store(&bell->rest, ENG_BELL_NAPPING);
    quiet = !atomic_load(&bell->called);
    if (!quiet)
        eng_bell_wake(bell);
    return quiet;
}

void eng_bell_wake(struct eng_bell *bell)
{
    atomic_store_explicit(&bell->rest, ENG_BELL_AWAKE, memory_order_relaxed);
}
