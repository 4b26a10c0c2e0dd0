// SPDX-License-Identifier: Apache-2.0
//
// The users and tokens of the configuration. Slow hashes are checked by a thread of their own
// (hasher.h), and who was found right is remembered by a keyed hash of what he showed, so that a
// thousand viewers who share a password cost one check. Wrong ones are not remembered: whoever
// guesses pays for each guess. Control thread.
#pragma once

#include "control/config.h"
#include "control/credentials.h"
#include "control/verdict.h"

struct event_base;
struct ctl_auth_users;

enum {
    CTL_AUTH_USERS_KNOWN_MAX = 256, // remembered; the oldest is forgotten for a new one
};

// config stays valid. 0 or -errno.
int ctl_auth_users_create(struct event_base *base, const struct ctl_auth_config *config,
                          struct ctl_auth_users **out);

// GRANTED, UNKNOWN or UNAVAILABLE; or LATER, and done is told one of these.
enum ctl_verdict ctl_auth_users_check(struct ctl_auth_users *users,
                                      const struct ctl_credentials *credentials,
                                      void (*done)(void *ctx, enum ctl_verdict verdict), void *ctx);

// Nobody is told any more. NULL does no harm.
void ctl_auth_users_destroy(struct ctl_auth_users *users);
