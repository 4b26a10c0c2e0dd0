// SPDX-License-Identifier: Apache-2.0
#include "engine/io.h"

#include <assert.h>
#include <errno.h>
#include <liburing.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    // Room for all sends, the receive and the bell.
    SQ_ENTRIES = 2 * ENG_SENDS_MAX,
    // Completions of one wait: every receive buffer, every send. So it never overflows, and if it
    // did, the kernel would keep what does not fit until there is room (IORING_FEAT_NODROP).
    CQ_ENTRIES = 2 * (ENG_RECEIVES_MAX + SQ_ENTRIES),
    // Looks at what the kernel keeps; each brings at least one.
    LOOKS_MAX = CQ_ENTRIES,
    FILE_SOCKET = 0, // indices of the registered files
    FILE_BELL = 1,
    BUFFER_GROUP = 0,
    // Header of a multishot receive, source, control data, payload; a longer datagram is cut, and
    // its flags say so.
    BUFFER_LEN = 2048,
};

_Static_assert(sizeof(struct io_uring_recvmsg_out) + sizeof(struct sockaddr_storage) +
                       ENG_IO_CONTROL_LEN + ENG_DATAGRAM_MAX <=
                   BUFFER_LEN,
               "a receive buffer holds the largest datagram");

// Completions that are no send's. Sends carry their pointer, which is never this small.
enum {
    TAG_RECEIVE = 1,
    TAG_BELL = 2
};

struct kept {
    uint16_t buffer;
    int len;
};

struct eng_io {
    struct eng_io_config config;
    struct io_uring ring;
    struct io_uring_buf_ring *buffers;
    size_t buffers_len;
    uint8_t *memory;           // ENG_RECEIVES_MAX buffers
    struct msghdr receive_msg; // the shape of a received message
    uint64_t rings;            // what the bell's read writes
    bool receive_armed;
    bool bell_armed;
    unsigned kept_count;
    struct kept kept[ENG_RECEIVES_MAX]; // one per buffer at most
};

// Debian 12's liburing.so leaves out the two calls that this is for.
static int register_with(struct io_uring *ring, unsigned opcode, void *arg, unsigned count)
{
    return syscall(__NR_io_uring_register, ring->ring_fd, opcode, arg, count) < 0 ? -errno : 0;
}

// Should the worker be taken over, its ring can send and receive and nothing else.
static int allow_only_what_is_used(struct io_uring *ring)
{
    static const uint8_t opcodes[] = {IORING_OP_SENDMSG, IORING_OP_RECVMSG, IORING_OP_READ};
    static const uint8_t registers[] = {IORING_UNREGISTER_FILES, IORING_REGISTER_SYNC_CANCEL};
    struct io_uring_restriction allowed[sizeof(opcodes) + sizeof(registers) + 1];
    size_t n = 0;

    memset(allowed, 0, sizeof(allowed));
    for (size_t i = 0; i < sizeof(opcodes); i++) {
        allowed[n].opcode = IORING_RESTRICTION_SQE_OP;
        allowed[n++].sqe_op = opcodes[i];
    }
    for (size_t i = 0; i < sizeof(registers); i++) {
        allowed[n].opcode = IORING_RESTRICTION_REGISTER_OP;
        allowed[n++].register_op = registers[i];
    }
    allowed[n].opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
    allowed[n++].sqe_flags = IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
    return register_with(ring, IORING_REGISTER_RESTRICTIONS, allowed, (unsigned)n);
}

static void give_buffer(struct eng_io *io, unsigned id, int offset)
{
    io_uring_buf_ring_add(io->buffers, io->memory + (size_t)id * BUFFER_LEN, BUFFER_LEN,
                          (unsigned short)id, io_uring_buf_ring_mask(ENG_RECEIVES_MAX), offset);
}

static int provide_buffers(struct eng_io *io)
{
    struct io_uring_buf_reg reg;
    int err;

    io->memory = malloc((size_t)ENG_RECEIVES_MAX * BUFFER_LEN);
    if (!io->memory)
        return -ENOMEM;
    io->buffers_len = ENG_RECEIVES_MAX * sizeof(struct io_uring_buf);
    io->buffers =
        mmap(NULL, io->buffers_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (io->buffers == MAP_FAILED) {
        io->buffers = NULL;
        return -ENOMEM;
    }
    memset(&reg, 0, sizeof(reg));
    reg.ring_addr = (uint64_t)(uintptr_t)io->buffers;
    reg.ring_entries = ENG_RECEIVES_MAX;
    reg.bgid = BUFFER_GROUP;
    err = io_uring_register_buf_ring(&io->ring, &reg, 0);
    if (err)
        return err;
    io_uring_buf_ring_init(io->buffers);
    for (unsigned i = 0; i < ENG_RECEIVES_MAX; i++)
        give_buffer(io, i, (int)i);
    io_uring_buf_ring_advance(io->buffers, ENG_RECEIVES_MAX);
    return 0;
}

// The kernel takes a ring apart some time after it was closed (30 to 60 ms on 6.18), and the media
// port would stay taken that long: a server that is started again would find it in use.
static void let_go_of_socket(struct eng_io *io)
{
    struct io_uring_sync_cancel_reg all = {
        .flags = IORING_ASYNC_CANCEL_ANY | IORING_ASYNC_CANCEL_ALL,
        .timeout = {-1, -1},
    };

    (void)register_with(&io->ring, IORING_REGISTER_SYNC_CANCEL, &all, 1);
    (void)register_with(&io->ring, IORING_UNREGISTER_FILES, NULL, 0);
}

static void io_destroy(struct eng_io *io)
{
    let_go_of_socket(io);
    io_uring_queue_exit(&io->ring);
    if (io->buffers)
        munmap(io->buffers, io->buffers_len);
    free(io->memory);
    free(io);
}

static int io_create(const struct eng_io_config *config, struct eng_io **out)
{
    struct io_uring_params params = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED |
                 IORING_SETUP_CQSIZE,
        .cq_entries = config->ring_entries ? config->ring_entries : CQ_ENTRIES,
    };
    unsigned sq_entries = config->ring_entries ? config->ring_entries : SQ_ENTRIES;
    int files[] = {[FILE_SOCKET] = config->socket, [FILE_BELL] = config->bell};
    struct eng_io *io = calloc(1, sizeof(*io));
    int err;

    if (!io)
        return -ENOMEM;
    io->config = *config;
    io->receive_msg.msg_namelen = sizeof(struct sockaddr_storage);
    io->receive_msg.msg_controllen = ENG_IO_CONTROL_LEN;
    err = io_uring_queue_init_params(sq_entries, &io->ring, &params);
    if (err) {
        free(io);
        return err;
    }
    err = allow_only_what_is_used(&io->ring);
    if (!err)
        err = io_uring_register_files(&io->ring, files, 2);
    if (!err)
        err = provide_buffers(io);
    if (!err)
        err = register_with(&io->ring, IORING_REGISTER_ENABLE_RINGS, NULL, 0);
    if (err) {
        io_destroy(io);
        return err;
    }
    *out = io;
    return 0;
}

// What the kernel does not take now (-EAGAIN: it is short of memory, -EBUSY: of room for what is
// done, -EINTR) stays in the queue and is submitted with the next.
static void submit(struct eng_io *io)
{
    (void)io_uring_submit(&io->ring);
    eng_count(io->config.counters, ENG_COUNTER_SYSCALLS, 1);
}

static struct io_uring_sqe *get_sqe(struct eng_io *io)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(&io->ring);

    // The queue holds every send, the receive and the bell at once, unless a test wants it short.
    if (!sqe) {
        submit(io);
        sqe = io_uring_get_sqe(&io->ring);
    }
    assert(sqe);
    return sqe;
}

static void io_push(struct eng_io *io, struct eng_send *send)
{
    struct io_uring_sqe *sqe = get_sqe(io);

    io_uring_prep_sendmsg(sqe, FILE_SOCKET, &send->msg, MSG_DONTWAIT);
    sqe->flags |= IOSQE_FIXED_FILE;
    io_uring_sqe_set_data(sqe, send);
}

// The receive and the bell stay armed until they end, which they say by a completion without MORE.
static void arm(struct eng_io *io)
{
    struct io_uring_sqe *sqe;

    if (!io->receive_armed) {
        sqe = get_sqe(io);
        io_uring_prep_recvmsg_multishot(sqe, FILE_SOCKET, &io->receive_msg, 0);
        sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
        sqe->buf_group = BUFFER_GROUP;
        io_uring_sqe_set_data64(sqe, TAG_RECEIVE);
        io->receive_armed = true;
    }
    if (!io->bell_armed) {
        sqe = get_sqe(io);
        io_uring_prep_read(sqe, FILE_BELL, &io->rings, sizeof(io->rings), 0);
        sqe->flags |= IOSQE_FIXED_FILE;
        io_uring_sqe_set_data64(sqe, TAG_BELL);
        io->bell_armed = true;
    }
}

static void hand_out(struct eng_io *io, uint8_t *buffer, int len)
{
    struct io_uring_recvmsg_out *out = io_uring_recvmsg_validate(buffer, len, &io->receive_msg);
    struct msghdr control;
    struct eng_tuple tuple;

    eng_count(io->config.counters, ENG_COUNTER_DATAGRAMS_IN, 1);
    if (!out || out->flags & MSG_TRUNC || out->payloadlen > ENG_DATAGRAM_MAX) {
        eng_count(io->config.counters, ENG_COUNTER_DROP_OVERSIZE, 1);
        return;
    }
    control = (struct msghdr){
        .msg_control = (uint8_t *)io_uring_recvmsg_name(out) + io->receive_msg.msg_namelen,
        .msg_controllen = out->controllen,
    };
    eng_io_tuple(&io->config, io_uring_recvmsg_name(out), &control, &tuple);
    io->config.received(io->config.ctx, &tuple, io_uring_recvmsg_payload(out, &io->receive_msg),
                        out->payloadlen);
}

// A received buffer waits here until the worker waits: sends complete in the middle of its turn,
// and nothing may arrive there.
static void keep_received(struct eng_io *io, const struct io_uring_cqe *cqe)
{
    if (!(cqe->flags & IORING_CQE_F_MORE))
        io->receive_armed = false; // out of buffers, or an error of the socket: arm it again
    if (!(cqe->flags & IORING_CQE_F_BUFFER))
        return;
    io->kept[io->kept_count++] = (struct kept){
        .buffer = (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT),
        .len = cqe->res,
    };
}

// False: the kernel has more than there was room for.
static bool complete(struct eng_io *io)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;

    io_uring_for_each_cqe(&io->ring, head, cqe)
    {
        seen++;
        if (cqe->user_data == TAG_RECEIVE)
            keep_received(io, cqe);
        else if (cqe->user_data == TAG_BELL)
            io->bell_armed = false;
        else
            io->config.sent(io->config.ctx, io_uring_cqe_get_data(cqe),
                            cqe->res < 0 ? cqe->res : 0);
    }
    io_uring_cq_advance(&io->ring, seen);
    if (!io_uring_cq_has_overflow(&io->ring))
        return true;
    eng_count(io->config.counters, ENG_COUNTER_CQ_OVERFLOWS, 1);
    return false;
}

static void io_flush(struct eng_io *io)
{
    if (io_uring_sq_ready(&io->ring))
        submit(io);
    // Submitting, if only nothing, has the kernel fill the room that is there now.
    for (int i = 0; !complete(io) && i < LOOKS_MAX; i++)
        submit(io);
}

static void io_wait(struct eng_io *io, int64_t timeout_ns)
{
    struct __kernel_timespec ts = {
        .tv_sec = timeout_ns / 1000000000,
        .tv_nsec = timeout_ns % 1000000000,
    };
    struct io_uring_cqe *cqe;

    arm(io);
    // What a flush brought along waits no longer.
    if (timeout_ns == 0 || io->kept_count > 0)
        io_uring_submit_and_get_events(&io->ring);
    else
        io_uring_submit_and_wait_timeout(&io->ring, &cqe, 1, timeout_ns < 0 ? NULL : &ts, NULL);
    eng_count(io->config.counters, ENG_COUNTER_SYSCALLS, 1);
    (void)complete(io); // what there was no room for comes with the next flush or wait
    for (unsigned i = 0; i < io->kept_count; i++) {
        const struct kept *kept = &io->kept[i];

        if (kept->len >= 0)
            hand_out(io, io->memory + (size_t)kept->buffer * BUFFER_LEN, kept->len);
        give_buffer(io, kept->buffer, (int)i);
    }
    io_uring_buf_ring_advance(io->buffers, (int)io->kept_count);
    io->kept_count = 0;
}

const struct eng_io_ops eng_io_uring = {
    .name = "io_uring",
    .create = io_create,
    .destroy = io_destroy,
    .push = io_push,
    .flush = io_flush,
    .wait = io_wait,
};
