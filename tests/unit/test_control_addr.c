// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "control/addr.h"

static void good_addresses_come_back_normalised(void **state)
{
    static const struct {
        const char *text, *formatted;
    } cases[] = {
        {"0.0.0.0:8889", "0.0.0.0:8889"},
        {":8889", "0.0.0.0:8889"},
        {"127.0.0.1:1", "127.0.0.1:1"},
        {"255.255.255.255:65535", "255.255.255.255:65535"},
        {"[::]:8889", "[::]:8889"},
        {"[::1]:8889", "[::1]:8889"},
        {"[2001:DB8:0:0::1]:00080", "[2001:db8::1]:80"},
        {"[2001:db8:1111:2222:3333:4444:5555:6666]:65535",
         "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"},
        {"[::ffff:192.0.2.1]:80", "192.0.2.1:80"},
    };
    char text[CTL_ADDR_TEXT_MAX];
    struct eng_addr addr;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ctl_addr_parse(cases[i].text, &addr), 0);
        assert_string_equal(ctl_addr_format(&addr, text), cases[i].formatted);
    }
}

static void bad_addresses_are_refused_and_write_nothing(void **state)
{
    static const char *const cases[] = {
        "",
        ":",
        "8889",
        "127.0.0.1",
        "127.0.0.1:",
        ":0",
        ":65536",
        ":100000",
        ":-1",
        ":+1",
        ": 80",
        ":80 ",
        ":80a",
        ":0x50",
        "localhost:80",
        "1.2.3:80",
        "1.2.3.4.5:80",
        "256.0.0.1:80",
        "::1:80",
        "[::1]80",
        "[::1:80",
        "::1]:80",
        "[]:80",
        "[:80",
        "]:80",
        "[::g]:80",
        "[1.2.3.4]:80",
        "[fe80::1%lo]:80",
        "[2001:db8:1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa]:80",
    };
    struct eng_addr addr, untouched;

    (void)state;
    memset(&untouched, 0x5a, sizeof(untouched));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        addr = untouched;
        assert_int_equal(ctl_addr_parse(cases[i], &addr), -EINVAL);
        assert_memory_equal(&addr, &untouched, sizeof(addr));
    }
}

static void any_is_told_from_concrete(void **state)
{
    static const struct {
        const char *text;
        bool any;
    } cases[] = {{":1", true}, {"[::]:1", true}, {"127.0.0.1:1", false}, {"[::1]:1", false}};
    struct eng_addr addr;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(ctl_addr_parse(cases[i].text, &addr), 0);
        assert_int_equal(ctl_addr_is_any(&addr), cases[i].any);
    }
}

static void concrete_keeps_the_port_and_leaves_others_alone(void **state)
{
    char text[CTL_ADDR_TEXT_MAX];
    struct eng_addr addr;

    (void)state;
    assert_int_equal(ctl_addr_parse("[::]:8889", &addr), 0);
    ctl_addr_make_concrete(&addr);
    assert_false(ctl_addr_is_any(&addr));
    assert_int_equal(eng_addr_port(&addr), 8889);

    assert_int_equal(ctl_addr_parse("127.0.0.1:8889", &addr), 0);
    ctl_addr_make_concrete(&addr);
    assert_string_equal(ctl_addr_format(&addr, text), "127.0.0.1:8889");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses_come_back_normalised),
        cmocka_unit_test(bad_addresses_are_refused_and_write_nothing),
        cmocka_unit_test(any_is_told_from_concrete),
        cmocka_unit_test(concrete_keeps_the_port_and_leaves_others_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
