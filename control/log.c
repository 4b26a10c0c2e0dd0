// SPDX-License-Identifier: Apache-2.0
#include "control/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const struct {
    const char *name;
    int priority; // syslog(3)
} levels[] = {
    [CTL_LOG_ERROR] = {"ERROR", 3},
    [CTL_LOG_WARN] = {"WARN", 4},
    [CTL_LOG_INFO] = {"INFO", 6},
    [CTL_LOG_DEBUG] = {"DEBUG", 7},
};

static enum ctl_log_level threshold = CTL_LOG_INFO;

void ctl_log_set_level(enum ctl_log_level level)
{
    threshold = level;
}

void ctl_log_sanitize(char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7e)
            *text = '?';
}

// systemd.exec(5): JOURNAL_STREAM names the device and inode of the journal's socket. It is
// inherited, so a shell that redirects stderr must not be mistaken for the journal.
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long device, inode;
    struct stat st;

    if (!stream || sscanf(stream, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &st))
        return false;
    return st.st_dev == device && st.st_ino == inode;
}

// What snprintf(size) left in the buffer when it says that it wanted to write len bytes.
static size_t written(int len, size_t size)
{
    if (len < 0)
        return 0;
    return (size_t)len < size ? (size_t)len : size - 1;
}

static size_t write_prefix(char *line, size_t size, enum ctl_log_level level)
{
    struct timespec now;
    struct tm utc;

    if (stderr_is_journal())
        return written(snprintf(line, size, "<%d>", levels[level].priority), size);
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    return written(snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ ", utc.tm_year + 1900,
                            utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
                            now.tv_nsec / 1000000),
                   size);
}

void ctl_log(enum ctl_log_level level, const char *who, const char *format, ...)
{
    char line[CTL_LOG_LINE_MAX + 1]; // the NUL's place takes the newline
    size_t len;
    va_list args;

    if (level > threshold)
        return;
    len = write_prefix(line, sizeof(line), level);
    len += written(snprintf(line + len, sizeof(line) - len, "%s %s: ", levels[level].name, who),
                   sizeof(line) - len);
    va_start(args, format);
    len += written(vsnprintf(line + len, sizeof(line) - len, format, args), sizeof(line) - len);
    va_end(args);
    ctl_log_sanitize(line);
    line[len++] = '\n';
    // Nobody is left to tell when stderr is gone.
    if (write(STDERR_FILENO, line, len) < 0)
        return;
}
