// SPDX-License-Identifier: Apache-2.0
#include "engine/slice.h"

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

void eng_slice_ask(uint64_t ns)
{
    struct sched_attr attr = {0};

    if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0))
        return;
    attr.sched_runtime = ns;
    (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}
