// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_sink.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <unistd.h>

#include "bench/limit_process.h"

#define DEVICE  "sink"
#define LOCAL   "10.99.0.1"
#define GATEWAY "10.99.0.2"
#define NOWHERE "198.19.255.1"
#define QUEUES  "64" // QUEUE_COUNT

enum {
    QUEUE_COUNT = 64,   // of as many cores
    FEATURES_MAX = 256, // the kernel has about 64
    LOCAL_ADDRESS = 0x0a630001,
    NOWHERE_ADDRESS = (int)0xc613ff01,
    REMOTE_NET = (int)0xc6120000, // 198.18.0.0/15, set apart for benchmarks (RFC 2544)
    PORT_BASE = 1024,
    PORT_COUNT = 60000,
    PORT_STEP = 7919, // a prime: neighbours' ports lie apart
};

static const char setup[] =
    "link set lo up\n"
    "link add " DEVICE " numtxqueues " QUEUES " type ifb\n"
    "address add " LOCAL "/24 dev " DEVICE "\n"
    "link set " DEVICE " up\n"
    "neighbour add " GATEWAY " lladdr 02:00:00:00:00:01 dev " DEVICE " nud permanent\n"
    "route add default via " GATEWAY "\n"
    "route add prohibit " NOWHERE "\n";

int limit_sink_open(const char **what)
{
    FILE *ip;

    *what = "a network namespace (root is needed)";
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    *what = "the ip command (package iproute2, and a kernel with ifb)";
    ip = popen("ip -batch -", "w");
    if (!ip)
        return -errno;
    fputs(setup, ip);
    return pclose(ip) == 0 ? 0 : -ENODEV;
}

// Core i sends by queue i, as with a network card that has a queue for each core. /sys shows the
// devices of the namespace in which it was mounted, so this needs one of its own.
static void give_queues(const void *arg, void *result)
{
    long cores = sysconf(_SC_NPROCESSORS_CONF);
    int *err = result;

    (void)arg;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
        *err = -errno;
    for (unsigned i = 0; i < QUEUE_COUNT && i < cores && !*err; i++) {
        char path[64];
        FILE *mask;

        snprintf(path, sizeof(path), "/sys/class/net/" DEVICE "/queues/tx-%u/xps_cpus", i);
        mask = fopen(path, "we");
        if (!mask) {
            *err = -errno;
            break;
        }
        // The kernel's words of 32 bits, the first core's last.
        fprintf(mask, i < 32 ? "%08x" : "%08x,00000000", 1U << i % 32);
        if (fclose(mask) != 0)
            *err = -errno;
    }
}

int limit_sink_spread(void)
{
    int err = 0, failed = limit_process_apart(give_queues, NULL, &err, sizeof(err));

    return failed ? failed : err;
}

static int ethtool(int fd, void *command)
{
    struct ifreq request = {.ifr_name = DEVICE, .ifr_data = command};

    return ioctl(fd, SIOCETHTOOL, &request) < 0 ? -errno : 0;
}

static int count_features(int fd, unsigned *out)
{
    union {
        struct ethtool_sset_info info;
        uint8_t room[sizeof(struct ethtool_sset_info) + sizeof(uint32_t)]; // for one count
    } sets = {.info = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1U << ETH_SS_FEATURES}};
    int err = ethtool(fd, &sets);

    if (err)
        return err;
    if (sets.info.sset_mask == 0 || sets.info.data[0] > FEATURES_MAX)
        return -EOPNOTSUPP;
    *out = sets.info.data[0];
    return 0;
}

// Which of the device's feature bits has this name; -errno.
static int find_feature(int fd, unsigned count, const char *name)
{
    struct ethtool_gstrings *strings =
        calloc(1, sizeof(*strings) + (size_t)count * ETH_GSTRING_LEN);
    int found;

    if (!strings)
        return -ENOMEM;
    strings->cmd = ETHTOOL_GSTRINGS;
    strings->string_set = ETH_SS_FEATURES;
    strings->len = count;
    found = ethtool(fd, strings);
    if (!found)
        found = -EOPNOTSUPP;
    for (unsigned i = 0; i < strings->len && found == -EOPNOTSUPP; i++) {
        const char *at = (const char *)strings->data + (size_t)i * ETH_GSTRING_LEN;

        if (strncmp(at, name, ETH_GSTRING_LEN) == 0)
            found = (int)i;
    }
    free(strings);
    return found;
}

static int set_feature(int fd, unsigned count, unsigned bit, bool on)
{
    unsigned blocks = (count + 31) / 32;
    struct ethtool_sfeatures *set =
        calloc(1, sizeof(*set) + blocks * sizeof(struct ethtool_set_features_block));
    int err;

    if (!set)
        return -ENOMEM;
    set->cmd = ETHTOOL_SFEATURES;
    set->size = blocks;
    set->features[bit / 32].valid = 1U << bit % 32;
    set->features[bit / 32].requested = on ? 1U << bit % 32 : 0;
    err = ethtool(fd, set);
    free(set);
    return err;
}

int limit_sink_segmentation(bool on)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    unsigned count = 0;
    int rc;

    if (fd < 0)
        return -errno;
    rc = count_features(fd, &count);
    if (!rc)
        rc = find_feature(fd, count, "tx-udp-segmentation");
    if (rc >= 0)
        rc = set_feature(fd, count, (unsigned)rc, on);
    close(fd);
    return rc;
}

static struct eng_addr make_addr(uint32_t host, uint16_t port)
{
    struct eng_addr addr = {0};

    addr.in4.sin_family = AF_INET;
    addr.in4.sin_addr.s_addr = htonl(host);
    addr.in4.sin_port = htons(port);
    return addr;
}

struct eng_addr limit_sink_local(uint16_t port)
{
    return make_addr(LOCAL_ADDRESS, port);
}

struct eng_addr limit_sink_remote(unsigned i)
{
    return make_addr((uint32_t)REMOTE_NET + 1 + i,
                     (uint16_t)(PORT_BASE + i * PORT_STEP % PORT_COUNT));
}

struct eng_addr limit_sink_nowhere(void)
{
    return make_addr((uint32_t)NOWHERE_ADDRESS, PORT_BASE);
}
