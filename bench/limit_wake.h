// SPDX-License-Identifier: Apache-2.0
//
// What it costs a thread to be woken: the least that a worker pays for a frame that finds it
// asleep. On a virtual machine it is dear, since an idle core is the hypervisor's.
#pragma once

// Nanoseconds of CPU that a thread on this core spends per wake-up, rung from another core by an
// eventfd each half millisecond; negative: -errno.
double limit_wake_measure(int core, int ringer_core);
