// SPDX-License-Identifier: Apache-2.0
#include "rtsp/transcode.h"

#include <errno.h>

#if RTSP_HAVE_AAC

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

static pthread_once_t load_once = PTHREAD_ONCE_INIT;
static pthread_once_t begin_once = PTHREAD_ONCE_INIT;
static const struct rtsp_transcoder *transcoder;
static char lacks[256];
static atomic_bool known; // the two above are what they will be

static void load(void)
{
    void *module = dlopen(RTSP_TRANSCODE_MODULE, RTLD_NOW | RTLD_LOCAL);

    if (module)
        transcoder = dlsym(module, "rtsp_transcode_aac");
    if (!transcoder)
        snprintf(lacks, sizeof(lacks), "%s", dlerror());
    atomic_store_explicit(&known, true, memory_order_release);
}

static void *load_beside(void *arg)
{
    (void)arg;
    (void)rtsp_transcoder();
    return NULL;
}

static void begin(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, load_beside, NULL) == 0)
        pthread_detach(thread);
    else
        (void)rtsp_transcoder();
}

int rtsp_transcoder_find(void)
{
    if (!atomic_load_explicit(&known, memory_order_acquire)) {
        pthread_once(&begin_once, begin);
        return -EAGAIN;
    }
    return transcoder ? 0 : -ENOENT;
}

const struct rtsp_transcoder *rtsp_transcoder(void)
{
    pthread_once(&load_once, load);
    return transcoder;
}

const char *rtsp_transcoder_lacks(void)
{
    (void)rtsp_transcoder();
    return lacks;
}

#else

int rtsp_transcoder_find(void)
{
    return -ENOENT;
}

const struct rtsp_transcoder *rtsp_transcoder(void)
{
    return NULL;
}

const char *rtsp_transcoder_lacks(void)
{
    return "built without RTCFAN_AAC";
}

#endif
