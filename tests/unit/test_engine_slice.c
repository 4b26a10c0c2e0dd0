// SPDX-License-Identifier: Apache-2.0
//
// Workers go before others on their core, where the kernel can do that; nobody else does.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "engine/slice.h"
#include "tests/support/engine_world.h"

// The kernel's struct sched_attr, whose header does not go with <sched.h>.
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static uint64_t slice_of(pid_t thread)
{
    struct attributes attr = {0};

    assert_int_equal(syscall(SYS_sched_getattr, thread, &attr, sizeof(attr), 0), 0);
    return attr.runtime;
}

static void skip_without_slices(void)
{
    if (slice_of(0) == 0) {
        print_message("this kernel takes no wishes for slices\n");
        skip();
    }
}

static bool is_worker(const char *task)
{
    char path[64], name[32] = "";
    FILE *comm;

    snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", task);
    comm = fopen(path, "re");
    if (comm) {
        (void)!fgets(name, sizeof(name), comm);
        fclose(comm);
    }
    return strcmp(name, "worker-0\n") == 0;
}

static void workers_ask_for_short_slices(void **state)
{
    uint64_t usual, worker = 0;
    struct dirent *entry;
    struct world w;
    DIR *tasks;

    (void)state;
    skip_without_slices();
    usual = slice_of(0);
    start(&w);
    tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    while ((entry = readdir(tasks)) != NULL) {
        if (is_worker(entry->d_name))
            worker = slice_of((pid_t)strtol(entry->d_name, NULL, 10));
    }
    closedir(tasks);
    assert_in_range(worker, 1, usual / 2);
    assert_int_equal(slice_of(0), usual);
    finish(&w);
}

static void a_wish_is_the_callers_own(void **state)
{
    uint64_t usual;

    (void)state;
    skip_without_slices();
    usual = slice_of(0);
    eng_slice_ask(200000);
    assert_int_equal(slice_of(0), 200000);
    eng_slice_ask(usual);
    assert_int_equal(slice_of(0), usual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_ask_for_short_slices),
        cmocka_unit_test(a_wish_is_the_callers_own),
    };

    return world_run(tests, sizeof(tests) / sizeof(*tests));
}
