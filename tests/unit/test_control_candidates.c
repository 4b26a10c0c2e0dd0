// SPDX-License-Identifier: Apache-2.0
//
// Where candidates come from while the loop runs: names that are looked up, interfaces that change.
// What is made of them is in test_control_sessions.c.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <event2/event.h>

#include "control/addr.h"
#include "control/candidates.h"

enum {
    TURNS_MAX = 600, // of 50 ms
};

static struct event_base *base;

static bool offers(struct ctl_candidates *candidates, const char *text)
{
    struct eng_addr out[WRTC_CANDIDATES_MAX], wanted;
    size_t count = ctl_candidates_get(candidates, false, 1, out);

    assert_int_equal(ctl_addr_parse(text, &wanted), 0);
    for (size_t i = 0; i < count; i++)
        if (eng_addr_equal(&out[i], &wanted))
            return true;
    return false;
}

static void turn(void)
{
    const struct timeval wait = {.tv_usec = 50000};

    event_base_loopexit(base, &wait);
    event_base_dispatch(base);
}

static void expect_soon(struct ctl_candidates *candidates, const char *text, bool wanted)
{
    for (int i = 0; i < TURNS_MAX && offers(candidates, text) != wanted; i++)
        turn();
    assert_int_equal(offers(candidates, text), wanted);
}

// localhost stands in /etc/hosts: no name server is asked.
static void additional_hosts_are_resolved(void **state)
{
    char literal[] = "203.0.113.4", six[] = "2001:db8::9", name[] = "localhost";
    struct ctl_config config = {
        .additional_hosts = {literal, name, six},
        .additional_host_count = 3,
    };
    struct ctl_candidates candidates;

    (void)state;
    ctl_addr_parse("192.0.2.1:1", &config.webrtc_listen);
    base = event_base_new();
    assert_int_equal(ctl_candidates_init(&candidates, base, &config, 8189), 0);
    assert_true(offers(&candidates, "203.0.113.4:8189"));
    assert_true(offers(&candidates, "[2001:db8::9]:8189"));
    assert_false(offers(&candidates, "127.0.0.1:8189")); // the loop has not run
    expect_soon(&candidates, "127.0.0.1:8189", true);
    ctl_candidates_stop(&candidates);
    turn();
    assert_true(offers(&candidates, "127.0.0.1:8189"));
    ctl_candidates_fini(&candidates);
    event_base_free(base);
}

// In a network namespace of our own, which is the last test's for that reason.
static void addresses_that_change_are_offered(void **state)
{
    struct ctl_config config = {0};
    struct ctl_candidates candidates;

    (void)state;
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("skipped: no network namespace (%s)\n", strerror(errno));
        skip();
    }
    ctl_addr_parse("[::]:1", &config.webrtc_listen);
    base = event_base_new();
    assert_int_equal(ctl_candidates_init(&candidates, base, &config, 8189), 0);
    assert_false(offers(&candidates, "192.0.2.7:8189"));
    assert_int_equal(system("ip link set lo up && ip link add veth0 type veth peer name veth1 && "
                            "ip link set veth0 up && ip link set veth1 up && "
                            "ip addr add 192.0.2.7/24 dev veth0"),
                     0);
    expect_soon(&candidates, "192.0.2.7:8189", true);
    assert_int_equal(system("ip addr add 2001:db8::7/64 dev veth0 nodad"), 0);
    expect_soon(&candidates, "[2001:db8::7]:8189", true);
    assert_int_equal(system("ip addr del 192.0.2.7/24 dev veth0"), 0);
    expect_soon(&candidates, "192.0.2.7:8189", false);
    assert_true(offers(&candidates, "[2001:db8::7]:8189"));
    ctl_candidates_fini(&candidates);
    event_base_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additional_hosts_are_resolved),
        cmocka_unit_test(addresses_that_change_are_offered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
