// SPDX-License-Identifier: Apache-2.0
//
// Which cores the workers get when the configuration names none. Control thread.
#pragma once

// Fills cores[] with at most max of the cores that this process may run on: all but the first,
// which is left to control and ingest, unless it is the only one. Returns how many, at least 1.
unsigned eng_cores_choose(int *cores, unsigned max);

// The first core that this process may run on; 0 if that cannot be told.
int eng_cores_first(void);
