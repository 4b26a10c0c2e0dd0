// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#include <event2/event.h>

#include "control/trim.h"
#include "tests/support/sanitized.h"

enum {
    EVERY_MS = 20,
    PIECES = 500,
    LARGE = 60000, // passes through the heap, below glibc's threshold for mmap
    SMALL = 100,   // stays above it
};

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
    fclose(f);
    return resident;
}

static void run(struct event_base *base)
{
    const struct timeval wait = {.tv_usec = 5L * EVERY_MS * 1000};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

// What a rush leaves: large pieces that were freed below small ones that stay.
static void test_gives_back(void **state)
{
    struct event_base *base = event_base_new();
    void *large[PIECES], *small[PIECES];
    struct ctl_trim *trim;
    long full, pages = (long)PIECES * LARGE / sysconf(_SC_PAGESIZE);

    (void)state;
    if (SANITIZED) {
        event_base_free(base);
        print_message("skipped: a sanitizer's allocator keeps what it likes\n");
        skip();
    }
    assert_int_equal(ctl_trim_create(base, EVERY_MS, &trim), 0);
    for (size_t i = 0; i < PIECES; i++) {
        large[i] = malloc(LARGE);
        small[i] = malloc(SMALL);
        assert_true(large[i] && small[i]);
        memset(large[i], 1, LARGE);
    }
    for (size_t i = 0; i < PIECES; i++)
        free(large[i]);
    full = resident_pages();
    run(base);
    assert_true(resident_pages() > full - pages / 2); // not asked for
    ctl_trim_want(trim);
    ctl_trim_want(trim);
    run(base);
    assert_true(resident_pages() < full - pages / 2);
    for (size_t i = 0; i < PIECES; i++)
        free(small[i]);
    ctl_trim_destroy(trim);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gives_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
