// SPDX-License-Identifier: Apache-2.0
#include "bench/source_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum {
    NS_PER_US = 1000
};

static const char *const track_names[BENCH_TRACKS] = {
    [BENCH_VIDEO] = "video",
    [BENCH_AUDIO] = "audio",
};

static void add(struct source_tally *sum, const struct source_tally *tally)
{
    sum->units += tally->units;
    sum->keys += tally->keys;
    sum->packets += tally->packets;
    sum->bytes += tally->bytes;
    sum->reports += tally->reports;
    sum->dropped += tally->dropped;
    sum->late += tally->late;
    if (tally->late_max_ns > sum->late_max_ns)
        sum->late_max_ns = tally->late_max_ns;
}

// All streams as if they were one.
static struct source_stream total_of(const struct source_summary *summary)
{
    struct source_stream total = {0};

    for (size_t i = 0; i < summary->stream_count; i++) {
        total.player_count += summary->streams[i].player_count;
        for (enum bench_track t = 0; t < BENCH_TRACKS; t++)
            add(&total.tally[t], &summary->streams[i].tally[t]);
    }
    return total;
}

void source_summary_print(const struct source_summary *summary)
{
    struct source_stream total = total_of(summary);
    const struct source_tally *video = &total.tally[BENCH_VIDEO];
    const struct source_tally *audio = &total.tally[BENCH_AUDIO];

    printf("source: %" PRIu64 " frames and audio packets sent, %" PRIu64 " dropped, %" PRIu64
           " frames late\n",
           video->units + audio->units, video->dropped + audio->dropped, video->late);
}

// A name is what a client may ask for, but quotes may be in it.
static void write_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', file);
        if ((unsigned char)*text < ' ')
            fprintf(file, "\\u%04x", (unsigned char)*text);
        else
            fputc(*text, file);
    }
    fputc('"', file);
}

static void write_stream(FILE *file, const struct source_stream *stream)
{
    fprintf(file, "\"players\": %" PRIu64 ", \"reports\": %" PRIu64, stream->player_count,
            stream->tally[BENCH_VIDEO].reports + stream->tally[BENCH_AUDIO].reports);
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        const struct source_tally *tally = &stream->tally[t];
        fprintf(file,
                ", \"%s\": {\"units\": %" PRIu64 ", \"keys\": %" PRIu64 ", \"packets\": %" PRIu64
                ", \"bytes\": %" PRIu64 ", \"dropped\": %" PRIu64 ", \"late\": %" PRIu64
                ", \"late_max_us\": %" PRId64 "}",
                track_names[t], tally->units, tally->keys, tally->packets, tally->bytes,
                tally->dropped, tally->late, tally->late_max_ns / NS_PER_US);
    }
}

int source_summary_write(const struct source_summary *summary, const char *path)
{
    struct source_stream total = total_of(summary);
    FILE *file = fopen(path, "we");

    if (file == NULL)
        return -errno;
    fprintf(file,
            "{\"seconds\": %.3f, \"cpu_seconds\": %.3f, \"refused_datagrams\": %" PRIu64
            ",\n\"total\": {",
            summary->seconds, summary->cpu_seconds, summary->refused);
    write_stream(file, &total);
    fprintf(file, "},\n\"streams\": [");
    for (size_t i = 0; i < summary->stream_count; i++) {
        fprintf(file, "%s\n{\"name\": ", i == 0 ? "" : ",");
        write_string(file, summary->streams[i].name);
        fprintf(file, ", ");
        write_stream(file, &summary->streams[i]);
        fprintf(file, "}");
    }
    fprintf(file, "]}\n");
    int failed = ferror(file);
    return fclose(file) != 0 || failed ? -EIO : 0;
}
