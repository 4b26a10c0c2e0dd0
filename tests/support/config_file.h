// SPDX-License-Identifier: Apache-2.0
//
// A configuration file that a test writes and loads. State of a cmocka test: begin, end.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/config.h"

#define STREAM "streams = ( { name = \"cam1\"; source = \"rtsp://192.0.2.1/a\"; } );\n"

#define HASH "sha256:K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols="

#define HEX "00112233445566778899AABBCCDDEEFF0123456789ABCDEF0123456789ABCDEF"

enum {
    PATH_SIZE = 256
};

// A directory of its own for each test; the file that is loaded is "test.cfg" in it.
struct fixture {
    char directory[PATH_SIZE];
    char path[PATH_SIZE + 16];
    char error[CTL_CONFIG_ERROR_MAX];
    struct ctl_config *config;
};

static inline int begin(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const char *tmp = getenv("TMPDIR");

    assert_non_null(f);
    snprintf(f->directory, sizeof(f->directory), "%s/rtcfan-test-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/test.cfg", f->directory);
    *state = f;
    return 0;
}

static inline int end(void **state)
{
    struct fixture *f = *state;

    ctl_config_free(f->config);
    unlink(f->path);
    rmdir(f->directory);
    free(f);
    return 0;
}

static inline int load(struct fixture *f, const char *text)
{
    FILE *file = fopen(f->path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    ctl_config_free(f->config);
    f->config = NULL;
    return ctl_config_load(f->path, &f->config, f->error, sizeof(f->error));
}

static inline void assert_begins(const char *text, const char *expected)
{
    if (strncmp(text, expected, strlen(expected)) != 0)
        fail_msg("\"%s\" does not begin with \"%s\"", text, expected);
}

// The error, which must be one line that begins with the path, without the path and its ':'.
static inline const char *message(const struct fixture *f)
{
    size_t len = strlen(f->path);

    assert_begins(f->error, f->path);
    assert_int_equal(f->error[len], ':');
    assert_null(strchr(f->error, '\n'));
    return f->error + len + 1;
}
