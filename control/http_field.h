// SPDX-License-Identifier: Apache-2.0
//
// Values of HTTP header fields (RFC 9110). Plain functions, no heap, any thread.
#pragma once

#include <stdbool.h>

// Content-Type names this media type, whatever parameters follow ("application/sdp; charset=...").
// value may be NULL: no such header.
bool ctl_field_media_type_is(const char *value, const char *type);

// If-Match lets a change pass to a resource whose strong entity tag is etag (with its quotes):
// it is "*" (`"*"` is seen in the field), or lists the tag. Weak tags never match (RFC
// 9110 13.1.1).
bool ctl_field_if_match(const char *value, const char *etag);
