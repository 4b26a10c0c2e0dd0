// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_process.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    NS_PER_S = 1000000000,
    // A thread's CPU clock as the kernel numbers them: clock_getcpuclockid(3) and
    // pthread_getcpuclockid(3) make the same for what they know.
    CPU_CLOCK_THREAD = 4,
    CPU_CLOCK_SCHED = 2,
};

int limit_process_apart(void (*work)(const void *arg, void *result), const void *arg, void *result,
                        size_t size)
{
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0, err = 0;
    pid_t pid;

    if (shared == MAP_FAILED)
        return -errno;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        work(arg, shared);
        _exit(0);
    }
    if (pid < 0)
        err = -errno;
    else if (waitpid(pid, &status, 0) != pid || status != 0)
        err = -EIO;
    memcpy(result, shared, size);
    munmap(shared, size);
    return err;
}

void limit_process_pin(int core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    (void)sched_setaffinity(0, sizeof(set), &set);
}

static int64_t read_clock(clockid_t clock)
{
    struct timespec ts = {0};

    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t limit_process_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t limit_process_own_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t limit_process_others_cpu_ns(void)
{
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *entry;
    int64_t sum = 0;

    while (tasks && (entry = readdir(tasks)) != NULL) {
        pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (tid > 0 && tid != gettid())
            sum += read_clock(~tid * 8 + (CPU_CLOCK_THREAD | CPU_CLOCK_SCHED));
    }
    if (tasks)
        closedir(tasks);
    return sum;
}

int64_t limit_process_interrupt_ns(int core)
{
    FILE *stat = fopen("/proc/stat", "re");
    int64_t irq, softirq, ticks = 0;
    char line[256], name[16];

    snprintf(name, sizeof(name), "cpu%d ", core);
    while (stat && fgets(line, sizeof(line), stat)) {
        if (strncmp(line, name, strlen(name)) == 0 &&
            sscanf(line, "%*s %*d %*d %*d %*d %*d %" SCNd64 " %" SCNd64, &irq, &softirq) == 2)
            ticks = irq + softirq;
    }
    if (stat)
        fclose(stat);
    return ticks * (NS_PER_S / sysconf(_SC_CLK_TCK));
}

int64_t limit_process_resident(void)
{
    FILE *statm = fopen("/proc/self/statm", "re");
    int64_t resident = 0, files = 0;

    if (statm) {
        if (fscanf(statm, "%*d %" SCNd64 " %" SCNd64, &resident, &files) != 2)
            resident = files;
        fclose(statm);
    }
    return (resident - files) * sysconf(_SC_PAGESIZE);
}

void limit_process_cpu_name(char *out, size_t size)
{
    FILE *info = fopen("/proc/cpuinfo", "re");
    char line[256];

    snprintf(out, size, "unknown CPU");
    while (info && fgets(line, sizeof(line), info)) {
        const char *colon = strchr(line, ':');

        if (strncmp(line, "model name", 10) == 0 && colon) {
            snprintf(out, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (info)
        fclose(info);
}
