// SPDX-License-Identifier: Apache-2.0
//
// How the kernel shares a core out between a worker and others. A thread that asks for short slices
// goes before those with longer ones when it wakes (Linux 6.12; older kernels take no notice), and
// gets no more of the core by it.
#pragma once

#include <stdint.h>

// For the calling thread. Failing does no harm.
void eng_slice_ask(uint64_t ns);
