// SPDX-License-Identifier: Apache-2.0
//
// A thread that checks passwords against hashes that are slow on purpose (password.h), one after
// the other, so that the control thread goes on meanwhile. The calls below are the control
// thread's, and it is told the answers.
#pragma once

#include <stdbool.h>

struct event_base;
struct ctl_hasher;

enum {
    CTL_HASHER_JOBS_MAX = 32, // two or three seconds' worth
};

// Starts the thread. 0 or -errno.
int ctl_hasher_create(struct event_base *base, struct ctl_hasher **out);

// done is told later whether they match. hash stays valid; the password is copied, and wiped.
// False: it has CTL_HASHER_JOBS_MAX jobs already, or memory is out.
bool ctl_hasher_ask(struct ctl_hasher *hasher, const char *hash, const char *password,
                    void (*done)(void *ctx, bool ok), void *ctx);

// Waits for the job at hand; nobody is told of it nor of the rest. NULL does no harm.
void ctl_hasher_destroy(struct ctl_hasher *hasher);
