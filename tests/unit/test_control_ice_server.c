// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "control/ice_server.h"

static void links_are_written_as_whip_has_them(void **state)
{
    struct ctl_ice_server stun = {.url = (char[]){"stun:stun.example.net"}};
    struct ctl_ice_server turn = {
        .url = (char[]){"turn:turn.example.net?transport=udp"},
        .username = (char[]){"user"},
        .credential = (char[]){"my \"Pass\\word\""},
    };
    char link[CTL_ICE_LINK_MAX];

    (void)state;
    ctl_ice_link_write(&stun, link);
    assert_string_equal(link, "<stun:stun.example.net>; rel=\"ice-server\"");
    ctl_ice_link_write(&turn, link);
    assert_string_equal(link, "<turn:turn.example.net?transport=udp>; rel=\"ice-server\"; "
                              "username=\"user\"; credential=\"my \\\"Pass\\\\word\\\"\"; "
                              "credential-type=\"password\"");
}

static void the_longest_link_fits(void **state)
{
    char url[CTL_ICE_TEXT_MAX + 1] = "turn:", text[CTL_ICE_TEXT_MAX + 1] = "";
    struct ctl_ice_server server = {.url = url, .username = text, .credential = text};
    char link[CTL_ICE_LINK_MAX];

    (void)state;
    memset(url + 5, 'x', CTL_ICE_TEXT_MAX - 5);
    memset(text, '"', CTL_ICE_TEXT_MAX);
    assert_null(ctl_ice_url_fault(url));
    assert_null(ctl_ice_text_fault(text));
    ctl_ice_link_write(&server, link);
    assert_true(strlen(link) < CTL_ICE_LINK_MAX);
}

static void what_would_break_the_field_is_refused(void **state)
{
    (void)state;
    assert_null(ctl_ice_url_fault("stuns:[2001:db8::1]:5349"));
    assert_string_equal(ctl_ice_url_fault("http://h/"), "is of another scheme");
    assert_string_equal(ctl_ice_url_fault("turn:"), "names no host");
    assert_string_equal(ctl_ice_url_fault("turn://h"), "names no host");
    assert_string_equal(ctl_ice_url_fault("turn:h>; rel=x"), "has a character that is not allowed");
    assert_string_equal(ctl_ice_url_fault("turn:h\r\nX: y"),
                        "has a character that is not printable ASCII");
    assert_string_equal(ctl_ice_url_fault(""), "is empty");
    assert_string_equal(ctl_ice_text_fault(""), "is empty");
    assert_string_equal(ctl_ice_text_fault("a\nb"), "has a character that is not printable ASCII");
    assert_true(ctl_ice_needs_credential("turns:h"));
    assert_false(ctl_ice_needs_credential("stuns:h"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_written_as_whip_has_them),
        cmocka_unit_test(the_longest_link_fits),
        cmocka_unit_test(what_would_break_the_field_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
