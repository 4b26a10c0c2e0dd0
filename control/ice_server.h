// SPDX-License-Identifier: Apache-2.0
//
// STUN and TURN servers for viewers, handed out as Link header fields (RFC 9725 4.6, RFC 8288).
// rtcfan itself needs none. Plain functions, any thread.
#pragma once

#include <stdbool.h>

enum {
    // webrtc.ice_servers: a viewer asks each of them, and is slow with more than a few.
    CTL_ICE_SERVERS_MAX = 8,

    CTL_ICE_TEXT_MAX = 255, // characters of a URL, a user name or a credential
    // Of which each may be escaped in the quoted strings; and the words in between.
    CTL_ICE_LINK_MAX = 5 * CTL_ICE_TEXT_MAX + 96,
};

struct ctl_ice_server {
    char *url;        // stun:, stuns:, turn: or turns: (RFC 7064, 7065)
    char *username;   // NULL: none
    char *credential; // with username, and only then; a password
};

// What is wrong with the texts of one, a phrase; NULL: nothing.
const char *ctl_ice_url_fault(const char *url);
const char *ctl_ice_text_fault(const char *text); // user name or credential

// TURN servers ask for credentials (RFC 8656 5), STUN servers do not.
bool ctl_ice_needs_credential(const char *url);

// The value of the Link field. Its parts have no fault.
void ctl_ice_link_write(const struct ctl_ice_server *server, char out[CTL_ICE_LINK_MAX]);
