// SPDX-License-Identifier: Apache-2.0
//
// Everything that is counted, in the Prometheus text format 0.0.4. Control thread.
#pragma once

#include <stddef.h>

#include "control/auth.h"
#include "control/sessions.h"
#include "control/streams.h"
#include "engine/engine.h"

struct ctl_relay;
struct evbuffer;

// Appends the whole exposition to out. relay: NULL where there is none.
void ctl_metrics_write(struct evbuffer *out, struct eng_engine *engine, struct ctl_streams *streams,
                       const struct ctl_sessions *sessions, const struct ctl_relay *relay,
                       const struct ctl_auth *auth);

// The two comment lines before a metric's values; name without "rtcfan_".
void ctl_metrics_head(struct evbuffer *out, const char *name, const char *type, const char *help);

// Writes a label's value with backslash, quote and newline escaped, cut where size ends (never
// within an escape), NUL-terminated; returns out.
const char *ctl_metrics_escape(const char *value, char *out, size_t size);
