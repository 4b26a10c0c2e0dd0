// SPDX-License-Identifier: Apache-2.0
#include "webrtc/dtls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/srtp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "webrtc/dtls_context.h"
#include "webrtc/dtls_farewell.h"
#include "webrtc/dtls_record.h"

enum {
    DATAGRAM_MAX = 1500,
    FIRST_TIMEOUT_US = 400000,    // RFC 6347 4.2.4.1 allows less than 1 s to the impatient
    LONGEST_TIMEOUT_US = 1600000, // seven repetitions before the deadline; OpenSSL gives up at 12

    GCM_SALT_LEN = 12,
    CM_SALT_LEN = 14,
};

struct wrtc_dtls {
    struct wrtc_dtls_context *ctx;
    struct wrtc_dtls_identity *identity; // not to be used once the handshake is over
    struct wrtc_fingerprint expected;
    enum wrtc_dtls_state state;
    const char *reason;
    SSL *ssl;                     // NULL: between attempts, or the handshake is over
    struct wrtc_dgram_link *link; // of ssl; NULL: the handshake is over
    int64_t deadline_ns;          // of the handshake
    int64_t repeat_ns;            // when OpenSSL is to look at its timeout
    size_t input_len;
    uint32_t clear_records; // given to OpenSSL in this attempt
    unsigned failures;
    struct eng_srtp_keying keying;
    struct wrtc_dtls_farewell farewell;
    bool flight_due; // farewell's are to be sent
    bool goodbye_due;
};

static void free_ssl(struct wrtc_dtls *dtls)
{
    SSL_free(dtls->ssl);
    dtls->ssl = NULL;
}

// The only place where the state changes; dtls.h has the table.
static void enter(struct wrtc_dtls *dtls, enum wrtc_dtls_state state, const char *reason)
{
    assert(dtls->state < state);
    if (dtls->state == WRTC_DTLS_HANDSHAKE) {
        dtls->ctx->handshakes--;
        free_ssl(dtls);
        free(dtls->link);
        dtls->link = NULL;
    }
    if (state == WRTC_DTLS_CLOSED)
        explicit_bzero(&dtls->keying, sizeof(dtls->keying));
    dtls->deadline_ns = INT64_MAX;
    dtls->repeat_ns = INT64_MAX;
    dtls->state = state;
    dtls->reason = reason;
}

int wrtc_dtls_create(struct wrtc_dtls_context *ctx, struct wrtc_dtls_identity *identity,
                     const struct wrtc_fingerprint *expected, int64_t now_ns,
                     struct wrtc_dtls **out)
{
    if (ctx->handshakes >= WRTC_DTLS_HANDSHAKES_MAX)
        return -EBUSY;
    struct wrtc_dtls *dtls = calloc(1, sizeof(*dtls));
    struct wrtc_dgram_link *link = calloc(1, sizeof(*link));
    if (!dtls || !link) {
        free(link);
        free(dtls);
        return -ENOMEM;
    }
    *dtls = (struct wrtc_dtls){
        .ctx = ctx,
        .identity = identity,
        .expected = *expected,
        .state = WRTC_DTLS_HANDSHAKE,
        .link = link,
        .deadline_ns = now_ns + WRTC_DTLS_HANDSHAKE_NS,
        .repeat_ns = INT64_MAX,
    };
    ctx->handshakes++;
    *out = dtls;
    return 0;
}

void wrtc_dtls_destroy(struct wrtc_dtls *dtls)
{
    if (!dtls)
        return;
    if (dtls->state == WRTC_DTLS_HANDSHAKE)
        dtls->ctx->handshakes--;
    free_ssl(dtls);
    free(dtls->link);
    wrtc_dtls_farewell_fini(&dtls->farewell);
    explicit_bzero(dtls, sizeof(*dtls));
    free(dtls);
}

enum wrtc_dtls_state wrtc_dtls_state(const struct wrtc_dtls *dtls)
{
    return dtls->state;
}

const char *wrtc_dtls_reason(const struct wrtc_dtls *dtls)
{
    return dtls->reason;
}

unsigned wrtc_dtls_failures(const struct wrtc_dtls *dtls)
{
    return dtls->failures;
}

// ---- attempts ----

static unsigned next_timeout_us(SSL *ssl, unsigned last_us)
{
    (void)ssl;
    if (last_us == 0)
        return FIRST_TIMEOUT_US;
    return last_us * 2 < LONGEST_TIMEOUT_US ? last_us * 2 : LONGEST_TIMEOUT_US;
}

static bool begin_attempt(struct wrtc_dtls *dtls)
{
    if (dtls->failures == WRTC_DTLS_ATTEMPTS_MAX)
        return false;
    SSL *ssl = SSL_new(dtls->identity->ssl);
    BIO *bio = wrtc_dgram_bio_create(dtls->ctx->bio, dtls->link);
    if (!ssl || !bio) {
        SSL_free(ssl);
        BIO_free(bio);
        return false;
    }
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, WRTC_DGRAM_MTU);
    DTLS_set_timer_cb(ssl, next_timeout_us);
    SSL_set_accept_state(ssl);
    dtls->ssl = ssl;
    dtls->clear_records = 0;
    return true;
}

// The alert that OpenSSL wrote is not sent: it would let whoever broke this attempt end the
// client's handshake as well.
static void fail_attempt(struct wrtc_dtls *dtls)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    dtls->reason = reason ? reason : "DTLS handshake failed";
    dtls->failures++;
    dtls->repeat_ns = INT64_MAX;
    wrtc_dgram_discard(dtls->link);
    free_ssl(dtls);
}

static void schedule(struct wrtc_dtls *dtls, int64_t now_ns)
{
    struct timeval left;
    if (DTLSv1_get_timeout(dtls->ssl, &left) == 1)
        dtls->repeat_ns = now_ns + (int64_t)left.tv_sec * 1000000000 + (int64_t)left.tv_usec * 1000;
    else
        dtls->repeat_ns = INT64_MAX;
}

// ---- the end of the handshake ----

static const EVP_MD *digest_of(const char *algorithm)
{
    static const struct {
        const char *name;
        const EVP_MD *(*digest)(void);
    } known[] = {
        {"sha-1", EVP_sha1},
        {"sha-256", EVP_sha256},
        {"sha-384", EVP_sha384},
        {"sha-512", EVP_sha512},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(known[i].name, algorithm) == 0)
            return known[i].digest();
    }
    return NULL;
}

static bool fingerprint_matches(const struct wrtc_dtls *dtls)
{
    const EVP_MD *digest = digest_of(dtls->expected.algorithm);
    const X509 *certificate = SSL_get0_peer_certificate(dtls->ssl);
    uint8_t bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return digest && certificate && X509_digest(certificate, digest, bytes, &len) &&
           len == dtls->expected.len && CRYPTO_memcmp(bytes, dtls->expected.bytes, len) == 0;
}

// RFC 5764 4.2: client key, server key, client salt, server salt.
static bool export_keys(struct wrtc_dtls *dtls)
{
    static const char label[] = "EXTRACTOR-dtls_srtp";
    const SRTP_PROTECTION_PROFILE *profile = SSL_get_selected_srtp_profile(dtls->ssl);
    if (!profile)
        return false;
    bool gcm = profile->id == SRTP_AEAD_AES_128_GCM;
    size_t salt_len = gcm ? GCM_SALT_LEN : CM_SALT_LEN;
    uint8_t material[2 * (ENG_SRTP_KEY_LEN + ENG_SRTP_SALT_MAX)];
    size_t material_len = 2 * (ENG_SRTP_KEY_LEN + salt_len);
    if (SSL_export_keying_material(dtls->ssl, material, material_len, label, sizeof(label) - 1,
                                   NULL, 0, 0) != 1)
        return false;

    const uint8_t *salts = material + 2 * (size_t)ENG_SRTP_KEY_LEN;
    dtls->keying.profile = gcm ? ENG_SRTP_AEAD_AES_128_GCM : ENG_SRTP_AES128_CM_HMAC_SHA1_80;
    memcpy(dtls->keying.receive.key, material, ENG_SRTP_KEY_LEN);
    memcpy(dtls->keying.send.key, material + ENG_SRTP_KEY_LEN, ENG_SRTP_KEY_LEN);
    memcpy(dtls->keying.receive.salt, salts, salt_len);
    memcpy(dtls->keying.send.salt, salts + salt_len, salt_len);
    explicit_bzero(material, sizeof(material));
    return true;
}

// What waits to be sent goes with the link: who is turned away here does not get our Finished.
static void turn_away(struct wrtc_dtls *dtls, const char *reason)
{
    enter(dtls, WRTC_DTLS_CLOSED, reason);
}

static void finish(struct wrtc_dtls *dtls)
{
    if (!fingerprint_matches(dtls)) {
        turn_away(dtls, "DTLS certificate does not match the offer's fingerprint");
        return;
    }
    if (!export_keys(dtls)) {
        turn_away(dtls, "no SRTP protection profile in common");
        return;
    }
    if (wrtc_dtls_farewell_init(&dtls->farewell, dtls->ssl, dtls->link) != 0) {
        turn_away(dtls, "out of memory");
        return;
    }
    dtls->flight_due = true;
    enter(dtls, WRTC_DTLS_CONNECTED, NULL);
}

// ---- datagrams in ----

// Copies the records that a handshake may bring: in the clear only handshake messages and
// ChangeCipherSpec, later epochs as they are. Returns their length.
//
// Sequence numbers in the clear prove nothing, but OpenSSL's replay window believes them: one
// forged record far ahead would shut out all that the client sends. So they are numbered anew, as
// they come. Handshake messages have numbers of their own to find repetitions by.
static size_t sieve(struct wrtc_dtls *dtls, const uint8_t *data, size_t len,
                    uint8_t out[DATAGRAM_MAX])
{
    struct wrtc_dtls_cursor cursor = {data, len};
    struct wrtc_dtls_record record;
    size_t out_len = 0;
    while (wrtc_dtls_record_next(&cursor, &record)) {
        bool clear = record.epoch == 0;
        if (clear && record.content != WRTC_DTLS_HANDSHAKE_MESSAGE &&
            record.content != WRTC_DTLS_CHANGE_CIPHER_SPEC)
            continue;
        size_t span = WRTC_DTLS_RECORD_HEADER_LEN + record.body_len;
        memcpy(out + out_len, record.header, span);
        if (clear)
            wrtc_dtls_record_write_number(out + out_len, dtls->clear_records++);
        out_len += span;
    }
    return out_len;
}

static bool shake_hands(struct wrtc_dtls *dtls, const uint8_t *data, size_t len, int64_t now_ns)
{
    uint8_t records[DATAGRAM_MAX];
    if (dtls->input_len + len > WRTC_DTLS_INPUT_MAX)
        return false;
    dtls->input_len += len;
    if (!dtls->ssl && !begin_attempt(dtls))
        return false;
    size_t records_len = sieve(dtls, data, len, records);
    if (records_len == 0)
        return false;

    dtls->link->in = records;
    dtls->link->in_len = records_len;
    int rc = SSL_accept(dtls->ssl);
    dtls->link->in = NULL;

    if (rc == 1)
        finish(dtls);
    else if (SSL_get_error(dtls->ssl, rc) == SSL_ERROR_WANT_READ)
        schedule(dtls, now_ns);
    else
        fail_attempt(dtls);
    return true;
}

static void listen_on(struct wrtc_dtls *dtls, const uint8_t *data, size_t len)
{
    switch (wrtc_dtls_farewell_read(&dtls->farewell, data, len)) {
    case WRTC_DTLS_NOTHING:
        break;
    case WRTC_DTLS_REPETITION:
        dtls->flight_due = true;
        break;
    case WRTC_DTLS_GOODBYE:
        dtls->goodbye_due = true;
        enter(dtls, WRTC_DTLS_CLOSED, "closed by the viewer");
        break;
    }
}

bool wrtc_dtls_receive(struct wrtc_dtls *dtls, const uint8_t *data, size_t len, int64_t now_ns)
{
    if (len == 0 || len > DATAGRAM_MAX) // OpenSSL takes zero bytes for the end of the stream
        return false;
    ERR_clear_error();
    switch (dtls->state) {
    case WRTC_DTLS_HANDSHAKE:
        return shake_hands(dtls, data, len, now_ns);
    case WRTC_DTLS_CONNECTED:
        listen_on(dtls, data, len);
        return true;
    case WRTC_DTLS_CLOSED:
        break;
    }
    return false;
}

// ---- time ----

void wrtc_dtls_tick(struct wrtc_dtls *dtls, int64_t now_ns)
{
    ERR_clear_error();
    if (dtls->repeat_ns <= now_ns) {
        if (DTLSv1_handle_timeout(dtls->ssl) < 0)
            fail_attempt(dtls);
        else
            schedule(dtls, now_ns);
    }
    if (dtls->deadline_ns <= now_ns)
        turn_away(dtls, dtls->reason ? dtls->reason : "DTLS handshake timed out");
}

int64_t wrtc_dtls_deadline_ns(const struct wrtc_dtls *dtls)
{
    return dtls->repeat_ns < dtls->deadline_ns ? dtls->repeat_ns : dtls->deadline_ns;
}

// ---- out ----

static void copy_out(uint8_t *out, size_t *len, const uint8_t *data, size_t data_len)
{
    memcpy(out, data, data_len);
    *len = data_len;
}

bool wrtc_dtls_next(struct wrtc_dtls *dtls, uint8_t out[WRTC_DGRAM_MTU], size_t *len)
{
    const struct wrtc_dtls_farewell *farewell = &dtls->farewell;
    if (dtls->link)
        return wrtc_dgram_next(dtls->link, out, len);
    if (dtls->flight_due) {
        dtls->flight_due = false;
        copy_out(out, len, farewell->flight, farewell->flight_len);
        return true;
    }
    if (dtls->goodbye_due) {
        dtls->goodbye_due = false;
        copy_out(out, len, farewell->record, farewell->record_len);
        return true;
    }
    return false;
}

void wrtc_dtls_take_keying(struct wrtc_dtls *dtls, struct eng_srtp_keying *out)
{
    assert(dtls->state == WRTC_DTLS_CONNECTED && dtls->keying.profile != ENG_SRTP_NONE);
    *out = dtls->keying;
    explicit_bzero(&dtls->keying, sizeof(dtls->keying));
}

void wrtc_dtls_close(struct wrtc_dtls *dtls)
{
    if (dtls->state == WRTC_DTLS_CLOSED)
        return;
    if (dtls->state == WRTC_DTLS_HANDSHAKE) {
        turn_away(dtls, "closed here");
        return;
    }
    dtls->goodbye_due = true;
    enter(dtls, WRTC_DTLS_CLOSED, "closed here");
}
