// SPDX-License-Identifier: Apache-2.0
// Users and tokens: what is told at once, what later, and what is remembered.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "control/auth_users.h"
#include "control/hasher.h"

// SHA-256 of "secret".
#define SECRET "sha256:K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="

// Argon2 of "password".
#define SLOW                                                                               \
    "argon2:$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1b" \
    "MCHGi/4"

struct fixture {
    struct event_base *base;
    struct ctl_user user[2];
    struct ctl_auth_config config;
    struct ctl_auth_users *users;
    struct ctl_credentials shown;
    unsigned told[CTL_VERDICT_LATER + 1]; // by verdict
};

static int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->base = event_base_new();
    f->user[0] = (struct ctl_user){.name = strdup("ann"), .password = strdup(SECRET)};
    f->user[1] = (struct ctl_user){.name = strdup("bob"), .password = strdup(SLOW)};
    f->config.users = f->user;
    f->config.user_count = 2;
    f->config.tokens[0] = f->user[0].password;
    f->config.token_count = 1;
    assert_int_equal(ctl_auth_users_create(f->base, &f->config, &f->users), 0);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    ctl_auth_users_destroy(f->users);
    event_base_free(f->base);
    for (int i = 0; i < 2; i++) {
        free(f->user[i].name);
        free(f->user[i].password);
    }
    free(f);
    return 0;
}

static void on_verdict(void *ctx, enum ctl_verdict verdict)
{
    struct fixture *f = ctx;

    f->told[verdict]++;
    event_base_loopbreak(f->base);
}

static enum ctl_verdict check(struct fixture *f, const char *user, const char *password,
                              const char *token)
{
    memset(&f->shown, 0, sizeof(f->shown));
    strcpy(f->shown.user, user);
    strcpy(f->shown.password, password);
    strcpy(f->shown.token, token);
    return ctl_auth_users_check(f->users, &f->shown, on_verdict, f);
}

static void quick_ones_are_told_at_once(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check(f, "ann", "secret", ""), CTL_VERDICT_GRANTED);
    assert_int_equal(check(f, "ann", "wrong", ""), CTL_VERDICT_UNKNOWN);
    assert_int_equal(check(f, "nobody", "secret", ""), CTL_VERDICT_UNKNOWN);
    assert_int_equal(check(f, "", "secret", ""), CTL_VERDICT_UNKNOWN);
    assert_int_equal(check(f, "", "", "secret"), CTL_VERDICT_GRANTED);
    assert_int_equal(check(f, "ann", "secret", "wrong"), CTL_VERDICT_UNKNOWN);
}

#ifdef CTL_HAVE_ARGON2
static void slow_ones_are_told_later_and_remembered(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(check(f, "bob", "password", ""), CTL_VERDICT_LATER);
    event_base_dispatch(f->base);
    assert_int_equal(f->told[CTL_VERDICT_GRANTED], 1);
    assert_int_equal(check(f, "bob", "password", ""), CTL_VERDICT_GRANTED);
    assert_int_equal(check(f, "bo", "bpassword", ""), CTL_VERDICT_UNKNOWN);

    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(check(f, "bob", "wrong", ""), CTL_VERDICT_LATER);
        event_base_dispatch(f->base);
        assert_int_equal(f->told[CTL_VERDICT_UNKNOWN], i);
    }
}

static void there_are_only_so_many(void **state)
{
    struct fixture *f = *state;
    char password[16];
    unsigned later = 0;

    for (int i = 0; i < 2 * CTL_HASHER_JOBS_MAX; i++) {
        snprintf(password, sizeof(password), "%d", i);
        later += check(f, "bob", password, "") == CTL_VERDICT_LATER;
    }
    assert_int_equal(later, CTL_HASHER_JOBS_MAX);
    while (f->told[CTL_VERDICT_UNKNOWN] < later)
        event_base_dispatch(f->base);
    assert_int_equal(check(f, "bob", "password", ""), CTL_VERDICT_LATER);
    // Nobody is told of this one: the fixture ends while it is looked at.
}

// The first user's hash is the one that strangers pay for.
static void a_stranger_takes_as_long(void **state)
{
    struct fixture *f = *state;
    struct ctl_user kept = f->user[0];

    f->user[0] = f->user[1];
    assert_int_equal(check(f, "stranger", "password", ""), CTL_VERDICT_LATER);
    event_base_dispatch(f->base);
    assert_int_equal(f->told[CTL_VERDICT_UNKNOWN], 1);
    assert_int_equal(check(f, "stranger", "password", ""), CTL_VERDICT_LATER);
    event_base_dispatch(f->base);
    f->user[0] = kept;
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(quick_ones_are_told_at_once, begin, end),
#ifdef CTL_HAVE_ARGON2
        cmocka_unit_test_setup_teardown(slow_ones_are_told_later_and_remembered, begin, end),
        cmocka_unit_test_setup_teardown(there_are_only_so_many, begin, end),
        cmocka_unit_test_setup_teardown(a_stranger_takes_as_long, begin, end),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
