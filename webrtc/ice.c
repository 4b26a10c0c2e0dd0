// SPDX-License-Identifier: Apache-2.0
#include "webrtc/ice.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NS_PER_S         INT64_C(1000000000)
#define REFUSAL_PRICE_NS (NS_PER_S / WRTC_ICE_REFUSALS_PER_S)

static int set_credentials(struct wrtc_ice_credentials *out, const char *local_ufrag,
                           const char *local_pwd, const char *remote_ufrag)
{
    size_t local_len = strlen(local_ufrag);
    size_t remote_len = strlen(remote_ufrag);
    size_t pwd_len = strlen(local_pwd);
    if (local_len == 0 || local_len > WRTC_LOCAL_UFRAG_LEN || remote_len == 0 ||
        remote_len >= WRTC_UFRAG_MAX || pwd_len == 0 || pwd_len > WRTC_LOCAL_PWD_LEN)
        return -EINVAL;
    *out = (struct wrtc_ice_credentials){
        .username_len = local_len + 1 + remote_len,
        .local_len = local_len,
    };
    snprintf(out->username, sizeof(out->username), "%s:%s", local_ufrag, remote_ufrag);
    memcpy(out->password, local_pwd, pwd_len);
    return 0;
}

int wrtc_ice_init(struct wrtc_ice *ice, const char *local_ufrag, const char *local_pwd,
                  const char *remote_ufrag, int64_t now_ns)
{
    *ice = (struct wrtc_ice){
        .nominated = -1,
        .refusal_credit_ns = NS_PER_S,
        .refusal_seen_ns = now_ns,
    };
    return set_credentials(&ice->now, local_ufrag, local_pwd, remote_ufrag);
}

int wrtc_ice_restart(struct wrtc_ice *ice, const char *local_ufrag, const char *local_pwd,
                     const char *remote_ufrag)
{
    return set_credentials(&ice->next, local_ufrag, local_pwd, remote_ufrag);
}

void wrtc_ice_fini(struct wrtc_ice *ice)
{
    explicit_bzero(&ice->now, sizeof(ice->now));
    explicit_bzero(&ice->next, sizeof(ice->next));
}

static bool has_local(const struct wrtc_ice_credentials *credentials, const char *local_ufrag)
{
    size_t len = strlen(local_ufrag);
    return len > 0 && len == credentials->local_len &&
           memcmp(credentials->username, local_ufrag, len) == 0;
}

static bool has_remote(const struct wrtc_ice_credentials *credentials, const char *remote_ufrag)
{
    return credentials->username_len > 0 &&
           strcmp(credentials->username + credentials->local_len + 1, remote_ufrag) == 0;
}

bool wrtc_ice_has_local(const struct wrtc_ice *ice, const char *local_ufrag)
{
    return has_local(&ice->now, local_ufrag) || has_local(&ice->next, local_ufrag);
}

bool wrtc_ice_has_remote(const struct wrtc_ice *ice, const char *remote_ufrag)
{
    return has_remote(&ice->now, remote_ufrag) || has_remote(&ice->next, remote_ufrag);
}

// Index of the path with this 5-tuple; path_count: none.
static size_t find(const struct wrtc_ice *ice, const struct eng_tuple *tuple)
{
    size_t i = 0;
    while (i < ice->path_count && !eng_tuple_equal(&ice->path[i].tuple, tuple))
        i++;
    return i;
}

const struct wrtc_ice_path *wrtc_ice_find(const struct wrtc_ice *ice, const struct eng_tuple *tuple)
{
    size_t i = find(ice, tuple);
    return i < ice->path_count ? &ice->path[i] : NULL;
}

void wrtc_ice_hold(struct wrtc_ice *ice, const struct eng_tuple *tuple)
{
    size_t held = find(ice, tuple);
    for (size_t i = 0; i < ice->path_count; i++)
        ice->path[i].held = i == held;
}

const struct wrtc_ice_path *wrtc_ice_nominated(const struct wrtc_ice *ice)
{
    return ice->nominated < 0 ? NULL : &ice->path[ice->nominated];
}

// A free slot, or that of the path which nobody uses and whose last check is the oldest. At most
// two of the WRTC_PEER_TUPLES_MAX are in use, so there is one.
static size_t vacate(struct wrtc_ice *ice)
{
    if (ice->path_count < WRTC_PEER_TUPLES_MAX)
        return ice->path_count++;
    size_t oldest = WRTC_PEER_TUPLES_MAX;
    for (size_t i = 0; i < WRTC_PEER_TUPLES_MAX; i++) {
        const struct wrtc_ice_path *path = &ice->path[i];
        if (path->held || (int)i == ice->nominated)
            continue;
        if (oldest == WRTC_PEER_TUPLES_MAX || path->last_check_ns < ice->path[oldest].last_check_ns)
            oldest = i;
    }
    assert(oldest < WRTC_PEER_TUPLES_MAX);
    return oldest;
}

static bool is_silent(const struct wrtc_ice *ice, int64_t now_ns)
{
    const struct wrtc_ice_path *path = wrtc_ice_nominated(ice);
    return path && now_ns - path->last_check_ns > WRTC_ICE_SILENT_NS;
}

static void pass(struct wrtc_ice *ice, const struct eng_tuple *tuple, unsigned worker,
                 bool nominate, int64_t now_ns)
{
    bool follow = nominate || is_silent(ice, now_ns);
    size_t i = find(ice, tuple);
    if (i == ice->path_count) {
        i = vacate(ice);
        ice->path[i] = (struct wrtc_ice_path){.tuple = *tuple};
    }
    ice->path[i].worker = worker;
    ice->path[i].last_check_ns = now_ns;
    ice->passed++;
    if (follow)
        ice->nominated = (int)i;
}

static bool refusal_affordable(struct wrtc_ice *ice, int64_t now_ns)
{
    ice->refusal_credit_ns += now_ns - ice->refusal_seen_ns;
    ice->refusal_seen_ns = now_ns;
    if (ice->refusal_credit_ns > NS_PER_S)
        ice->refusal_credit_ns = NS_PER_S;
    if (ice->refusal_credit_ns < REFUSAL_PRICE_NS)
        return false;
    ice->refusal_credit_ns -= REFUSAL_PRICE_NS;
    return true;
}

// To somebody who has not proved to know the password: no MESSAGE-INTEGRITY (RFC 8489 9.1.3).
static size_t refuse(struct wrtc_ice *ice, const struct wrtc_stun *request,
                     enum wrtc_stun_error code, int64_t now_ns, uint8_t *reply)
{
    ice->failed++;
    return refusal_affordable(ice, now_ns) ? wrtc_stun_write_error(request, code, NULL, reply) : 0;
}

static bool matches(const struct wrtc_ice_credentials *credentials, const struct wrtc_stun *message)
{
    return message->username && credentials->username_len > 0 &&
           message->username_len == credentials->username_len &&
           memcmp(message->username, credentials->username, credentials->username_len) == 0 &&
           wrtc_stun_integrity_ok(message, credentials->password);
}

// Whoever knows the new credentials of a restart does not need the old ones any more.
static bool authentic(struct wrtc_ice *ice, const struct wrtc_stun *message)
{
    if (matches(&ice->now, message))
        return true;
    if (!matches(&ice->next, message))
        return false;
    ice->now = ice->next;
    explicit_bzero(&ice->next, sizeof(ice->next));
    return true;
}

// What is wrong with an authentic request; 0: nothing. A viewer that claims the controlled role
// is told to change it, for we cannot change ours: the rules of RFC 8445 7.3.1.1 for a tie-breaker
// that is always the lower one.
static int complaint(const struct wrtc_stun *request)
{
    if (request->unknown_count > 0)
        return WRTC_STUN_UNKNOWN_ATTRIBUTE;
    if (request->controlled)
        return WRTC_STUN_ROLE_CONFLICT;
    if (!request->has_priority)
        return WRTC_STUN_BAD_REQUEST;
    return 0;
}

static size_t on_request(struct wrtc_ice *ice, const struct eng_tuple *tuple, unsigned worker,
                         const struct wrtc_stun *request, int64_t now_ns, uint8_t *reply)
{
    if (!request->username || !request->integrity_at)
        return refuse(ice, request, WRTC_STUN_BAD_REQUEST, now_ns, reply);
    if (!authentic(ice, request))
        return refuse(ice, request, WRTC_STUN_UNAUTHENTICATED, now_ns, reply);
    int code = complaint(request);
    if (code) {
        ice->failed++;
        return wrtc_stun_write_error(request, (enum wrtc_stun_error)code, ice->now.password, reply);
    }
    pass(ice, tuple, worker, request->use_candidate, now_ns);
    return wrtc_stun_write_success(request, &tuple->remote, ice->now.password, reply);
}

// Keepalives (RFC 8445 11) mostly come without credentials and then say nothing about consent.
static void on_indication(struct wrtc_ice *ice, const struct eng_tuple *tuple,
                          const struct wrtc_stun *indication, int64_t now_ns)
{
    size_t i = find(ice, tuple);
    if (i == ice->path_count || !authentic(ice, indication))
        return;
    ice->path[i].last_check_ns = now_ns;
}

size_t wrtc_ice_receive(struct wrtc_ice *ice, const struct eng_tuple *tuple, unsigned worker,
                        const uint8_t *data, size_t len, int64_t now_ns,
                        uint8_t reply[WRTC_STUN_REPLY_MAX])
{
    struct wrtc_stun message;
    if (wrtc_stun_parse(data, len, &message) != 0 || !wrtc_stun_fingerprint_ok(&message)) {
        ice->failed++;
        return 0;
    }
    if (message.type == WRTC_STUN_BINDING_REQUEST)
        return on_request(ice, tuple, worker, &message, now_ns, reply);
    if (message.type == WRTC_STUN_BINDING_INDICATION)
        on_indication(ice, tuple, &message, now_ns);
    return 0;
}
