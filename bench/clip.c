// SPDX-License-Identifier: Apache-2.0
#include "bench/clip.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/annexb.h"
#include "bench/ogg.h"
#include "bench/packetise.h"

enum {
    VIDEO_CLOCK = 90000,
    VIDEO_PAYLOAD_TYPE = 96,
    AUDIO_PER_SECOND = 50, // packets of 20 ms
    FILE_MAX = 256 << 20,  // several minutes of video; the packets lie in memory
};

// Payload types: those of RFC 3551 6 where there are any.
static const struct {
    const char *name;
    uint32_t clock_rate;
    uint8_t payload_type;
} codecs[BENCH_CODECS] = {
    [BENCH_CODEC_NONE] = {"none", 0, 0},
    [BENCH_CODEC_OPUS] = {"opus", 48000, 97},
    [BENCH_CODEC_PCMU] = {"pcmu", 8000, 0},
    [BENCH_CODEC_PCMA] = {"pcma", 8000, 8},
};

const char *bench_codec_name(enum bench_codec codec)
{
    assert(codec < BENCH_CODECS);
    return codecs[codec].name;
}

static void keep_parameter_set(const struct bench_nal *nal, uint8_t *to, size_t *to_len)
{
    if (*to_len > 0 || nal->len > BENCH_PARAMETER_SET_MAX)
        return;
    memcpy(to, nal->data, nal->len);
    *to_len = nal->len;
}

static void note_nal(struct bench_clip *clip, const struct bench_nal *nal)
{
    struct bench_clip_track *track = &clip->track[BENCH_VIDEO];
    unsigned type = bench_nal_type(nal);

    if (type == BENCH_NAL_IDR)
        track->units[track->unit_count - 1].key = true;
    else if (type == BENCH_NAL_SPS)
        keep_parameter_set(nal, clip->sps, &clip->sps_len);
    else if (type == BENCH_NAL_PPS)
        keep_parameter_set(nal, clip->pps, &clip->pps_len);
}

static int packetise_video(struct bench_clip *clip, const uint8_t *data, size_t len, unsigned stamp)
{
    struct bench_packetiser p = {.track = &clip->track[BENCH_VIDEO]};
    const uint8_t *end = data + len;
    struct bench_nal nal;
    bool open = false, has_slice = false;
    unsigned frame = 0;

    while (bench_annexb_next(&data, end, &nal)) {
        bool slice = bench_nal_is_slice(&nal);
        if (has_slice && bench_nal_begins_unit(&nal)) {
            bench_packetise_mark(&p);
            open = has_slice = false;
            frame++;
        }
        if (bench_nal_type(&nal) == BENCH_NAL_DELIMITER)
            continue; // RTP's marker says it already
        int rc = open ? 0 : bench_packetise_unit(&p);
        if (rc == 0 && slice && !has_slice && stamp > 0 && frame % stamp == 0)
            rc = bench_packetise_stamp(&p);
        if (rc == 0)
            rc = bench_packetise_nal(&p, &nal);
        if (rc < 0)
            return rc;
        note_nal(clip, &nal);
        open = true;
        has_slice = has_slice || slice;
    }
    if (open)
        bench_packetise_mark(&p);
    return 0;
}

// One frame of 20 ms, by the packet's first byte (RFC 6716 3.1).
static bool is_20_ms(const uint8_t *packet, size_t len)
{
    if (len == 0 || (packet[0] & 0x03) != 0)
        return false;
    unsigned config = packet[0] >> 3;
    if (config < 12)
        return config % 4 == 1;
    if (config < 16)
        return config % 2 == 1;
    return config % 4 == 3;
}

// Audio that would outlast the loop is left out.
static bool has_room(const struct bench_clip_track *track)
{
    return (track->unit_count + 1) * track->unit_ticks <= track->loop_ticks;
}

static int add_audio(struct bench_packetiser *p, const uint8_t *packet, size_t len)
{
    int rc = bench_packetise_unit(p);

    if (rc == 0)
        rc = bench_packetise_payload(p, packet, len);
    if (rc == 0)
        p->track->units[p->track->unit_count - 1].key = true;
    return rc;
}

static int packetise_opus(struct bench_clip_track *track, const uint8_t *data, size_t len)
{
    struct bench_packetiser p = {.track = track};
    struct bench_ogg ogg;
    const uint8_t *packet;
    size_t packet_len;
    int rc;

    bench_ogg_init(&ogg, data, len);
    while ((rc = bench_ogg_next(&ogg, &packet, &packet_len)) > 0 && has_room(track)) {
        bool header = packet_len >= 8 &&
                      (memcmp(packet, "OpusHead", 8) == 0 || memcmp(packet, "OpusTags", 8) == 0);
        if (header)
            continue;
        if (!is_20_ms(packet, packet_len) || packet_len > BENCH_PAYLOAD_MAX)
            return -EBADMSG;
        rc = add_audio(&p, packet, packet_len);
        if (rc < 0)
            return rc;
    }
    return rc < 0 ? rc : 0;
}

// G.711: a byte for each tick of its clock.
static int packetise_samples(struct bench_clip_track *track, const uint8_t *data, size_t len)
{
    struct bench_packetiser p = {.track = track};
    size_t packet_len = track->unit_ticks;

    for (; len >= packet_len && has_room(track); data += packet_len, len -= packet_len) {
        int rc = add_audio(&p, data, packet_len);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool has_key(const struct bench_clip_track *track)
{
    for (size_t i = 0; i < track->unit_count; i++) {
        if (track->units[i].key)
            return true;
    }
    return false;
}

static int build_video(struct bench_clip *clip, const uint8_t *data, size_t len,
                       const struct bench_clip_options *options, const char **error)
{
    struct bench_clip_track *track = &clip->track[BENCH_VIDEO];

    *error = "the frame rate must divide 90,000, as 25 and 30 do";
    if (options->fps == 0 || VIDEO_CLOCK % options->fps != 0)
        return -EINVAL;
    track->clock_rate = VIDEO_CLOCK;
    track->unit_ticks = VIDEO_CLOCK / options->fps;
    track->payload_type = VIDEO_PAYLOAD_TYPE;
    int rc = packetise_video(clip, data, len, options->stamp);
    *error = "no memory for the video, or a frame of more than 1 MiB";
    if (rc < 0)
        return rc;
    *error = "no H.264 byte stream with SPS, PPS and an IDR picture";
    if (!has_key(track) || clip->sps_len < 4 || clip->pps_len == 0)
        return -EBADMSG;
    track->loop_ticks = track->unit_count * track->unit_ticks;
    return 0;
}

static int build_audio(struct bench_clip *clip, const uint8_t *data, size_t len,
                       const struct bench_clip_options *options, const char **error)
{
    struct bench_clip_track *track = &clip->track[BENCH_AUDIO];
    uint32_t clock_rate = codecs[options->codec].clock_rate;
    uint64_t loop_ticks = clip->track[BENCH_VIDEO].unit_count * clock_rate;

    *error = "the clip must last a whole number of ticks of the audio's clock";
    if (loop_ticks % options->fps != 0)
        return -EINVAL;
    clip->codec = options->codec;
    track->clock_rate = clock_rate;
    track->unit_ticks = clock_rate / AUDIO_PER_SECOND;
    track->payload_type = codecs[options->codec].payload_type;
    track->loop_ticks = loop_ticks / options->fps;
    int rc = options->codec == BENCH_CODEC_OPUS ? packetise_opus(track, data, len)
                                                : packetise_samples(track, data, len);
    *error = options->codec == BENCH_CODEC_OPUS ? "the audio is not Ogg Opus in packets of 20 ms"
                                                : "the audio has less than 20 ms of samples";
    return rc < 0 ? rc : track->unit_count == 0 ? -EBADMSG : 0;
}

int bench_clip_create(const uint8_t *video, size_t video_len, const uint8_t *audio,
                      size_t audio_len, const struct bench_clip_options *options,
                      struct bench_clip **out, const char **error)
{
    struct bench_clip *clip = calloc(1, sizeof(*clip));

    assert(options->codec < BENCH_CODECS);
    assert((audio != NULL) == (options->codec != BENCH_CODEC_NONE));
    if (clip == NULL) {
        *error = "no memory";
        return -ENOMEM;
    }
    int rc = build_video(clip, video, video_len, options, error);
    if (rc == 0 && audio != NULL)
        rc = build_audio(clip, audio, audio_len, options, error);
    if (rc < 0) {
        bench_clip_destroy(clip);
        return rc;
    }
    *out = clip;
    return 0;
}

// The whole file on the heap.
static int read_file(const char *path, uint8_t **out, size_t *out_len)
{
    FILE *file = fopen(path, "re");
    int rc = -EIO;

    if (file == NULL)
        return -errno;
    if (fseek(file, 0, SEEK_END) != 0)
        goto out;
    long size = ftell(file);
    if (size < 0)
        goto out;
    rc = -EFBIG;
    if (size > FILE_MAX)
        goto out;
    rewind(file);
    rc = -ENOMEM;
    uint8_t *data = malloc((size_t)size + 1);
    if (data == NULL)
        goto out;
    if (fread(data, 1, (size_t)size, file) != (size_t)size) {
        free(data);
        rc = -EIO;
        goto out;
    }
    *out = data;
    *out_len = (size_t)size;
    rc = 0;
out:
    fclose(file);
    return rc;
}

// From the file that is named like the video, with the codec's name in place of the last suffix.
static int read_audio(const char *video_path, enum bench_codec codec, uint8_t **out,
                      size_t *out_len)
{
    const char *name = strrchr(video_path, '/');
    const char *suffix = strrchr(name != NULL ? name : video_path, '.');
    int stem = (int)(suffix != NULL ? (size_t)(suffix - video_path) : strlen(video_path));
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%.*s.%s", stem, video_path, bench_codec_name(codec));

    return len < 0 || len >= PATH_MAX ? -ENAMETOOLONG : read_file(path, out, out_len);
}

// Of the codec that is wanted; ANY becomes the first of which there is a file, or NONE.
static int find_audio(const char *video_path, enum bench_codec *codec, uint8_t **out,
                      size_t *out_len)
{
    if (*codec == BENCH_CODEC_NONE)
        return 0;
    if (*codec != BENCH_CODEC_ANY)
        return read_audio(video_path, *codec, out, out_len);
    for (*codec = BENCH_CODEC_OPUS; *codec < BENCH_CODECS; (*codec)++) {
        int rc = read_audio(video_path, *codec, out, out_len);
        if (rc != -ENOENT)
            return rc;
    }
    *codec = BENCH_CODEC_NONE;
    return 0;
}

int bench_clip_load(const char *video_path, const struct bench_clip_options *options,
                    struct bench_clip **out, const char **error)
{
    struct bench_clip_options found = *options;
    uint8_t *video = NULL, *audio = NULL;
    size_t video_len = 0, audio_len = 0;

    *error = "the video cannot be read";
    int rc = read_file(video_path, &video, &video_len);
    if (rc < 0)
        return rc;
    *error = "the audio beside it cannot be read";
    rc = find_audio(video_path, &found.codec, &audio, &audio_len);
    if (rc == 0)
        rc = bench_clip_create(video, video_len, audio, audio_len, &found, out, error);
    free(video);
    free(audio);
    return rc;
}

void bench_clip_destroy(struct bench_clip *clip)
{
    if (clip == NULL)
        return;
    for (enum bench_track t = 0; t < BENCH_TRACKS; t++) {
        free(clip->track[t].units);
        free(clip->track[t].bytes);
    }
    free(clip);
}
