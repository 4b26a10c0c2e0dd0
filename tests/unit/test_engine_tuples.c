// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "engine/addr.h"
#include "engine/tuples.h"

enum {
    N = 1024
};

static struct eng_tuple tuple_of(unsigned i)
{
    struct eng_tuple t = {0};

    if (i % 3 == 0) {
        t.remote.in6.sin6_family = AF_INET6;
        t.remote.in6.sin6_addr.s6_addr[15] = (uint8_t)i;
    } else {
        t.remote.in4.sin_family = AF_INET;
        t.remote.in4.sin_addr.s_addr = htonl(0x0a000000 + i / 7);
    }
    eng_addr_set_port(&t.remote, (uint16_t)(1000 + i));
    t.local.in4.sin_family = AF_INET;
    t.local.in4.sin_port = htons(8189);
    return t;
}

static void finds_what_was_added_and_nothing_else(void **state)
{
    static struct eng_tuple tuples[N];
    struct eng_tuples table;
    bool in[N] = {false};

    (void)state;
    srand(2);
    assert_int_equal(eng_tuples_init(&table, N, 42), 0);
    for (unsigned i = 0; i < N; i++)
        tuples[i] = tuple_of(i);
    for (int round = 0; round < 50000; round++) {
        unsigned i = (unsigned)rand() % N;
        struct eng_tuple key = tuple_of(i);

        assert_ptr_equal(eng_tuples_find(&table, &key), in[i] ? &tuples[i] : NULL);
        if (in[i])
            eng_tuples_remove(&table, &tuples[i]);
        else
            assert_int_equal(eng_tuples_add(&table, &tuples[i]), 0);
        in[i] = !in[i];
    }
    eng_tuples_fini(&table);
}

static void is_bounded(void **state)
{
    static struct eng_tuple tuples[N + 1];
    struct eng_tuples table;
    struct eng_tuple twin = tuple_of(5);

    (void)state;
    assert_int_equal(eng_tuples_init(&table, N, 7), 0);
    for (unsigned i = 0; i <= N; i++) {
        tuples[i] = tuple_of(i);
        assert_int_equal(eng_tuples_add(&table, &tuples[i]), i < N ? 0 : -ENOSPC);
    }
    assert_int_equal(eng_tuples_add(&table, &twin), -EEXIST);
    eng_tuples_remove(&table, &twin); // equal, but not the one that is stored
    assert_ptr_equal(eng_tuples_find(&table, &twin), &tuples[5]);
    eng_tuples_fini(&table);
}

// The local address is part of a 5-tuple.
static void tells_local_addresses_apart(void **state)
{
    struct eng_tuple a = tuple_of(1), b = tuple_of(1);
    struct eng_tuples table;

    (void)state;
    a.local.in4.sin_addr.s_addr = htonl(0x7f000001);
    b.local.in4.sin_addr.s_addr = htonl(0x7f000002);
    assert_int_equal(eng_tuples_init(&table, N, 7), 0);
    assert_int_equal(eng_tuples_add(&table, &a), 0);
    assert_null(eng_tuples_find(&table, &b));
    eng_tuples_fini(&table);
}

static void maps_and_unmaps_ipv4(void **state)
{
    struct eng_tuple t = tuple_of(1);
    struct sockaddr_storage mapped;
    struct eng_addr back;

    (void)state;
    assert_int_equal(eng_addr_to_socket(&mapped, &t.remote, AF_INET6), sizeof(struct sockaddr_in6));
    assert_int_equal(mapped.ss_family, AF_INET6);
    eng_addr_from_socket(&back, &mapped);
    assert_true(eng_addr_equal(&back, &t.remote));
    assert_int_equal(eng_addr_to_socket(&mapped, &t.remote, AF_INET), sizeof(struct sockaddr_in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_was_added_and_nothing_else),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(tells_local_addresses_apart),
        cmocka_unit_test(maps_and_unmaps_ipv4),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
