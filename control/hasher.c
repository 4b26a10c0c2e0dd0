// SPDX-License-Identifier: Apache-2.0
#include "control/hasher.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include <event2/event.h>

#include "control/password.h"

struct job {
    STAILQ_ENTRY(job) link;
    const char *hash;
    char *password;
    bool ok;
    void (*done)(void *ctx, bool ok);
    void *ctx;
};

STAILQ_HEAD(jobs, job);

struct ctl_hasher {
    pthread_t thread;
    bool started;
    struct event *event;
    int fd;         // readable: something is in `checked`
    unsigned count; // control thread: jobs not yet answered
    pthread_mutex_t lock;
    pthread_cond_t wake;
    // Under the lock:
    struct jobs waiting;
    struct jobs checked;
    bool stopping;
};

static void free_job(struct job *job)
{
    if (job->password)
        explicit_bzero(job->password, strlen(job->password));
    free(job->password);
    free(job);
}

// ---- its thread ----

// NULL: it is time to stop.
static struct job *next_job(struct ctl_hasher *hasher)
{
    struct job *job = NULL;

    pthread_mutex_lock(&hasher->lock);
    while (!hasher->stopping && STAILQ_EMPTY(&hasher->waiting))
        pthread_cond_wait(&hasher->wake, &hasher->lock);
    if (!hasher->stopping) {
        job = STAILQ_FIRST(&hasher->waiting);
        STAILQ_REMOVE_HEAD(&hasher->waiting, link);
    }
    pthread_mutex_unlock(&hasher->lock);
    return job;
}

static void *run(void *arg)
{
    struct ctl_hasher *hasher = arg;
    struct job *job;

    pthread_setname_np(pthread_self(), "hasher");
    while ((job = next_job(hasher))) {
        job->ok = ctl_password_matches(job->hash, job->password);
        pthread_mutex_lock(&hasher->lock);
        STAILQ_INSERT_TAIL(&hasher->checked, job, link);
        pthread_mutex_unlock(&hasher->lock);
        eventfd_write(hasher->fd, 1);
    }
    return NULL;
}

// ---- the control thread ----

static void on_checked(evutil_socket_t fd, short what, void *ctx)
{
    struct ctl_hasher *hasher = ctx;
    struct jobs checked = STAILQ_HEAD_INITIALIZER(checked);
    eventfd_t count;
    struct job *job;

    (void)what;
    eventfd_read(fd, &count);
    pthread_mutex_lock(&hasher->lock);
    STAILQ_CONCAT(&checked, &hasher->checked);
    pthread_mutex_unlock(&hasher->lock);
    while ((job = STAILQ_FIRST(&checked))) {
        STAILQ_REMOVE_HEAD(&checked, link);
        hasher->count--;
        job->done(job->ctx, job->ok);
        free_job(job);
    }
}

bool ctl_hasher_ask(struct ctl_hasher *hasher, const char *hash, const char *password,
                    void (*done)(void *ctx, bool ok), void *ctx)
{
    struct job *job;

    if (hasher->count == CTL_HASHER_JOBS_MAX)
        return false;
    job = calloc(1, sizeof(*job));
    if (!job)
        return false;
    job->hash = hash;
    job->password = strdup(password);
    job->done = done;
    job->ctx = ctx;
    if (!job->password) {
        free_job(job);
        return false;
    }
    hasher->count++;
    pthread_mutex_lock(&hasher->lock);
    STAILQ_INSERT_TAIL(&hasher->waiting, job, link);
    pthread_cond_signal(&hasher->wake);
    pthread_mutex_unlock(&hasher->lock);
    return true;
}

int ctl_hasher_create(struct event_base *base, struct ctl_hasher **out)
{
    struct ctl_hasher *hasher = calloc(1, sizeof(*hasher));
    int rc = -ENOMEM;

    if (!hasher)
        return rc;
    STAILQ_INIT(&hasher->waiting);
    STAILQ_INIT(&hasher->checked);
    pthread_mutex_init(&hasher->lock, NULL);
    pthread_cond_init(&hasher->wake, NULL);
    hasher->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (hasher->fd >= 0)
        hasher->event = event_new(base, hasher->fd, EV_READ | EV_PERSIST, on_checked, hasher);
    if (hasher->event && event_add(hasher->event, NULL) == 0)
        rc = -pthread_create(&hasher->thread, NULL, run, hasher);
    if (rc != 0) {
        ctl_hasher_destroy(hasher);
        return rc;
    }
    hasher->started = true;
    *out = hasher;
    return 0;
}

static void drop(struct jobs *jobs)
{
    struct job *job;

    while ((job = STAILQ_FIRST(jobs))) {
        STAILQ_REMOVE_HEAD(jobs, link);
        free_job(job);
    }
}

void ctl_hasher_destroy(struct ctl_hasher *hasher)
{
    if (!hasher)
        return;
    pthread_mutex_lock(&hasher->lock);
    hasher->stopping = true;
    pthread_cond_signal(&hasher->wake);
    pthread_mutex_unlock(&hasher->lock);
    if (hasher->started)
        pthread_join(hasher->thread, NULL);
    drop(&hasher->waiting);
    drop(&hasher->checked);
    if (hasher->event)
        event_free(hasher->event);
    if (hasher->fd >= 0)
        close(hasher->fd);
    pthread_cond_destroy(&hasher->wake);
    pthread_mutex_destroy(&hasher->lock);
    free(hasher);
}
