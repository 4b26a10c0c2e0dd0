// SPDX-License-Identifier: Apache-2.0
//
// Which names are allowed for streams and hosts. Plain functions; any thread.
#pragma once

#include <stdbool.h>

enum {
    // Bytes, with NUL, of a stream's name: segments of [A-Za-z0-9._-] joined by '/'. It is the path
    // of the stream's pages, so no segment is ".", ".." or "whep", and the whole is not "wall",
    // "api/streams" or the name of a script or style (resource.h).
    CTL_NAME_MAX = 64,
};

// What is wrong with a stream's name ("is empty", ...); NULL: nothing.
const char *ctl_name_fault(const char *name);

// The text is a literal address or may be a DNS name. It is not looked up.
bool ctl_name_is_host(const char *host);
