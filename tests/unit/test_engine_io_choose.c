// SPDX-License-Identifier: Apache-2.0
//
// What tx = auto makes of a machine: one that has both ways to the kernel, one that forbids
// io_uring, as containers do, and one without loopback. The last two are child processes.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/io_choose.h"
#include "tests/support/oracle.h"

enum {
    SKIPPED = 77
};

static void takes_the_cheaper(void **state)
{
    struct eng_tx_costs costs;
    const struct eng_io_ops *ops = eng_io_choose(&costs);

    (void)state;
    assert_true(costs.io_uring_ns > 0 && costs.sendmmsg_ns > 0);
    if (ops == &eng_io_sendmmsg)
        assert_true(costs.sendmmsg_ns < costs.io_uring_ns);
    else
        assert_true(ops == &eng_io_uring && costs.sendmmsg_ns * 51 / 50 + 1 >= costs.io_uring_ns);
}

static int in_child(int (*work)(void))
{
    pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0)
        _exit(work());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int create(enum eng_tx tx, struct eng_engine **engine, const char **what)
{
    struct eng_config config = {
        .listen = loopback_addr(0), .tx = tx, .video_bytes = 64 << 10, .train_max = 1};

    return eng_engine_create(&config, engine, what);
}

static bool forbid_io_uring(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int run_without_io_uring(void)
{
    struct eng_engine *engine;
    const char *what;
    int failed = 0;

    if (!forbid_io_uring())
        return SKIPPED;
    if (create(ENG_TX_IO_URING, &engine, &what) != -EPERM || strcmp(what, "io_uring") != 0)
        failed |= 1;
    if (create(ENG_TX_AUTO, &engine, &what) != 0)
        return 2;
    if (strcmp(eng_engine_tx_name(engine), "sendmmsg") != 0)
        failed |= 4;
    if (eng_engine_tx_costs(engine).sendmmsg_ns != 0)
        failed |= 8;
    eng_engine_destroy(engine);
    return failed;
}

static int run_without_loopback(void)
{
    struct eng_tx_costs costs;

    if (unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
        return SKIPPED;
    return eng_io_choose(&costs) == &eng_io_uring && costs.io_uring_ns == 0 ? 0 : 1;
}

static void check_child(int (*work)(void), const char *why_not)
{
    int result = in_child(work);

    if (result == SKIPPED) {
        print_message("SKIPPED: %s\n", why_not);
        skip();
    }
    assert_int_equal(result, 0);
}

static void falls_back_where_io_uring_is_forbidden(void **state)
{
    (void)state;
    check_child(run_without_io_uring, "no seccomp filters here");
}

static void takes_io_uring_where_nothing_can_be_measured(void **state)
{
    (void)state;
    check_child(run_without_loopback, "no network namespaces here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_the_cheaper),
        cmocka_unit_test(falls_back_where_io_uring_is_forbidden),
        cmocka_unit_test(takes_io_uring_where_nothing_can_be_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
