// SPDX-License-Identifier: Apache-2.0
#include "control/auth_users.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "control/hasher.h"
#include "control/password.h"
#include "control/random.h"

enum {
    MAC_LEN = 32
};

// A check on its way. It outlives neither the hasher nor `users`.
struct check {
    LIST_ENTRY(check) link;
    struct ctl_auth_users *users;
    bool real; // the user exists
    uint8_t mac[MAC_LEN];
    void (*done)(void *ctx, enum ctl_verdict verdict);
    void *ctx;
};

struct ctl_auth_users {
    const struct ctl_auth_config *config;
    struct ctl_hasher *hasher; // NULL: no hash is slow
    LIST_HEAD(, check) checks;
    uint8_t key[MAC_LEN];
    uint8_t known[CTL_AUTH_USERS_KNOWN_MAX][MAC_LEN];
    size_t known_count;
    size_t known_next;
};

// ---- who was right ----

static void make_mac(const struct ctl_auth_users *users, const struct ctl_credentials *credentials,
                     uint8_t mac[MAC_LEN])
{
    // The user's text with its NUL comes first, at full length: no two pairs are the same bytes.
    uint8_t text[CTL_USER_MAX + CTL_TOKEN_MAX] = {0};
    size_t len = CTL_USER_MAX + strlen(credentials->password);

    memcpy(text, credentials->user, strlen(credentials->user));
    memcpy(text + CTL_USER_MAX, credentials->password, strlen(credentials->password));
    HMAC(EVP_sha256(), users->key, sizeof(users->key), text, len, mac, NULL);
    explicit_bzero(text, sizeof(text));
}

static bool is_known(const struct ctl_auth_users *users, const uint8_t mac[MAC_LEN])
{
    bool found = false;

    for (size_t i = 0; i < users->known_count; i++)
        found |= CRYPTO_memcmp(users->known[i], mac, MAC_LEN) == 0;
    return found;
}

static void remember(struct ctl_auth_users *users, const uint8_t mac[MAC_LEN])
{
    if (is_known(users, mac))
        return;
    memcpy(users->known[users->known_next], mac, MAC_LEN);
    users->known_next = (users->known_next + 1) % CTL_AUTH_USERS_KNOWN_MAX;
    if (users->known_count < CTL_AUTH_USERS_KNOWN_MAX)
        users->known_count++;
}

// ---- users, tokens ----

static const struct ctl_user *find_user(const struct ctl_auth_users *users, const char *name)
{
    for (size_t i = 0; i < users->config->user_count; i++)
        if (strcmp(users->config->users[i].name, name) == 0)
            return &users->config->users[i];
    return NULL;
}

static bool is_token(const struct ctl_auth_users *users, const char *token)
{
    bool found = false;

    for (size_t i = 0; i < users->config->token_count; i++)
        found |= ctl_password_matches(users->config->tokens[i], token);
    return found;
}

static void on_checked(void *ctx, bool ok)
{
    struct check *check = ctx;

    if (ok && check->real)
        remember(check->users, check->mac);
    LIST_REMOVE(check, link);
    check->done(check->ctx, ok && check->real ? CTL_VERDICT_GRANTED : CTL_VERDICT_UNKNOWN);
    free(check);
}

static enum ctl_verdict start_check(struct ctl_auth_users *users, const char *hash, bool real,
                                    const struct ctl_credentials *credentials,
                                    void (*done)(void *ctx, enum ctl_verdict verdict), void *ctx)
{
    struct check *check = calloc(1, sizeof(*check));

    if (!check)
        return CTL_VERDICT_UNAVAILABLE;
    check->users = users;
    check->real = real;
    make_mac(users, credentials, check->mac);
    check->done = done;
    check->ctx = ctx;
    if (is_known(users, check->mac)) {
        free(check);
        return CTL_VERDICT_GRANTED;
    }
    if (!ctl_hasher_ask(users->hasher, hash, credentials->password, on_checked, check)) {
        free(check);
        return CTL_VERDICT_UNAVAILABLE;
    }
    LIST_INSERT_HEAD(&users->checks, check, link);
    return CTL_VERDICT_LATER;
}

enum ctl_verdict ctl_auth_users_check(struct ctl_auth_users *users,
                                      const struct ctl_credentials *credentials,
                                      void (*done)(void *ctx, enum ctl_verdict verdict), void *ctx)
{
    const struct ctl_user *user = find_user(users, credentials->user);
    const char *hash;
    bool ok;

    if (credentials->token[0])
        return is_token(users, credentials->token) ? CTL_VERDICT_GRANTED : CTL_VERDICT_UNKNOWN;
    if (users->config->user_count == 0)
        return CTL_VERDICT_UNKNOWN;
    // A stranger's password is checked too, so that the time does not tell which users there are.
    hash = user ? user->password : users->config->users[0].password;
    if (ctl_password_is_slow(hash))
        return start_check(users, hash, user != NULL, credentials, done, ctx);
    ok = ctl_password_matches(hash, credentials->password);
    return ok && user ? CTL_VERDICT_GRANTED : CTL_VERDICT_UNKNOWN;
}

// ---- life ----

static bool has_slow(const struct ctl_auth_config *config)
{
    for (size_t i = 0; i < config->user_count; i++)
        if (ctl_password_is_slow(config->users[i].password))
            return true;
    return false;
}

int ctl_auth_users_create(struct event_base *base, const struct ctl_auth_config *config,
                          struct ctl_auth_users **out)
{
    struct ctl_auth_users *users = calloc(1, sizeof(*users));
    int rc = 0;

    if (!users)
        return -ENOMEM;
    users->config = config;
    LIST_INIT(&users->checks);
    ctl_random_bytes(users->key, sizeof(users->key));
    if (has_slow(config))
        rc = ctl_hasher_create(base, &users->hasher);
    if (rc != 0) {
        ctl_auth_users_destroy(users);
        return rc;
    }
    *out = users;
    return 0;
}

void ctl_auth_users_destroy(struct ctl_auth_users *users)
{
    struct check *check, *next;

    if (!users)
        return;
    ctl_hasher_destroy(users->hasher);
    for (check = LIST_FIRST(&users->checks); check; check = next) {
        next = LIST_NEXT(check, link);
        free(check);
    }
    explicit_bzero(users, sizeof(*users));
    free(users);
}
