// SPDX-License-Identifier: Apache-2.0
#include "bench/viewers_ice.h"

#include <assert.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "bench/viewers_stun.h"
#include "engine/bytes.h"

#define FIRST_REPEAT_NS INT64_C(50000000) // twice as long each time
#define CONSENT_NS      INT64_C(2500000000)

enum {
    DOUBLINGS_MAX = 3,    // up to 400 ms
    CONSENT_SPREAD = 408, // 0.8 to 1.2 of the interval, in 1024ths, RFC 7675 5.1
};

static void random_text(char *out, size_t len)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    int ok = RAND_bytes((unsigned char *)out, (int)len);

    assert(ok == 1);
    for (size_t i = 0; i < len; i++)
        out[i] = alphabet[(unsigned char)out[i] % 64];
    out[len] = '\0';
}

void viewers_ice_init(struct viewers_ice *ice, viewers_ice_send send, void *ctx)
{
    uint64_t random[2];
    int ok = RAND_bytes((unsigned char *)random, sizeof(random));

    assert(ok == 1);
    memset(ice, 0, sizeof(*ice));
    random_text(ice->ufrag, VIEWERS_UFRAG_LEN);
    random_text(ice->pwd, VIEWERS_PWD_LEN);
    ice->tie_breaker = random[0];
    ice->transactions = random[1];
    ice->send = send;
    ice->ctx = ctx;
}

static bool nominates(const struct viewers_ice *ice)
{
    return ice->state == VIEWERS_ICE_NOMINATING;
}

// When the next check of this pair is due, after one that was sent now.
static int64_t next_check_ns(const struct viewers_ice *ice, const struct viewers_ice_pair *pair,
                             int64_t now_ns)
{
    unsigned doublings = pair->repeats < DOUBLINGS_MAX ? pair->repeats : DOUBLINGS_MAX;
    int64_t spread = (int64_t)((ice->transactions + ice->checks * 131U) % CONSENT_SPREAD);

    if (ice->state == VIEWERS_ICE_CONNECTED)
        return now_ns + CONSENT_NS * (1024 - CONSENT_SPREAD / 2 + spread) / 1024;
    return now_ns + (FIRST_REPEAT_NS << doublings);
}

// The transaction ID says which pair it is of and whether it nominates, so that none need be kept.
static void check(struct viewers_ice *ice, size_t i, int64_t now_ns)
{
    struct viewers_ice_pair *pair = &ice->pair[i];
    uint8_t transaction[WRTC_STUN_TRANSACTION_LEN], out[VIEWERS_STUN_MAX];
    struct viewers_stun request = {
        .transaction = transaction,
        .username = ice->username,
        .password = ice->remote_pwd,
        .tie_breaker = ice->tie_breaker,
        .nominate = nominates(ice),
    };

    memcpy(transaction, &ice->transactions, sizeof(ice->transactions));
    transaction[8] = (uint8_t)i;
    transaction[9] = request.nominate;
    eng_put16(transaction + 10, ice->checks++);
    pair->sent_ns = now_ns;
    pair->next_ns = next_check_ns(ice, pair, now_ns);
    pair->repeats++;
    ice->send(ice->ctx, &pair->remote, out, viewers_stun_request(&request, out));
}

static void add_pair(struct viewers_ice *ice, const struct eng_addr *remote, int64_t now_ns)
{
    if (ice->pair_count == VIEWERS_CANDIDATES_MAX)
        return;
    ice->pair[ice->pair_count] = (struct viewers_ice_pair){.remote = *remote, .next_ns = now_ns};
    ice->pair_count++;
}

void viewers_ice_start(struct viewers_ice *ice, const struct viewers_answer *answer, int64_t now_ns)
{
    const struct wrtc_transport *t = &answer->transport;

    snprintf(ice->username, sizeof(ice->username), "%s:%s", t->ufrag, ice->ufrag);
    snprintf(ice->expected, sizeof(ice->expected), "%s:%s", ice->ufrag, t->ufrag);
    memcpy(ice->remote_pwd, t->pwd, sizeof(ice->remote_pwd));
    for (size_t i = 0; i < answer->candidate_count; i++)
        add_pair(ice, &answer->candidate[i], now_ns);
    viewers_ice_tick(ice, now_ns);
}

void viewers_ice_tick(struct viewers_ice *ice, int64_t now_ns)
{
    for (size_t i = 0; i < ice->pair_count; i++) {
        if (ice->pair[i].next_ns <= now_ns)
            check(ice, i, now_ns);
    }
}

int64_t viewers_ice_next_ns(const struct viewers_ice *ice)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < ice->pair_count; i++)
        next = ice->pair[i].next_ns < next ? ice->pair[i].next_ns : next;
    return next;
}

const struct eng_addr *viewers_ice_remote(const struct viewers_ice *ice)
{
    assert(ice->state == VIEWERS_ICE_CONNECTED);
    return &ice->pair[ice->selected].remote;
}

// The only place where the state changes.
static void enter(struct viewers_ice *ice, enum viewers_ice_state state, size_t pair)
{
    assert(state == ice->state + 1);
    ice->state = state;
    ice->selected = pair;
    for (size_t i = 0; i < ice->pair_count; i++) {
        if (i != pair)
            ice->pair[i].next_ns = INT64_MAX;
    }
    ice->pair[pair].repeats = 0;
}

static void take_success(struct viewers_ice *ice, size_t i, bool nominated, int64_t now_ns)
{
    ice->rtt_ns = now_ns - ice->pair[i].sent_ns;
    ice->answered_ns = now_ns;
    if (ice->state == VIEWERS_ICE_CHECKING) {
        enter(ice, VIEWERS_ICE_NOMINATING, i);
        check(ice, i, now_ns);
    } else if (ice->state == VIEWERS_ICE_NOMINATING && nominated && i == ice->selected) {
        enter(ice, VIEWERS_ICE_CONNECTED, i);
        ice->pair[i].next_ns = next_check_ns(ice, &ice->pair[i], now_ns);
    }
}

static void take_response(struct viewers_ice *ice, const struct wrtc_stun *message, int64_t now_ns)
{
    size_t i = message->transaction[8];
    bool nominated = message->transaction[9];

    if (memcmp(message->transaction, &ice->transactions, sizeof(ice->transactions)) != 0 ||
        i >= ice->pair_count)
        return;
    if (message->type == WRTC_STUN_BINDING_ERROR)
        ice->error = viewers_stun_error(message->data, message->len);
    else if (wrtc_stun_integrity_ok(message, ice->remote_pwd))
        take_success(ice, i, nominated, now_ns);
}

// A full agent's own check. Where it comes from an address that the answer did not name, that is
// a candidate too (RFC 8445 7.3.1.3).
static void take_request(struct viewers_ice *ice, const struct wrtc_stun *message,
                         const struct eng_addr *from, int64_t now_ns)
{
    uint8_t reply[WRTC_STUN_REPLY_MAX];
    size_t i = 0, expected_len = strlen(ice->expected);

    if (message->username_len != expected_len ||
        memcmp(message->username, ice->expected, expected_len) != 0 ||
        !wrtc_stun_integrity_ok(message, ice->pwd))
        return;
    ice->send(ice->ctx, from, reply, wrtc_stun_write_success(message, from, ice->pwd, reply));
    while (i < ice->pair_count && !eng_addr_equal(&ice->pair[i].remote, from))
        i++;
    if (i == ice->pair_count && ice->state == VIEWERS_ICE_CHECKING) {
        add_pair(ice, from, now_ns);
        viewers_ice_tick(ice, now_ns);
    }
}

void viewers_ice_receive(struct viewers_ice *ice, const struct eng_addr *from, const uint8_t *data,
                         size_t len, int64_t now_ns)
{
    struct wrtc_stun message;

    if (ice->expected[0] == '\0' || wrtc_stun_parse(data, len, &message) != 0)
        return;
    if (message.type == WRTC_STUN_BINDING_REQUEST && message.username)
        take_request(ice, &message, from, now_ns);
    else if (message.type == WRTC_STUN_BINDING_SUCCESS || message.type == WRTC_STUN_BINDING_ERROR)
        take_response(ice, &message, now_ns);
}
