// SPDX-License-Identifier: Apache-2.0
//
// The RTCP that we send: each second a compound of sender reports and SDES to each viewer (RFC 3550
// 6.4.1, 6.5), and BYE at the end (6.6). Worker thread.
#pragma once

#include "engine/worker.h"

enum {
    ENG_REPORT_INTERVAL_MS = 1000
};

void eng_report_send(struct eng_worker *worker, struct eng_viewer *viewer, bool bye);
