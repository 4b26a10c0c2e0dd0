// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "control/config.h"
#include "control/log.h"
#include "control/server.h"
#include "control/version.h"

enum {
    EXIT_OK = 0,
    EXIT_REFUSED = 2, // bad usage, bad configuration, or what it asks for cannot be had
};

static const char usage[] = "usage: rtcfan CONFIG          serve what the configuration says\n"
                            "       rtcfan --check CONFIG  say whether it is right, and stop\n"
                            "       rtcfan --version\n"
                            "       rtcfan --help\n";

static int check(const char *path)
{
    char error[CTL_CONFIG_ERROR_MAX];
    struct ctl_config *config;

    if (ctl_config_load(path, &config, error, sizeof(error))) {
        fprintf(stderr, "%s\n", error);
        return EXIT_REFUSED;
    }
    printf("%s: OK, %zu stream%s\n", path, config->stream_count,
           config->stream_count == 1 ? "" : "s");
    ctl_config_free(config);
    return EXIT_OK;
}

static int serve(const char *path)
{
    char error[CTL_CONFIG_ERROR_MAX];
    struct ctl_config *config;
    int rc = ctl_config_load(path, &config, error, sizeof(error));

    if (!rc) {
        ctl_log_set_level(config->log_level);
        rc = ctl_server_run(config, error, sizeof(error));
        ctl_config_free(config);
    }
    if (rc)
        fprintf(stderr, "%s\n", error);
    return rc ? EXIT_REFUSED : EXIT_OK;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        ctl_version_print(stdout);
        return EXIT_OK;
    }
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return EXIT_OK;
    }
    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check(argv[2]);
    if (argc == 2 && argv[1][0] != '-')
        return serve(argv[1]);
    fputs(usage, stderr);
    return EXIT_REFUSED;
}
