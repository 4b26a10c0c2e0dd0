// SPDX-License-Identifier: Apache-2.0
#include "bench/source_clip.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char SUFFIX[] = ".h264";

int source_clip_path(const struct source_wish *wish, char *path, size_t path_size)
{
    int len = snprintf(path, path_size, "%s/%ux%u-%ufps-%ukbit-gop%u-%s%s", BENCH_CLIP_FOLDER,
                       wish->width, wish->height, wish->fps, wish->bitrate_kbit, wish->gop_frames,
                       bench_codec_name(wish->codec), SUFFIX);

    return len < 0 || (size_t)len >= path_size ? -ENAMETOOLONG : 0;
}

static int run(char *const *arguments)
{
    pid_t pid;
    int status;

    int rc = posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environ);
    if (rc != 0)
        return -rc;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int source_clip_make(const struct source_wish *wish, const char *path)
{
    char out[PATH_MAX], bitrate[16], fps[16], gop[16], resolution[32];
    size_t stem = strlen(path) - strlen(SUFFIX);

    assert(stem < sizeof(out));
    if (access(path, F_OK) == 0)
        return 0;
    memcpy(out, path, stem);
    out[stem] = '\0';
    snprintf(bitrate, sizeof(bitrate), "%u", wish->bitrate_kbit);
    snprintf(fps, sizeof(fps), "%u", wish->fps);
    snprintf(gop, sizeof(gop), "%u", wish->gop_frames);
    snprintf(resolution, sizeof(resolution), "%ux%u", wish->width, wish->height);
    fprintf(stderr, "source: making %s\n", path);
    char *const arguments[] = {
        BENCH_CLIP_SCRIPT,
        out,
        "--bitrate",
        bitrate,
        "--fps",
        fps,
        "--gop",
        gop,
        "--resolution",
        resolution,
        "--audio",
        (char *)bench_codec_name(wish->codec),
        NULL,
    };
    return run(arguments);
}
