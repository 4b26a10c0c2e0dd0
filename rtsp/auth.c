// SPDX-License-Identifier: Apache-2.0
#include "rtsp/auth.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

enum {
    HASH_HEX = 2 * 32 + 1, // SHA-256 in hex with the NUL
    CNONCE_BYTES = 16,
};

// One challenge of a WWW-Authenticate header; spans into the message.
struct challenge {
    enum rtsp_auth_scheme scheme; // NONE: not one of ours
    struct rtsp_span realm;
    struct rtsp_span nonce;
    struct rtsp_span opaque;
    bool has_qop;  // some qop is demanded
    bool qop_auth; // and auth is among them
    bool sess;     // an algorithm of the kind "-sess"
    bool stale;
};

void rtsp_auth_init(struct rtsp_auth *auth, const char *user, const char *password)
{
    *auth = (struct rtsp_auth){0};
    snprintf(auth->user, sizeof(auth->user), "%s", user);
    snprintf(auth->password, sizeof(auth->password), "%s", password);
}

void rtsp_auth_fini(struct rtsp_auth *auth)
{
    explicit_bzero(auth, sizeof(*auth));
}

// ---- challenges (RFC 9110 11.6.1: scheme 1*SP [ param *( "," param ) ], several in one line) ----

static void skip_any(struct rtsp_span *text, const char *of)
{
    while (text->len > 0 && strchr(of, text->data[0])) {
        text->data++;
        text->len--;
    }
}

static struct rtsp_span take_token(struct rtsp_span *text)
{
    struct rtsp_span token = {text->data, 0};

    while (token.len < text->len && !strchr(" \t\r\n,=\"", text->data[token.len]))
        token.len++;
    text->data += token.len;
    text->len -= token.len;
    return token;
}

// A token, or what stands between quotes, backslashes and all: that is what is hashed (RFC 7616
// 3.4's unq()) and what goes back.
static struct rtsp_span take_value(struct rtsp_span *text)
{
    struct rtsp_span value;

    if (text->len == 0 || text->data[0] != '"')
        return take_token(text);
    value = (struct rtsp_span){text->data + 1, 0};
    text->len--;
    while (value.len < text->len && value.data[value.len] != '"')
        value.len += value.data[value.len] == '\\' && value.len + 1 < text->len ? 2 : 1;
    size_t used = value.len < text->len ? value.len + 1 : value.len;
    text->data = value.data + used;
    text->len -= used;
    return value;
}

static void take_qop(struct rtsp_span list, struct challenge *out)
{
    struct rtsp_span option;

    out->has_qop = true;
    while (rtsp_span_cut(&list, ',', &option))
        if (rtsp_span_is(rtsp_span_trim(option), "auth"))
            out->qop_auth = true;
}

static void take_algorithm(struct rtsp_span name, struct challenge *out)
{
    static const struct {
        const char *name;
        enum rtsp_auth_scheme scheme;
        bool sess;
    } known[] = {
        {"MD5", RTSP_AUTH_MD5, false},
        {"MD5-sess", RTSP_AUTH_MD5, true},
        {"SHA-256", RTSP_AUTH_SHA256, false},
        {"SHA-256-sess", RTSP_AUTH_SHA256, true},
    };

    out->scheme = RTSP_AUTH_NONE;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!rtsp_span_is(name, known[i].name))
            continue;
        out->scheme = known[i].scheme;
        out->sess = known[i].sess;
    }
}

static void take_param(struct rtsp_span name, struct rtsp_span value, struct challenge *out)
{
    if (rtsp_span_is(name, "realm")) {
        out->realm = value;
    } else if (rtsp_span_is(name, "nonce")) {
        out->nonce = value;
    } else if (rtsp_span_is(name, "opaque")) {
        out->opaque = value;
    } else if (rtsp_span_is(name, "stale")) {
        out->stale = rtsp_span_is(value, "true");
    } else if (rtsp_span_is(name, "qop")) {
        take_qop(value, out);
    } else if (rtsp_span_is(name, "algorithm") && out->scheme != RTSP_AUTH_BASIC) {
        take_algorithm(value, out);
    }
}

// Takes one challenge off *text. False: none left.
static bool take_challenge(struct rtsp_span *text, struct challenge *out)
{
    struct rtsp_span name;

    *out = (struct challenge){0};
    skip_any(text, " \t\r\n,=\"");
    name = take_token(text);
    if (name.len == 0)
        return false;
    if (rtsp_span_is(name, "Basic"))
        out->scheme = RTSP_AUTH_BASIC;
    else if (rtsp_span_is(name, "Digest"))
        out->scheme = RTSP_AUTH_MD5;
    bool ours = out->scheme != RTSP_AUTH_NONE;

    while (text->len > 0) {
        struct rtsp_span before;

        skip_any(text, " \t\r\n,");
        before = *text;
        name = take_token(text);
        skip_any(text, " \t");
        if (text->len == 0 || text->data[0] != '=') {
            // No parameter: the scheme of the next challenge.
            if (name.len > 0)
                *text = before;
            break;
        }
        skip_any(text, "= \t");
        struct rtsp_span value = take_value(text);
        if (ours)
            take_param(name, value, out);
    }
    return true;
}

static bool is_usable(const struct challenge *c)
{
    struct rtsp_auth scratch;

    if (c->scheme == RTSP_AUTH_NONE)
        return false;
    if (c->scheme == RTSP_AUTH_BASIC)
        return true;
    // The hash of "-sess" takes in a cnonce, which goes with qop only.
    return c->nonce.data && c->realm.data && (c->qop_auth || !(c->has_qop || c->sess)) &&
           rtsp_span_copy(c->realm, scratch.realm, sizeof(scratch.realm)) == 0 &&
           rtsp_span_copy(c->nonce, scratch.nonce, sizeof(scratch.nonce)) == 0 &&
           rtsp_span_copy(c->opaque, scratch.opaque, sizeof(scratch.opaque)) == 0;
}

static struct challenge find_strongest(const struct rtsp_message *response)
{
    struct challenge best = {0};

    for (size_t nth = 0;; nth++) {
        struct rtsp_span line = rtsp_message_header(response, "WWW-Authenticate", nth);
        struct challenge one;

        if (!line.data)
            return best;
        while (take_challenge(&line, &one))
            if (is_usable(&one) && one.scheme > best.scheme)
                best = one;
    }
}

static void to_hex(const uint8_t *data, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        snprintf(out + 2 * i, 3, "%02x", data[i]);
}

int rtsp_auth_challenge(struct rtsp_auth *auth, const struct rtsp_message *response)
{
    struct challenge best = find_strongest(response);
    uint8_t random[CNONCE_BYTES];

    if (best.scheme == RTSP_AUTH_NONE)
        return -ENOTSUP;
    if (auth->user[0] == '\0')
        return -ENOKEY;
    if (auth->scheme != RTSP_AUTH_NONE) {
        char nonce[RTSP_AUTH_PARAM_MAX] = "";
        bool fresh = best.scheme != RTSP_AUTH_BASIC && (best.stale || auth->accepted) &&
                     rtsp_span_copy(best.nonce, nonce, sizeof(nonce)) == 0 &&
                     strcmp(nonce, auth->nonce) != 0;

        if (!fresh || auth->renewed)
            return -EACCES;
        auth->renewed = true;
    }
    if (RAND_bytes(random, sizeof(random)) != 1)
        return -EIO;
    auth->scheme = best.scheme;
    auth->nonce_count = 0;
    to_hex(random, sizeof(random), auth->cnonce);
    if (best.scheme == RTSP_AUTH_BASIC)
        return 0;
    rtsp_span_copy(best.realm, auth->realm, sizeof(auth->realm));
    rtsp_span_copy(best.nonce, auth->nonce, sizeof(auth->nonce));
    rtsp_span_copy(best.opaque, auth->opaque, sizeof(auth->opaque));
    auth->has_opaque = best.opaque.data;
    auth->qop = best.qop_auth;
    auth->sess = best.sess;
    return 0;
}

void rtsp_auth_accept(struct rtsp_auth *auth)
{
    if (auth->scheme == RTSP_AUTH_NONE)
        return;
    auth->accepted = true;
    auth->renewed = false;
}

// ---- answers ----

// The hash, in hex, of the parts joined by ':'.
static int hash(const struct rtsp_auth *auth, const char *const *parts, size_t count,
                char out[HASH_HEX])
{
    const EVP_MD *type = auth->scheme == RTSP_AUTH_SHA256 ? EVP_sha256() : EVP_md5();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool good = ctx && EVP_DigestInit_ex(ctx, type, NULL) == 1;

    for (size_t i = 0; i < count && good; i++) {
        good = i == 0 || EVP_DigestUpdate(ctx, ":", 1) == 1;
        good = good && EVP_DigestUpdate(ctx, parts[i], strlen(parts[i])) == 1;
    }
    good = good && EVP_DigestFinal_ex(ctx, digest, &len) == 1;
    EVP_MD_CTX_free(ctx);
    if (!good)
        return -EIO;
    to_hex(digest, len, out);
    explicit_bzero(digest, sizeof(digest));
    return 0;
}

static int respond(const struct rtsp_auth *auth, const char *method, const char *uri,
                   const char *count, char out[HASH_HEX])
{
    const char *const secret[] = {auth->user, auth->realm, auth->password};
    const char *const request[] = {method, uri};
    char a1[HASH_HEX];
    char a2[HASH_HEX];
    const char *const session[] = {a1, auth->nonce, auth->cnonce};
    const char *const with_qop[] = {a1, auth->nonce, count, auth->cnonce, "auth", a2};
    const char *const without[] = {a1, auth->nonce, a2};
    int rc = hash(auth, secret, 3, a1);

    if (rc == 0 && auth->sess)
        rc = hash(auth, session, 3, a1);
    if (rc == 0)
        rc = hash(auth, request, 2, a2);
    if (rc == 0)
        rc = auth->qop ? hash(auth, with_qop, 6, out) : hash(auth, without, 3, out);
    explicit_bzero(a1, sizeof(a1));
    return rc;
}

// Appends to a string of size bytes at most; false: no room.
static bool append(char *out, size_t size, const char *text)
{
    size_t used = strlen(out);
    size_t len = strlen(text);

    if (used + len >= size)
        return false;
    memcpy(out + used, text, len + 1);
    return true;
}

static int make_digest(struct rtsp_auth *auth, const char *method, const char *uri, char *out,
                       size_t size)
{
    char response[HASH_HEX];
    char count[9];
    char user[2 * sizeof(auth->user)];
    char tail[RTSP_AUTH_PARAM_MAX + 128];
    size_t len = 0;
    bool fits;
    int rc;

    auth->nonce_count++;
    snprintf(count, sizeof(count), "%08x", auth->nonce_count);
    rc = respond(auth, method, uri, count, response);
    if (rc < 0)
        return rc;
    for (const char *c = auth->user; *c; c++) {
        if (*c == '"' || *c == '\\')
            user[len++] = '\\';
        user[len++] = *c;
    }
    user[len] = '\0';

    int used = snprintf(out, size,
                        "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
                        "response=\"%s\"",
                        user, auth->realm, auth->nonce, uri, response);
    fits = used > 0 && (size_t)used < size;
    // Old cameras know of no algorithm, and no other than MD5.
    if (fits && (auth->sess || auth->scheme == RTSP_AUTH_SHA256)) {
        snprintf(tail, sizeof(tail), ", algorithm=%s%s",
                 auth->scheme == RTSP_AUTH_SHA256 ? "SHA-256" : "MD5", auth->sess ? "-sess" : "");
        fits = append(out, size, tail);
    }
    if (fits && auth->has_opaque) {
        snprintf(tail, sizeof(tail), ", opaque=\"%s\"", auth->opaque);
        fits = append(out, size, tail);
    }
    if (fits && auth->qop) {
        snprintf(tail, sizeof(tail), ", qop=auth, nc=%s, cnonce=\"%s\"", count, auth->cnonce);
        fits = append(out, size, tail);
    }
    return fits ? 0 : -EMSGSIZE;
}

static int make_basic(const struct rtsp_auth *auth, char *out, size_t size)
{
    char pair[sizeof(auth->user) + sizeof(auth->password)];
    uint8_t encoded[(sizeof(pair) + 2) / 3 * 4 + 1];
    int len = snprintf(pair, sizeof(pair), "%s:%s", auth->user, auth->password);
    int used;

    EVP_EncodeBlock(encoded, (const uint8_t *)pair, len);
    used = snprintf(out, size, "Basic %s", (const char *)encoded);
    explicit_bzero(pair, sizeof(pair));
    explicit_bzero(encoded, sizeof(encoded));
    return used > 0 && (size_t)used < size ? 0 : -EMSGSIZE;
}

int rtsp_auth_header(struct rtsp_auth *auth, const char *method, const char *uri, char *out,
                     size_t size)
{
    switch (auth->scheme) {
    case RTSP_AUTH_NONE:
        if (size == 0)
            return -EMSGSIZE;
        out[0] = '\0';
        return 0;
    case RTSP_AUTH_BASIC:
        return make_basic(auth, out, size);
    case RTSP_AUTH_MD5:
    case RTSP_AUTH_SHA256:
        return make_digest(auth, method, uri, out, size);
    }
    return -EMSGSIZE;
}
