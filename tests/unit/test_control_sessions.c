// SPDX-License-Identifier: Apache-2.0
// The parts that sessions are made of: table, token bucket, consent, random text, candidates.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "control/addr.h"
#include "control/bucket.h"
#include "control/candidates.h"
#include "control/clock.h"
#include "control/consent.h"
#include "control/random.h"
#include "control/table.h"

// ---- table ----

static void table_finds_what_it_holds(void **state)
{
    enum {
        COUNT = 1000
    };
    static struct ctl_table_node node[COUNT];
    struct ctl_table table;

    (void)state;
    // A tenth of the chains that it should have: long chains must work too.
    assert_int_equal(ctl_table_init(&table, COUNT / 10, 42), 0);
    for (uint32_t i = 0; i < COUNT; i++)
        ctl_table_insert(&table, &node[i], ctl_table_hash(&table, &i, sizeof(i)));
    for (uint32_t i = 0; i < COUNT; i++)
        assert_ptr_equal(ctl_table_first(&table, ctl_table_hash(&table, &i, sizeof(i))), &node[i]);
    for (uint32_t i = 0; i < COUNT; i += 2)
        ctl_table_remove(&table, &node[i]);
    for (uint32_t i = 0; i < COUNT; i++)
        assert_ptr_equal(ctl_table_first(&table, ctl_table_hash(&table, &i, sizeof(i))),
                         i % 2 ? &node[i] : NULL);
    ctl_table_fini(&table);
}

static void table_walks_equal_hashes(void **state)
{
    struct ctl_table_node node[3] = {0}, other = {0};
    struct ctl_table_node *at;
    unsigned seen = 0;
    struct ctl_table table;

    (void)state;
    assert_int_equal(ctl_table_init(&table, 1, 0), 0);
    ctl_table_insert(&table, &node[0], 7);
    ctl_table_insert(&table, &other, 8);
    ctl_table_insert(&table, &node[1], 7);
    ctl_table_insert(&table, &node[2], 7);
    for (at = ctl_table_first(&table, 7); at; at = ctl_table_next(at))
        seen |= 1u << (at - node);
    assert_int_equal(seen, 7);
    assert_null(ctl_table_first(&table, 9));
    ctl_table_fini(&table);
}

static void table_hash_depends_on_seed_and_key(void **state)
{
    struct ctl_table a, b;

    (void)state;
    assert_int_equal(ctl_table_init(&a, 16, 1), 0);
    assert_int_equal(ctl_table_init(&b, 16, 2), 0);
    assert_true(ctl_table_hash(&a, "x", 1) != ctl_table_hash(&b, "x", 1));
    assert_true(ctl_table_hash(&a, "x", 1) != ctl_table_hash(&a, "y", 1));
    assert_int_equal(ctl_table_hash(&a, "xy", 1), ctl_table_hash(&a, "x", 1));
    ctl_table_fini(&a);
    ctl_table_fini(&b);
}

// ---- token bucket ----

static void bucket_gives_a_burst_then_the_rate(void **state)
{
    struct ctl_bucket bucket;
    int64_t now_ns = 5 * CTL_NS_PER_SECOND;
    unsigned taken = 0;

    (void)state;
    ctl_bucket_init(&bucket, 10, 3);
    assert_true(ctl_bucket_take(&bucket, now_ns));
    assert_true(ctl_bucket_take(&bucket, now_ns));
    assert_true(ctl_bucket_take(&bucket, now_ns));
    assert_false(ctl_bucket_take(&bucket, now_ns));
    assert_false(ctl_bucket_take(&bucket, now_ns + 99 * CTL_NS_PER_MS));
    assert_true(ctl_bucket_take(&bucket, now_ns + 100 * CTL_NS_PER_MS));
    assert_false(ctl_bucket_take(&bucket, now_ns + 100 * CTL_NS_PER_MS));

    // A long flood gets the rate; a long pause does not save up more than the burst.
    now_ns += 100 * CTL_NS_PER_MS;
    for (int ms = 1; ms <= 10000; ms++)
        taken += ctl_bucket_take(&bucket, now_ns + ms * CTL_NS_PER_MS);
    assert_int_equal(taken, 100);
    now_ns += 3600 * CTL_NS_PER_SECOND;
    for (taken = 0; ctl_bucket_take(&bucket, now_ns); taken++)
        assert_in_range(taken, 0, 3);
    assert_int_equal(taken, 3);
}

// ---- consent ----

static void consent_pauses_at_15_s_and_ends_at_30_s(void **state)
{
    const int64_t heard = 1000 * CTL_NS_PER_SECOND;
    int64_t again = 0;

    (void)state;
    assert_int_equal(ctl_consent_judge(heard, heard, &again), CTL_CONSENT_GIVEN);
    assert_int_equal(again - heard, 15 * CTL_NS_PER_SECOND);
    assert_int_equal(ctl_consent_judge(heard, heard + 15 * CTL_NS_PER_SECOND - 1, &again),
                     CTL_CONSENT_GIVEN);
    assert_int_equal(again - heard, 15 * CTL_NS_PER_SECOND);
    assert_int_equal(ctl_consent_judge(heard, heard + 15 * CTL_NS_PER_SECOND, &again),
                     CTL_CONSENT_SILENT);
    assert_int_equal(again - heard, 16 * CTL_NS_PER_SECOND);
    // The last look before the end is at the end.
    assert_int_equal(ctl_consent_judge(heard, heard + 30 * CTL_NS_PER_SECOND - 1, &again),
                     CTL_CONSENT_SILENT);
    assert_int_equal(again - heard, 30 * CTL_NS_PER_SECOND);
    assert_int_equal(ctl_consent_judge(heard, heard + 30 * CTL_NS_PER_SECOND, &again),
                     CTL_CONSENT_OVER);
    // A clock read before the datagram was stamped.
    assert_int_equal(ctl_consent_judge(heard, heard - 1000, &again), CTL_CONSENT_GIVEN);
}

// ---- random text ----

static void random_text_keeps_to_its_alphabet(void **state)
{
    char hex[65], ice[513], again[65];

    (void)state;
    memset(hex, 'x', sizeof(hex));
    ctl_random_hex(hex, 64);
    ctl_random_hex(again, 64);
    assert_int_equal(strlen(hex), 64);
    assert_int_equal(strspn(hex, "0123456789abcdef"), 64);
    assert_string_not_equal(hex, again);
    ctl_random_ice(ice, 512);
    assert_int_equal(
        strspn(ice, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"), 512);
    assert_non_null(strpbrk(ice, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
    assert_non_null(strpbrk(ice, "0123456789"));
}

// ---- candidates ----

enum {
    INTERFACES_MAX = 48
};

struct interfaces {
    struct ifaddrs list[INTERFACES_MAX];
    struct eng_addr addr[INTERFACES_MAX];
    size_t count;
};

static struct eng_addr parse(const char *text)
{
    struct eng_addr addr;

    assert_int_equal(ctl_addr_parse(text, &addr), 0);
    return addr;
}

static void add_interface(struct interfaces *all, const char *text, unsigned flags)
{
    struct ifaddrs *i = &all->list[all->count];

    assert_true(all->count < INTERFACES_MAX);
    memset(i, 0, sizeof(*i));
    i->ifa_flags = flags;
    if (text) {
        all->addr[all->count] = parse(text);
        i->ifa_addr = &all->addr[all->count].sa;
    }
    if (all->count > 0)
        all->list[all->count - 1].ifa_next = i;
    all->count++;
}

static void add_usual(struct interfaces *all)
{
    const unsigned up = IFF_UP | IFF_RUNNING;

    all->count = 0;
    add_interface(all, NULL, up); // an interface without an address
    add_interface(all, "127.0.0.1:1", up | IFF_LOOPBACK);
    add_interface(all, "[::1]:1", up | IFF_LOOPBACK);
    add_interface(all, "[2001:db8::5]:1", up);
    add_interface(all, "[fe80::1]:1", up);
    add_interface(all, "192.0.2.7:1", up);
    add_interface(all, "192.0.2.8:1", IFF_UP); // no carrier
    add_interface(all, "198.51.100.9:1", 0);   // down
    add_interface(all, "192.0.2.7:1", up);     // a second label of the same address
}

static void check_candidates(struct ctl_candidates *candidates, bool with_loopback,
                             const char *expected)
{
    struct eng_addr out[WRTC_CANDIDATES_MAX];
    char text[1024] = "", one[CTL_ADDR_TEXT_MAX];
    size_t count;

    candidates->read_ns = 1; // what ctl_candidates_read found is fresh
    count = ctl_candidates_get(candidates, with_loopback, 2, out);
    for (size_t i = 0; i < count; i++) {
        strcat(text, i ? " " : "");
        strcat(text, ctl_addr_format(&out[i], one));
    }
    assert_string_equal(text, expected);
}

static void wildcards_offer_every_useful_address(void **state)
{
    struct ctl_candidates candidates = {.listen = parse("0.0.0.0:8189")};
    struct interfaces all;

    (void)state;
    add_usual(&all);
    ctl_candidates_read(&candidates, all.list);
    check_candidates(&candidates, false, "192.0.2.7:8189");
    check_candidates(&candidates, true, "192.0.2.7:8189 127.0.0.1:8189");

    candidates.listen = parse("[::]:8189");
    ctl_candidates_read(&candidates, all.list);
    check_candidates(&candidates, false, "192.0.2.7:8189 [2001:db8::5]:8189");
    check_candidates(&candidates, true,
                     "192.0.2.7:8189 [2001:db8::5]:8189 127.0.0.1:8189 [::1]:8189");
}

static void loopback_is_offered_where_it_is_all_there_is(void **state)
{
    struct ctl_candidates candidates = {.listen = parse("0.0.0.0:8189")};
    struct interfaces all = {.count = 0};

    (void)state;
    add_interface(&all, "127.0.0.1:1", IFF_UP | IFF_RUNNING | IFF_LOOPBACK);
    ctl_candidates_read(&candidates, all.list);
    check_candidates(&candidates, false, "127.0.0.1:8189");
    ctl_candidates_read(&candidates, NULL);
    check_candidates(&candidates, true, "");
}

static void a_bound_address_is_the_only_one_of_ours(void **state)
{
    struct ctl_candidates candidates = {.listen = parse("192.0.2.1:8189")};
    struct interfaces all;

    (void)state;
    add_usual(&all);
    candidates.extra[0] = parse("203.0.113.4:8189");
    candidates.extra[1] = parse("192.0.2.1:8189");
    candidates.extra_count = 2;
    ctl_candidates_read(&candidates, all.list);
    check_candidates(&candidates, true, "203.0.113.4:8189 192.0.2.1:8189");
}

static void candidates_are_bounded(void **state)
{
    struct ctl_candidates candidates = {.listen = parse("0.0.0.0:8189")};
    struct interfaces all = {.count = 0};
    char text[32];

    (void)state;
    for (int i = 1; i <= WRTC_CANDIDATES_MAX + 8; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d:1", i);
        add_interface(&all, text, IFF_UP | IFF_RUNNING);
    }
    add_interface(&all, "127.0.0.1:1", IFF_UP | IFF_RUNNING);
    ctl_candidates_read(&candidates, all.list);
    assert_int_equal(candidates.count, WRTC_CANDIDATES_MAX);
    assert_int_equal(candidates.loopbacks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_finds_what_it_holds),
        cmocka_unit_test(table_walks_equal_hashes),
        cmocka_unit_test(table_hash_depends_on_seed_and_key),
        cmocka_unit_test(bucket_gives_a_burst_then_the_rate),
        cmocka_unit_test(consent_pauses_at_15_s_and_ends_at_30_s),
        cmocka_unit_test(random_text_keeps_to_its_alphabet),
        cmocka_unit_test(wildcards_offer_every_useful_address),
        cmocka_unit_test(loopback_is_offered_where_it_is_all_there_is),
        cmocka_unit_test(a_bound_address_is_the_only_one_of_ours),
        cmocka_unit_test(candidates_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
