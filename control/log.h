// SPDX-License-Identifier: Apache-2.0
//
// The log: one line per event on stderr, "LEVEL who: what", with a journal priority prefix when
// stderr is systemd's journal and a timestamp (UTC) when it is not. Any thread. Only control/ logs:
// the folders below return errors and states, and control says what to do about them. Never give
// it keys, passwords or whole URLs with credentials.
#pragma once

enum ctl_log_level {
    CTL_LOG_ERROR,
    CTL_LOG_WARN,
    CTL_LOG_INFO,
    CTL_LOG_DEBUG
};

enum {
    // Bytes of a line without its newline. A pipe takes up to PIPE_BUF (4,096) bytes in one piece,
    // so lines of several threads never mix.
    CTL_LOG_LINE_MAX = 1000,
};

// Before other threads start. What is less urgent than level is not logged. Default: info.
void ctl_log_set_level(enum ctl_log_level level);

// who: "stream cam1", "viewer 3f2a", "http", ... A line is cut at CTL_LOG_LINE_MAX; whatever is not
// printable ASCII in it becomes '?', so that what comes from the wire cannot forge lines or drive a
// terminal.
void ctl_log(enum ctl_log_level level, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Replaces what is not printable ASCII as above, for one-line messages that go out elsewhere.
void ctl_log_sanitize(char *text);
