// SPDX-License-Identifier: Apache-2.0
#include "webrtc/dgram_bio.h"

#include <string.h>

static int dgram_write(BIO *bio, const char *data, int len)
{
    struct wrtc_dgram_link *link = BIO_get_data(bio);
    if (len <= 0)
        return 0;
    if (len > WRTC_DGRAM_MTU || link->count == WRTC_DGRAM_QUEUE_MAX) {
        link->dropped++;
        return len;
    }
    size_t slot = (link->first + link->count) % WRTC_DGRAM_QUEUE_MAX;
    memcpy(link->data[slot], data, (size_t)len);
    link->len[slot] = (uint16_t)len;
    link->count++;
    return len;
}

static int dgram_read(BIO *bio, char *out, int size)
{
    struct wrtc_dgram_link *link = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (!link->in || size <= 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    // As recv() does it: what the reader has no room for is lost.
    size_t len = link->in_len < (size_t)size ? link->in_len : (size_t)size;
    memcpy(out, link->in, len);
    link->in = NULL;
    return (int)len;
}

static long dgram_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    const struct wrtc_dgram_link *link = BIO_get_data(bio);
    switch (command) {
    case BIO_CTRL_FLUSH:
        return 1;
    case BIO_CTRL_PENDING:
        return link->in ? (long)link->in_len : 0;
    default:
        return 0;
    }
}

static int dgram_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD *wrtc_dgram_bio_method_create(void)
{
    int index = BIO_get_new_index();
    if (index < 0)
        return NULL;
    BIO_METHOD *method = BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "datagrams in memory");
    if (!method)
        return NULL;
    if (BIO_meth_set_write(method, dgram_write) && BIO_meth_set_read(method, dgram_read) &&
        BIO_meth_set_ctrl(method, dgram_ctrl) && BIO_meth_set_create(method, dgram_create))
        return method;
    BIO_meth_free(method);
    return NULL;
}

BIO *wrtc_dgram_bio_create(const BIO_METHOD *method, struct wrtc_dgram_link *link)
{
    BIO *bio = BIO_new(method);
    if (bio)
        BIO_set_data(bio, link);
    return bio;
}

bool wrtc_dgram_next(struct wrtc_dgram_link *link, uint8_t out[WRTC_DGRAM_MTU], size_t *len)
{
    if (link->count == 0)
        return false;
    *len = link->len[link->first];
    memcpy(out, link->data[link->first], *len);
    link->first = (link->first + 1) % WRTC_DGRAM_QUEUE_MAX;
    link->count--;
    return true;
}

void wrtc_dgram_discard(struct wrtc_dgram_link *link)
{
    link->count = 0;
}
