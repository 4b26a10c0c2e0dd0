// SPDX-License-Identifier: Apache-2.0
// The pure parts behind HTTP: routes, header fields and the escaping of labels.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/http_field.h"
#include "control/metrics.h"
#include "control/name.h"
#include "control/route.h"

static void check_route(const char *path, enum ctl_route_kind kind, const char *name,
                        const char *id)
{
    // Exactly as long as the path, so that reading beyond it is noticed.
    char *copy = strdup(path);
    struct ctl_route route;

    assert_non_null(copy);
    route = ctl_route_parse(copy);
    assert_int_equal(route.kind, kind);
    if (name) {
        assert_int_equal(route.name_len, strlen(name));
        assert_memory_equal(route.name, name, route.name_len);
    } else {
        assert_null(route.name);
    }
    if (id) {
        assert_int_equal(route.id_len, strlen(id));
        assert_memory_equal(route.id, id, route.id_len);
    } else {
        assert_null(route.id);
    }
    free(copy);
}

static void routes_lead_where_they_should(void **state)
{
    (void)state;
    check_route("/", CTL_ROUTE_INDEX, NULL, NULL);
    check_route("/api/streams", CTL_ROUTE_STREAMS, NULL, NULL);
    check_route("/cam1", CTL_ROUTE_PLAYER_BARE, "cam1", NULL);
    check_route("/cam1/", CTL_ROUTE_PLAYER, "cam1", NULL);
    check_route("/hall/cam.2-b_c/", CTL_ROUTE_PLAYER, "hall/cam.2-b_c", NULL);
    check_route("/cam1/whep", CTL_ROUTE_WHEP, "cam1", NULL);
    check_route("/hall/cam1/whep", CTL_ROUTE_WHEP, "hall/cam1", NULL);
    check_route("/cam1/whep/00112233445566778899aabbccddeeff", CTL_ROUTE_WHEP_SESSION, "cam1",
                "00112233445566778899aabbccddeeff");
    check_route("/hall/cam1/whep/x", CTL_ROUTE_WHEP_SESSION, "hall/cam1", "x");
    check_route("/cam1/whep/", CTL_ROUTE_WHEP_SESSION, "cam1", "");
}

static void resources_have_paths_of_their_own(void **state)
{
    (void)state;
    check_route("/wall", CTL_ROUTE_RESOURCE, NULL, NULL);
    check_route("/rtcfan-player.js", CTL_ROUTE_RESOURCE, NULL, NULL);
    assert_true(ctl_resource_find(CTL_RESOURCE_PAGES, "/wall")->is_page);
    assert_false(ctl_resource_find(CTL_RESOURCE_PAGES, "/rtcfan-player.js")->is_page);
    assert_null(ctl_resource_find(CTL_RESOURCE_PAGES, "wall"));
    // What is about viewers is not where they are.
    assert_true(ctl_resource_find(CTL_RESOURCE_FIGURES, "/viewers")->is_page);
    assert_null(ctl_resource_find(CTL_RESOURCE_PAGES, "/viewers"));
    assert_null(ctl_resource_find(CTL_RESOURCE_FIGURES, "/wall"));
    assert_ptr_equal(ctl_resource_find(CTL_RESOURCE_FIGURES, "/page.css"),
                     ctl_resource_find(CTL_RESOURCE_PAGES, "/page.css"));
    // No stream is called so, but they would not be in the way of one.
    check_route("/wall/", CTL_ROUTE_PLAYER, "wall", NULL);
    check_route("/wall/whep", CTL_ROUTE_WHEP, "wall", NULL);
    check_route("/hall/wall", CTL_ROUTE_PLAYER_BARE, "hall/wall", NULL);
}

static void names_leave_the_servers_paths_alone(void **state)
{
    static const char *const ours[] = {"wall", "api/streams", "page.css", "rtcfan-player.js"};

    (void)state;
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        assert_string_equal(ctl_name_fault(ours[i]), "is a path of the server's own");
    assert_null(ctl_name_fault("walls"));
    assert_null(ctl_name_fault("hall/wall"));
    assert_null(ctl_name_fault("wall/1"));
}

static void odd_paths_name_no_stream(void **state)
{
    (void)state;
    check_route("", CTL_ROUTE_NONE, NULL, NULL);
    check_route("cam1", CTL_ROUTE_NONE, NULL, NULL);
    check_route("*", CTL_ROUTE_NONE, NULL, NULL);
    // Whatever stands in these is no stream's name, so the look-up fails.
    check_route("/whep", CTL_ROUTE_PLAYER_BARE, "whep", NULL);
    check_route("//whep", CTL_ROUTE_WHEP, "", NULL);
    check_route("//whep/x", CTL_ROUTE_WHEP_SESSION, "", "x");
    check_route("//", CTL_ROUTE_PLAYER, "", NULL);
    check_route("/../../etc/passwd", CTL_ROUTE_PLAYER_BARE, "../../etc/passwd", NULL);
    check_route("/%2e%2e/", CTL_ROUTE_PLAYER, "%2e%2e", NULL);
    check_route("/cam1/whepx", CTL_ROUTE_PLAYER_BARE, "cam1/whepx", NULL);
}

static void media_types_compare_without_parameters(void **state)
{
    (void)state;
    assert_true(ctl_field_media_type_is("application/sdp", "application/sdp"));
    assert_true(ctl_field_media_type_is("Application/SDP", "application/sdp"));
    assert_true(ctl_field_media_type_is("application/sdp;charset=utf-8", "application/sdp"));
    assert_true(ctl_field_media_type_is(" application/sdp ; charset=utf-8", "application/sdp"));
    assert_false(ctl_field_media_type_is(NULL, "application/sdp"));
    assert_false(ctl_field_media_type_is("", "application/sdp"));
    assert_false(ctl_field_media_type_is("application/sd", "application/sdp"));
    assert_false(ctl_field_media_type_is("application/sdpx", "application/sdp"));
    assert_false(ctl_field_media_type_is("application/sdp x", "application/sdp"));
    assert_false(ctl_field_media_type_is("text/plain; application/sdp", "application/sdp"));
}

static void if_match_compares_strongly(void **state)
{
    (void)state;
    assert_true(ctl_field_if_match("\"abc\"", "\"abc\""));
    assert_true(ctl_field_if_match("*", "\"abc\""));
    assert_true(ctl_field_if_match("\"*\"", "\"abc\""));
    assert_true(ctl_field_if_match(" \"x,\" , \"abc\"", "\"abc\""));
    assert_true(ctl_field_if_match("W/\"x\",\"abc\"", "\"abc\""));
    assert_false(ctl_field_if_match("", "\"abc\""));
    assert_false(ctl_field_if_match("abc", "\"abc\""));
    assert_false(ctl_field_if_match("\"ab\"", "\"abc\""));
    assert_false(ctl_field_if_match("\"abcd\"", "\"abc\""));
    assert_false(ctl_field_if_match("\"abc", "\"abc\""));
    assert_false(ctl_field_if_match("W/\"abc\"", "\"abc\""));
    assert_false(ctl_field_if_match("\"x\" \"abc\"", "\"abc\""));
    assert_false(ctl_field_if_match("\"x\",", "\"abc\""));
    assert_false(ctl_field_if_match("*, \"x\"", "\"abc\""));
}

static void labels_are_escaped(void **state)
{
    char out[32];

    (void)state;
    assert_string_equal(ctl_metrics_escape("cam1", out, sizeof(out)), "cam1");
    assert_string_equal(ctl_metrics_escape("a\\b\"c\nd", out, sizeof(out)), "a\\\\b\\\"c\\nd");
    assert_string_equal(ctl_metrics_escape("", out, sizeof(out)), "");
}

static void escapes_are_never_cut_in_two(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 7; size++) {
        static const char *const expected[] = {"",         "",         "\\\"",        "\\\"",
                                               "\\\"\\\"", "\\\"\\\"", "\\\"\\\"\\\""};
        char *out = malloc(size);

        assert_non_null(out);
        assert_string_equal(ctl_metrics_escape("\"\"\"", out, size), expected[size - 1]);
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(routes_lead_where_they_should),
        cmocka_unit_test(resources_have_paths_of_their_own),
        cmocka_unit_test(names_leave_the_servers_paths_alone),
        cmocka_unit_test(odd_paths_name_no_stream),
        cmocka_unit_test(media_types_compare_without_parameters),
        cmocka_unit_test(if_match_compares_strongly),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(escapes_are_never_cut_in_two),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
