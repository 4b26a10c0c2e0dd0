// SPDX-License-Identifier: Apache-2.0
//
// bench/pacing: what a keyframe does to a viewer behind a narrow link, by train length, paced and
// not. The real engine sends one stream to one viewer, through a veth pair whose near end is shaped
// (tc tbf: 20 Mbit/s, a shallow queue), into a network namespace of the viewer's own. Everything is
// made by this process and gone with it. Needs root, ip and tc.
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/limit_process.h"
#include "engine/engine.h"

enum {
    FPS = 30,
    GOP_FRAMES = 60,
    KEYFRAME_PACKETS = 60,
    FRAME_PACKETS = 6, // with the keyframes, 2 Mbit/s
    PAYLOAD = 1150,
    SECONDS = 4,
    CLOCK_RATE = 90000,
    VIEWER_PORT = 5000,
    NS_PER_S = 1000000000,
};

#define SERVER_ADDR "10.79.0.1"
#define VIEWER_ADDR "10.79.0.2"
// Room for 25 packets: what a DSL router or a Wi-Fi access point may keep for one station.
#define SHAPER "tbf rate 20mbit burst 3000 limit 32000"

static int run(const char *command)
{
    return system(command) == 0 ? 0 : -EIO;
}

static int open_udp(const char *address, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    inet_pton(AF_INET, address, &in.sin_addr);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
        return -errno;
    return fd;
}

// ---- the viewer: a process in a namespace of its own; it counts in memory that both share ----

static void watch(_Atomic uint64_t *arrived, int ready)
{
    uint8_t data[ENG_DATAGRAM_MAX];
    int fd;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWNET) != 0)
        _exit(1);
    (void)!write(ready, "u", 1); // the parent moves the link here
    while (run("ip -o link show veth1 >/dev/null 2>&1") != 0)
        usleep(10000);
    if (run("ip address add " VIEWER_ADDR "/24 dev veth1 && ip link set veth1 up") != 0)
        _exit(1);
    fd = open_udp(VIEWER_ADDR, VIEWER_PORT);
    if (fd < 0)
        _exit(1);
    (void)!write(ready, "r", 1);
    for (;;) {
        ssize_t n = recv(fd, data, sizeof(data), 0);

        // SRTP leaves the header in the clear.
        if (n >= ENG_RTP_HEADER_LEN && (data[1] < 192 || data[1] > 223))
            atomic_fetch_add(arrived, 1);
    }
}

static int start_viewer(_Atomic uint64_t *arrived, pid_t *pid)
{
    char command[256], byte;
    int ready[2];

    if (pipe(ready) != 0)
        return -errno;
    *pid = fork();
    if (*pid < 0)
        return -errno;
    if (*pid == 0)
        watch(arrived, ready[1]);
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        return -EIO;
    snprintf(command, sizeof(command),
             "ip link add veth0 type veth peer name veth1 netns %d && "
             "ip address add " SERVER_ADDR "/24 dev veth0 && ip link set veth0 up && "
             "tc qdisc add dev veth0 root " SHAPER,
             (int)*pid);
    if (run(command) != 0 || read(ready[0], &byte, 1) != 1)
        return -EIO;
    close(ready[0]);
    return 0;
}

// ---- the server ----

static void publish(struct eng_stream *stream, int64_t frame)
{
    bool key = frame % GOP_FRAMES == 0;
    int packets = key ? KEYFRAME_PACKETS : FRAME_PACKETS;
    int64_t capture_ns = frame * (NS_PER_S / FPS);

    for (int i = 0; i < packets; i++) {
        struct eng_packet packet = {
            .media_time = frame * (CLOCK_RATE / FPS),
            .capture_ns = capture_ns,
            .len = PAYLOAD,
            .flags = (uint16_t)((i == 0 ? ENG_PACKET_FRAME_START : 0) |
                                (i == packets - 1 ? ENG_PACKET_MARKER : 0) |
                                (key ? ENG_PACKET_KEYFRAME : 0)),
        };

        memset(eng_publish_reserve(stream, ENG_VIDEO, PAYLOAD), i, PAYLOAD);
        eng_publish_commit(stream, ENG_VIDEO, &packet);
    }
    eng_publish_flush(stream, capture_ns);
}

static int add_viewer(struct eng_engine *engine, struct eng_stream *stream)
{
    struct eng_viewer_config config = {
        .stream = stream,
        .keying.profile = ENG_SRTP_AEAD_AES_128_GCM,
        .track[ENG_VIDEO] = {.on = true, .payload_type = 96, .ssrc = 1, .clock_rate = CLOCK_RATE},
        .cname = "pacing",
    };
    struct eng_viewer *viewer;

    config.tuple.remote.in4.sin_family = AF_INET;
    inet_pton(AF_INET, VIEWER_ADDR, &config.tuple.remote.in4.sin_addr);
    eng_addr_set_port(&config.tuple.remote, VIEWER_PORT);
    return eng_viewer_add(engine, &config, &viewer);
}

static void play(struct eng_stream *stream)
{
    struct timespec due;

    clock_gettime(CLOCK_MONOTONIC, &due);
    for (int64_t frame = 0; frame < (int64_t)SECONDS * FPS; frame++) {
        publish(stream, frame);
        due.tv_nsec += NS_PER_S / FPS;
        if (due.tv_nsec >= NS_PER_S) {
            due.tv_nsec -= NS_PER_S;
            due.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    usleep(200000); // what is still under way
}

// One line of the table.
static int measure(_Atomic uint64_t *arrived, unsigned train_max, unsigned pace_ms)
{
    struct eng_config config = {
        .video_bytes = 4 << 20,
        .video_seconds = 10,
        .train_max = train_max,
        .pace_ms = pace_ms,
    };
    uint64_t counters[ENG_COUNTERS];
    struct eng_engine *engine;
    struct eng_stream *stream;
    const char *what;
    double cpu_ns;
    uint64_t sent;
    int err;

    atomic_store(arrived, 0);
    config.listen.in4.sin_family = AF_INET;
    err = eng_engine_create(&config, &engine, &what);
    if (err)
        return err;
    err = eng_stream_create(engine, &stream);
    if (!err)
        err = eng_engine_start(engine);
    if (!err)
        err = add_viewer(engine, stream);
    if (!err) {
        cpu_ns = (double)limit_process_others_cpu_ns();
        play(stream);
        cpu_ns = (double)limit_process_others_cpu_ns() - cpu_ns;
        eng_engine_counters(engine, counters);
        sent = counters[ENG_COUNTER_PACKETS_VIDEO];
        printf("| %2u | %2u | %6.2f %% | %5.1f | %5.0f |\n", train_max, pace_ms,
               100.0 - 100.0 * (double)atomic_load(arrived) / (double)sent,
               (double)sent / (double)counters[ENG_COUNTER_TRAINS_VIDEO], cpu_ns / (double)sent);
        fflush(stdout);
    }
    eng_engine_destroy(engine);
    return err;
}

static const char usage[] =
    "usage: pacing\n"
    "Measures what pacing saves of a stream behind a narrow link, for several train lengths. Needs\n"
    "root: it makes the link in a network namespace of its own. Takes 50 s.\n";

int main(int argc, char **argv)
{
    static const unsigned trains[] = {4, 8, 16, 32}, paces[] = {0, 8, 16};
    _Atomic uint64_t *arrived =
        mmap(NULL, sizeof(*arrived), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t viewer = -1;
    int err;

    if (argc > 1) {
        bool help = strcmp(argv[1], "--help") == 0;

        fputs(usage, help ? stdout : stderr);
        return help ? 0 : 2;
    }
    err = arrived == MAP_FAILED || unshare(CLONE_NEWNET) != 0 ? -errno : 0;
    if (!err)
        err = run("ip link set lo up");
    if (!err)
        err = start_viewer(arrived, &viewer);
    if (!err)
        printf("one viewer behind %s, keyframes of %d packets\n\n"
               "| train_max | pace_ms | loss | packets per train | CPU ns per packet |\n"
               "|---|---|---|---|---|\n",
               SHAPER, KEYFRAME_PACKETS);
    for (int i = 0; !err && i < 12; i++)
        err = measure(arrived, trains[i / 3], paces[i % 3]);
    if (viewer > 0) {
        kill(viewer, SIGKILL);
        waitpid(viewer, NULL, 0);
    }
    if (err)
        fprintf(stderr, "pacing: %s (root, ip and tc are needed)\n", strerror(-err));
    return err ? 1 : 0;
}
