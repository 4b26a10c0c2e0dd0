// SPDX-License-Identifier: Apache-2.0
//
// What an HTTP request says about itself, beyond its fields. Control thread.
#pragma once

#include <stdbool.h>

struct evhttp_request;

// The address it came from, as text, such as "192.0.2.1"; "" where that is not known (any more).
// Valid as long as the request.
const char *ctl_request_peer(struct evhttp_request *req);

// It came from this machine.
bool ctl_request_is_local(struct evhttp_request *req);

// It is there to change something: POST, PATCH, PUT, DELETE.
bool ctl_request_changes(struct evhttp_request *req);
