// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_floor.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/limit_process.h"
#include "bench/limit_ring.h"
#include "bench/limit_sink.h"
#include "engine/bytes.h"
#include "engine/gcm.h"

enum {
    SEGMENT = ENG_RTP_HEADER_LEN + LIMIT_PAYLOAD + ENG_GCM_TAG_LEN,
    TRAIN_BYTES = LIMIT_TRAIN_MAX * SEGMENT,
};

_Static_assert(TRAIN_BYTES <= 65507, "a train is one UDP message");
_Static_assert((int)LIMIT_FLOOR_BATCH <= (int)LIMIT_RING_ENTRIES, "a batch is one system call");

struct train {
    struct iovec iov;
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(uint16_t))];
};

struct limit_floor {
    const struct eng_gcm_ops *ops;
    unsigned viewers;
    unsigned prepared; // of them, so far
    unsigned next_viewer;
    uint32_t sealed; // packets so far: makes each one's nonce
    double owed;     // the fraction of a packet that the next train makes up for
    int socket;
    struct limit_ring ring;
    int ring_err; // why there is none: a container may forbid it
    struct eng_gcm *keys;
    struct sockaddr_in *to;
    uint8_t *payloads; // LIMIT_TRAIN_MAX packets: what a stream's ring would hold
    uint8_t *data;     // LIMIT_FLOOR_BATCH trains
    struct train trains[LIMIT_FLOOR_BATCH];
    struct mmsghdr messages[LIMIT_FLOOR_BATCH];
};

static int prepare_viewers(struct limit_floor *f)
{
    uint8_t key[ENG_GCM_KEY_LEN] = {0};

    for (; f->prepared < f->viewers; f->prepared++) {
        unsigned i = f->prepared;
        int err;

        eng_put32(key, i);
        err = f->ops->init(&f->keys[i], key);
        if (err)
            return err;
        f->to[i] = limit_sink_remote(i).in4;
    }
    return 0;
}

static void prepare_messages(struct limit_floor *f)
{
    uint16_t segment = SEGMENT;

    memset(f->payloads, 0x55, LIMIT_TRAIN_MAX * LIMIT_PAYLOAD);
    memset(f->data, 0x55, (size_t)LIMIT_FLOOR_BATCH * TRAIN_BYTES);
    for (unsigned i = 0; i < LIMIT_FLOOR_BATCH; i++) {
        struct train *train = &f->trains[i];
        struct msghdr *msg = &f->messages[i].msg_hdr;
        struct cmsghdr *cmsg = (struct cmsghdr *)(void *)train->control;

        cmsg->cmsg_level = SOL_UDP;
        cmsg->cmsg_type = UDP_SEGMENT;
        cmsg->cmsg_len = CMSG_LEN(sizeof(segment));
        memcpy(CMSG_DATA(cmsg), &segment, sizeof(segment));
        train->iov.iov_base = f->data + (size_t)i * TRAIN_BYTES;
        msg->msg_namelen = sizeof(*f->to);
        msg->msg_iov = &train->iov;
        msg->msg_iovlen = 1;
    }
}

int limit_floor_create(unsigned viewers, struct limit_floor **out)
{
    struct limit_floor *f = calloc(1, sizeof(*f));
    int err, probe = IP_PMTUDISC_PROBE;

    if (!f)
        return -ENOMEM;
    f->ops = eng_gcm_best();
    f->viewers = viewers;
    f->ring.fd = -1;
    f->keys = aligned_alloc(_Alignof(struct eng_gcm), viewers * sizeof(*f->keys));
    f->to = calloc(viewers, sizeof(*f->to));
    f->payloads = malloc(LIMIT_TRAIN_MAX * LIMIT_PAYLOAD);
    f->data = malloc((size_t)LIMIT_FLOOR_BATCH * TRAIN_BYTES);
    f->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // As the engine's socket has it.
    (void)setsockopt(f->socket, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe));
    err = f->keys && f->to && f->payloads && f->data && f->socket >= 0 ? 0 : -ENOMEM;
    if (!err)
        err = prepare_viewers(f);
    if (err) {
        limit_floor_destroy(f);
        return err;
    }
    prepare_messages(f);
    f->ring_err = limit_ring_init(&f->ring, f->socket);
    *out = f;
    return 0;
}

void limit_floor_destroy(struct limit_floor *floor)
{
    for (unsigned i = 0; i < floor->prepared; i++)
        floor->ops->fini(&floor->keys[i]);
    if (floor->ring.fd >= 0)
        limit_ring_fini(&floor->ring);
    if (floor->socket >= 0)
        close(floor->socket);
    free(floor->data);
    free(floor->payloads);
    free(floor->to);
    free(floor->keys);
    free(floor);
}

static void seal(struct limit_floor *f, unsigned viewer, const uint8_t *payload, uint8_t *out)
{
    uint8_t iv[ENG_GCM_IV_LEN] = {0};

    f->sealed++;
    eng_put32(iv + 8, f->sealed);
    eng_put16(out, 0x8060);
    eng_put16(out + 2, (uint16_t)f->sealed);
    eng_put32(out + 4, f->sealed);
    eng_put32(out + 8, viewer);
    f->ops->seal(&f->keys[viewer], iv, out, ENG_RTP_HEADER_LEN, payload, LIMIT_PAYLOAD,
                 out + ENG_RTP_HEADER_LEN);
}

// Makes train i ready for the next viewer; returns its packets.
static unsigned build(struct limit_floor *f, unsigned i, enum limit_floor_work work, double train)
{
    struct msghdr *msg = &f->messages[i].msg_hdr;
    unsigned viewer = f->next_viewer, packets;

    f->next_viewer = viewer + 1 == f->viewers ? 0 : viewer + 1;
    f->owed += train;
    packets = (unsigned)f->owed;
    f->owed -= packets;
    for (unsigned p = 0; work & LIMIT_SEAL && p < packets; p++)
        seal(f, viewer, f->payloads + (size_t)p * LIMIT_PAYLOAD,
             (uint8_t *)f->trains[i].iov.iov_base + (size_t)p * SEGMENT);
    f->trains[i].iov.iov_len = (size_t)packets * SEGMENT;
    msg->msg_name = &f->to[viewer];
    msg->msg_control = packets > 1 ? f->trains[i].control : NULL;
    msg->msg_controllen = packets > 1 ? sizeof(f->trains[i].control) : 0;
    return packets;
}

static int send_batch(struct limit_floor *f, enum eng_tx tx)
{
    int n;

    if (tx == ENG_TX_IO_URING && f->ring_err)
        return f->ring_err;
    if (tx == ENG_TX_IO_URING) {
        n = limit_ring_send(&f->ring, f->messages, LIMIT_FLOOR_BATCH);
        return n > 0 ? -EIO : n;
    }
    n = sendmmsg(f->socket, f->messages, LIMIT_FLOOR_BATCH, MSG_DONTWAIT);
    if (n < 0)
        return -errno;
    return n < LIMIT_FLOOR_BATCH ? -EIO : 0;
}

double limit_floor_run(struct limit_floor *floor, enum limit_floor_work work, enum eng_tx tx,
                       double train, int64_t time_ns)
{
    int64_t start = limit_process_own_cpu_ns(), spent = 0;
    uint64_t packets = 0;

    while (spent < time_ns) {
        int err = 0;

        for (unsigned i = 0; i < LIMIT_FLOOR_BATCH; i++)
            packets += build(floor, i, work, train);
        if (work & LIMIT_SEND)
            err = send_batch(floor, tx);
        if (err)
            return err;
        spent = limit_process_own_cpu_ns() - start;
    }
    return (double)spent / (double)packets;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double limit_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
