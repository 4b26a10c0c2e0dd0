// SPDX-License-Identifier: Apache-2.0
//
// The configuration file (libconfig), read once at start into one struct that nobody changes
// afterwards. Control thread; any thread may read the result. configs/rtcfan.cfg documents every
// key. Errors are one line, "file:line: what is wrong; what is expected", and never show what
// stands in a source's URL. This module is libconfig's only door.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "control/ice_server.h"
#include "control/log.h"
#include "control/name.h"
#include "engine/engine.h"
#include "rtsp/source.h"
#include "webrtc/peer.h"

enum {
    // webrtc.additional_hosts: with the machine's own addresses they must fit into one answer.
    CTL_HOSTS_MAX = 16,

    // ingest.threads: one takes 2,000 cameras of 2 Mbit/s, more than there may be streams.
    CTL_INGEST_THREADS_MAX = 16,

    CTL_USERS_MAX = 1024,
    CTL_TOKENS_MAX = 64, // each is hashed for whoever brings a token

    // An error line: a path, a name or address, and two half sentences.
    CTL_CONFIG_ERROR_MAX = 512,
};

enum ctl_auth_method {
    CTL_AUTH_NONE,
    CTL_AUTH_USERS,
    CTL_AUTH_JWT,
    CTL_AUTH_HOOK,
    CTL_AUTH_DEFAULT, // of a stream: auth.read_auth, and never once the file is read
};

struct ctl_user {
    char *name;
    char *password; // a hash (password.h)
};

// The group auth: who may watch, where a stream's read_auth says that it is asked (auth.h).
struct ctl_auth_config {
    enum ctl_auth_method read_auth; // of streams that do not say, default none
    struct ctl_user *users;         // auth.users
    size_t user_count;
    char *tokens[CTL_TOKENS_MAX]; // auth.tokens: hashes, none of them slow
    size_t token_count;
    char *jwt_key;                   // auth.jwt_key: a file (jwt_keys.h), NULL: none
    char *jwt_issuer, *jwt_audience; // NULL: any
    char *hook;                      // auth.hook: URL, NULL: none
};

struct ctl_stream_config {
    char *name;                           // ctl_name_fault finds nothing wrong with it
    char *source;                         // URL, checked by rtsp_url_parse; has credentials in it
    enum rtsp_transport_choice transport; // default auto
    enum rtsp_b_frames b_frames;          // bframes, default drop
    struct rtsp_fingerprint fingerprint;  // default none; set: the source is one of rtsps
    bool on_demand;                       // the source runs while somebody watches; default false
    unsigned start_timeout_s;             // for such a source to be live, default 10
    unsigned close_after_s;               // how long it runs after the last viewer, default 10
    char *fallback_name;                  // NULL: none
    const struct ctl_stream_config *fallback; // the stream of that name
    unsigned hold_viewers_s;                  // while the source is down, default 60
    enum ctl_auth_method read_auth;           // default auth.read_auth
    int line;                                 // of the file, for messages
};

struct ctl_config {
    char *path;
    struct eng_addr http_listen;    // default 0.0.0.0:8889
    struct eng_addr webrtc_listen;  // default 0.0.0.0:8189
    struct eng_addr metrics_listen; // default 127.0.0.1:9998
    char *http_cert, *http_key;     // http.tls.cert and key: PEM files, both or neither
    unsigned http_requests_max;     // http.max_requests_per_second: of one address, default 100
    int http_line, webrtc_line, metrics_line; // of the listen keys, 0: default
    // webrtc.additional_hosts: further addresses to offer as candidates (a NAT's outer address);
    // literal addresses or names, as written.
    char *additional_hosts[CTL_HOSTS_MAX];
    size_t additional_host_count;
    struct eng_config engine; // cores, tx, and the tuning keys; listen is webrtc_listen
    int cores[ENG_WORKERS_MAX];
    // webrtc.playout_delay_ms, default none.
    bool playout_delay;
    unsigned playout_min_ms, playout_max_ms;
    // webrtc.srtp_profiles, default all.
    struct wrtc_srtp_profiles srtp_profiles;
    bool transport_cc;                  // webrtc.transport_cc, default false
    size_t payload_max;                 // engine.payload_max: RTP payload bytes, default 1176
    unsigned ingest_threads;            // ingest.threads, 1 to CTL_INGEST_THREADS_MAX, default 1
    unsigned batch_window;              // ingest.batch_window: ms, default 2
    unsigned max_viewers;               // webrtc.max_viewers: sessions at one time, default 10000
    unsigned packets_per_second_max;    // engine.max_packets_per_second: per core, 0: no bound
    char *redirect;                     // webrtc.redirect: a server's URL without '/' at its end
    struct ctl_ice_server *ice_servers; // webrtc.ice_servers, up to CTL_ICE_SERVERS_MAX
    size_t ice_server_count;
    bool tcp; // webrtc.tcp: viewers may use TCP for media, default false
    enum ctl_log_level log_level;
    struct ctl_auth_config auth;
    struct ctl_stream_config *streams; // 1 to ENG_STREAMS_MAX
    size_t stream_count;
};

// 0 with *out set, or -errno with one line in error[]. Checks everything that can be checked
// without opening a socket.
int ctl_config_load(const char *path, struct ctl_config **out, char *error, size_t error_size);
void ctl_config_free(struct ctl_config *config);
