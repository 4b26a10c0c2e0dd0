// SPDX-License-Identifier: Apache-2.0
#include "bench/limit_engine.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "bench/limit_latency.h"
#include "bench/limit_sink.h"
#include "engine/io.h"

enum {
    TRAIN_MAX = 16, // rtcfan's defaults
    PACE_MS = 16,
    VIDEO_BYTES = 2 << 20,
    VIDEO_SECONDS = 10,
    REST_NS = 2000000,           // between two looks at whether the worker has done its work
    RESTS_MIN = PACE_MS / 2 + 2, // looks without news: longer than a train may wait
    RESTS_MAX = 1000,            // then it is measured as it is
};

static void rest(int64_t ns)
{
    struct timespec ts = {.tv_nsec = ns};

    nanosleep(&ts, NULL);
}

int limit_engine_start(struct limit_engine *engine, enum eng_tx tx, const int *cores,
                       unsigned workers, unsigned streams)
{
    struct eng_config config = {
        .cores = cores,
        .core_count = workers,
        .video_bytes = VIDEO_BYTES,
        .video_seconds = VIDEO_SECONDS,
        .train_max = TRAIN_MAX,
        .pace_ms = PACE_MS,
        .io = tx == ENG_TX_IO_URING ? &eng_io_uring : &eng_io_sendmmsg,
    };
    const char *what;
    int err;

    config.listen.in4.sin_family = AF_INET;
    if (workers == 1)
        config.io = limit_latency_ops(config.io, &engine->publisher);
    err = eng_engine_create(&config, &engine->engine, &what);
    for (unsigned i = 0; !err && i < streams; i++)
        err = eng_stream_create(engine->engine, &engine->publisher.streams[i]);
    engine->publisher.stream_count = streams;
    return err ? err : eng_engine_start(engine->engine);
}

struct eng_viewer_config limit_engine_viewer(const struct limit_engine *engine, unsigned i)
{
    struct eng_viewer_config config = {
        .stream = engine->publisher.streams[i % engine->publisher.stream_count],
        .tuple = {.remote = limit_sink_remote(i),
                  .local = limit_sink_local(eng_engine_port(engine->engine))},
        .keying.profile = ENG_SRTP_AEAD_AES_128_GCM,
        .track[ENG_VIDEO] = {.on = true,
                             .payload_type = 96,
                             .ssrc = i + 1,
                             .clock_rate = LIMIT_CLOCK_RATE},
        .cname = "limit",
    };

    memcpy(config.keying.send.key, &i, sizeof(i));
    memcpy(config.keying.receive.key, &i, sizeof(i));
    config.keying.receive.key[ENG_SRTP_KEY_LEN - 1] = 1;
    return config;
}

int limit_engine_add(struct limit_engine *engine, const struct eng_viewer_config *config,
                     struct eng_viewer **out)
{
    int err;

    while ((err = eng_viewer_add(engine->engine, config, out)) == -EAGAIN)
        rest(REST_NS / 10);
    return err;
}

void limit_engine_settle(const struct limit_engine *engine)
{
    uint64_t counters[ENG_COUNTERS], sent = 0;

    for (int looks = 0, quiet = 0; looks < RESTS_MAX && quiet < RESTS_MIN; looks++) {
        rest(REST_NS);
        eng_engine_counters(engine->engine, counters);
        quiet = counters[ENG_COUNTER_PACKETS_VIDEO] == sent ? quiet + 1 : 0;
        sent = counters[ENG_COUNTER_PACKETS_VIDEO];
    }
}
