// SPDX-License-Identifier: Apache-2.0
//
// RTSP requests as a server reads them (RFC 2326 6): only what a live source has to know of
// them. Plain functions, any thread, no memory of their own.
#pragma once

#include <stddef.h>

#include "bench/source_transport.h"

enum source_method {
    SOURCE_OPTIONS,
    SOURCE_DESCRIBE,
    SOURCE_SETUP,
    SOURCE_PLAY,
    SOURCE_GET_PARAMETER,
    SOURCE_TEARDOWN,
    SOURCE_METHOD_OTHER,
};

enum {
    SOURCE_HEAD_MAX = 8192,  // request line and headers
    SOURCE_BODY_MAX = 65536, // parameters, which are ignored
    SOURCE_PATH_MAX = 256,
};

struct source_request {
    enum source_method method;
    char path[SOURCE_PATH_MAX]; // of the URL, without slashes at its ends, query and track
    int track;                  // from a last path segment trackID=N; -1: none
    char cseq[16];              // echoed; empty: none
    char session[32];           // without parameters; empty: none
    struct source_transport offers[SOURCE_OFFERS_MAX]; // the client's favourite first
    size_t offer_count;
};

// Reads one request from the beginning of data. The bytes it took, body included; 0: more are
// needed; -EBADMSG: not RTSP, or above a maximum.
int source_request_parse(const char *data, size_t len, struct source_request *out);
