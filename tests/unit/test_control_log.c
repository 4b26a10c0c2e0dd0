// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"

// stderr is a pipe while a test runs; what came out of it is read back at once.
struct capture {
    int saved;
    int pipe[2];
};

static int begin(void **state)
{
    static struct capture capture;

    assert_int_equal(pipe(capture.pipe), 0);
    capture.saved = dup(STDERR_FILENO);
    dup2(capture.pipe[1], STDERR_FILENO);
    unsetenv("JOURNAL_STREAM");
    ctl_log_set_level(CTL_LOG_INFO);
    *state = &capture;
    return 0;
}

static int end(void **state)
{
    struct capture *capture = *state;

    dup2(capture->saved, STDERR_FILENO);
    close(capture->saved);
    close(capture->pipe[0]);
    close(capture->pipe[1]);
    return 0;
}

static size_t captured(struct capture *capture, char *out, size_t size)
{
    ssize_t len;

    if (write(capture->pipe[1], "", 1) != 1) // so that the read never waits
        return 0;
    len = read(capture->pipe[0], out, size - 1);
    assert_true(len > 0);
    out[len - 1] = '\0';
    return (size_t)len - 1;
}

static void assert_matches(const char *text, const char *pattern)
{
    regex_t regex;

    assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0)
        fail_msg("\"%s\" does not match %s", text, pattern);
    regfree(&regex);
}

static void a_line_has_time_level_who_and_what(void **state)
{
    char text[2048];

    ctl_log(CTL_LOG_WARN, "stream cam1", "lost %d of %d", 3, 100);
    captured(*state, text, sizeof(text));
    assert_matches(text, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z "
                         "WARN stream cam1: lost 3 of 100\n$");
}

static void the_journal_gets_priorities_instead_of_times(void **state)
{
    static const struct {
        enum ctl_log_level level;
        const char *line;
    } cases[] = {
        {CTL_LOG_ERROR, "<3>ERROR x: y\n"},
        {CTL_LOG_WARN, "<4>WARN x: y\n"},
        {CTL_LOG_INFO, "<6>INFO x: y\n"},
        {CTL_LOG_DEBUG, "<7>DEBUG x: y\n"},
    };
    char text[2048];
    struct stat st;

    assert_int_equal(fstat(STDERR_FILENO, &st), 0);
    snprintf(text, sizeof(text), "%llu:%llu", (unsigned long long)st.st_dev,
             (unsigned long long)st.st_ino);
    setenv("JOURNAL_STREAM", text, 1);
    ctl_log_set_level(CTL_LOG_DEBUG);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ctl_log(cases[i].level, "x", "y");
        captured(*state, text, sizeof(text));
        assert_string_equal(text, cases[i].line);
    }
}

static void an_inherited_journal_variable_is_not_believed(void **state)
{
    char text[2048];

    setenv("JOURNAL_STREAM", "1:1", 1);
    ctl_log(CTL_LOG_INFO, "x", "y");
    captured(*state, text, sizeof(text));
    assert_matches(text, "^20[^<]* INFO x: y\n$");
}

static void what_is_below_the_level_is_left_out(void **state)
{
    char text[2048];

    ctl_log(CTL_LOG_DEBUG, "x", "y");
    assert_int_equal(captured(*state, text, sizeof(text)), 0);
    ctl_log_set_level(CTL_LOG_ERROR);
    ctl_log(CTL_LOG_WARN, "x", "y");
    assert_int_equal(captured(*state, text, sizeof(text)), 0);
    ctl_log(CTL_LOG_ERROR, "x", "y");
    assert_true(captured(*state, text, sizeof(text)) > 0);
}

static void a_line_cannot_be_forged(void **state)
{
    char text[2048];

    ctl_log(CTL_LOG_INFO, "a\nb", "c\r\n\t\x1b[31m\x7f\xc2\x9b%s", "\n<3>ERROR");
    captured(*state, text, sizeof(text));
    assert_matches(text, " INFO a\\?b: c\\?\\?\\?\\?\\[31m\\?\\?\\?\\?<3>ERROR\n$");
}

static void a_long_line_is_cut(void **state)
{
    char text[2048], what[1500];
    size_t len;

    memset(what, 'x', sizeof(what) - 1);
    what[sizeof(what) - 1] = '\0';
    ctl_log(CTL_LOG_INFO, "x", "%s", what);
    len = captured(*state, text, sizeof(text));
    assert_int_equal(len, CTL_LOG_LINE_MAX + 1);
    assert_string_equal(text + len - 2, "x\n");

    ctl_log(CTL_LOG_INFO, what, "y");
    len = captured(*state, text, sizeof(text));
    assert_int_equal(len, CTL_LOG_LINE_MAX + 1);
    assert_string_equal(text + len - 2, "x\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_has_time_level_who_and_what, begin, end),
        cmocka_unit_test_setup_teardown(the_journal_gets_priorities_instead_of_times, begin, end),
        cmocka_unit_test_setup_teardown(an_inherited_journal_variable_is_not_believed, begin, end),
        cmocka_unit_test_setup_teardown(what_is_below_the_level_is_left_out, begin, end),
        cmocka_unit_test_setup_teardown(a_line_cannot_be_forged, begin, end),
        cmocka_unit_test_setup_teardown(a_long_line_is_cut, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
