// SPDX-License-Identifier: Apache-2.0
#include "bench/clip.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/annexb.h"
#include "bench/ogg.h"

enum {
    VIDEO_CLOCK = 90000,
    AUDIO_CLOCK = 48000,
    AUDIO_TICKS = AUDIO_CLOCK / 50, // 20 ms
    VIDEO_PAYLOAD_TYPE = 96,
    AUDIO_PAYLOAD_TYPE = 97,
    PAYLOAD_MAX = BENCH_RTP_MAX - BENCH_RTP_HEADER_LEN,
    NAL_FU_A = 28, // RFC 6184 5.8
    FU_HEADER_LEN = 2,
    FILE_MAX = 256 << 20, // several minutes of video; the packets lie in memory
};

static void put_be16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

// Twice the room, or what to begin with; NULL: no memory, and the items stay as they are.
static void *grow(void *items, size_t *room, size_t item_size)
{
    size_t wanted = *room == 0 ? 512 : *room * 2;
    void *larger = realloc(items, wanted * item_size);

    if (larger != NULL)
        *room = wanted;
    return larger;
}

// Fills one track. Bytes and units grow; the last unit is the open one.
struct builder {
    struct bench_clip_track *track;
    size_t bytes_room;
    size_t unit_room;
};

static int builder_begin_unit(struct builder *b)
{
    struct bench_clip_track *track = b->track;

    if (track->unit_count == b->unit_room) {
        void *larger = grow(track->units, &b->unit_room, sizeof(*track->units));
        if (larger == NULL)
            return -ENOMEM;
        track->units = larger;
    }
    track->units[track->unit_count++] = (struct bench_unit){
        .offset = track->bytes_len,
        .first_packet = track->packet_count,
        .first_octet = track->octet_count,
    };
    return 0;
}

// Appends a packet with a payload of head and tail to the open unit.
static int builder_add_packet(struct builder *b, const uint8_t *head, size_t head_len,
                              const uint8_t *tail, size_t tail_len)
{
    struct bench_clip_track *track = b->track;
    struct bench_unit *unit = &track->units[track->unit_count - 1];
    size_t payload_len = head_len + tail_len;
    size_t rtp_len = BENCH_RTP_HEADER_LEN + payload_len;
    size_t total = BENCH_INTERLEAVE_LEN + rtp_len;

    assert(rtp_len <= BENCH_RTP_MAX);
    if (unit->len + total > BENCH_UNIT_MAX)
        return -EFBIG;
    while (b->bytes_room < track->bytes_len + total) {
        void *larger = grow(track->bytes, &b->bytes_room, 1);
        if (larger == NULL)
            return -ENOMEM;
        track->bytes = larger;
    }
    uint8_t *p = track->bytes + track->bytes_len;
    memset(p, 0, BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN);
    p[0] = '$';
    put_be16(p + 2, (uint32_t)rtp_len);
    p[4] = 0x80; // version 2
    p[5] = track->payload_type;
    p += BENCH_INTERLEAVE_LEN + BENCH_RTP_HEADER_LEN;
    memcpy(p, head, head_len);
    memcpy(p + head_len, tail, tail_len);
    unit->len += total;
    track->bytes_len += total;
    track->packet_count++;
    track->octet_count += (uint32_t)payload_len;
    return 0;
}

// As a single NAL unit packet, or cut into FU-A (RFC 6184 5.6, 5.8).
static int builder_add_nal(struct builder *b, const struct bench_nal *nal)
{
    if (nal->len <= PAYLOAD_MAX)
        return builder_add_packet(b, nal->data, 1, nal->data + 1, nal->len - 1);

    const uint8_t *p = nal->data + 1;
    size_t left = nal->len - 1;
    uint8_t fu[FU_HEADER_LEN] = {(nal->data[0] & 0xe0) | NAL_FU_A, (nal->data[0] & 0x1f) | 0x80};
    while (left > 0) {
        size_t part = left < PAYLOAD_MAX - FU_HEADER_LEN ? left : PAYLOAD_MAX - FU_HEADER_LEN;
        if (part == left)
            fu[1] |= 0x40;
        int rc = builder_add_packet(b, fu, sizeof(fu), p, part);
        if (rc < 0)
            return rc;
        fu[1] &= 0x1f;
        p += part;
        left -= part;
    }
    return 0;
}

// Sets the marker bit of the last packet of the open unit (RFC 6184 5.1).
static void builder_end_frame(struct builder *b)
{
    struct bench_clip_track *track = b->track;
    const struct bench_unit *unit = &track->units[track->unit_count - 1];
    uint8_t *p = track->bytes + unit->offset;
    uint8_t *end = p + unit->len;

    for (;;) {
        uint8_t *next = p + BENCH_INTERLEAVE_LEN + (p[2] << 8 | p[3]);
        if (next == end)
            break;
        p = next;
    }
    p[BENCH_INTERLEAVE_LEN + 1] |= 0x80;
}

static void keep_parameter_set(const struct bench_nal *nal, uint8_t *to, size_t *to_len)
{
    if (*to_len > 0 || nal->len > BENCH_PARAMETER_SET_MAX)
        return;
    memcpy(to, nal->data, nal->len);
    *to_len = nal->len;
}

static int packetise_video(struct bench_clip *clip, const uint8_t *data, size_t len)
{
    struct builder b = {.track = &clip->track[BENCH_VIDEO]};
    const uint8_t *end = data + len;
    struct bench_nal nal;
    bool open = false, has_slice = false;

    while (bench_annexb_next(&data, end, &nal)) {
        if (has_slice && bench_nal_begins_unit(&nal)) {
            builder_end_frame(&b);
            open = has_slice = false;
        }
        unsigned type = bench_nal_type(&nal);
        if (type == BENCH_NAL_DELIMITER)
            continue; // RTP's marker says it already
        int rc = open ? 0 : builder_begin_unit(&b);
        if (rc == 0)
            rc = builder_add_nal(&b, &nal);
        if (rc < 0)
            return rc;
        open = true;
        has_slice = has_slice || bench_nal_is_slice(&nal);
        if (type == BENCH_NAL_IDR)
            b.track->units[b.track->unit_count - 1].key = true;
        else if (type == BENCH_NAL_SPS)
            keep_parameter_set(&nal, clip->sps, &clip->sps_len);
        else if (type == BENCH_NAL_PPS)
            keep_parameter_set(&nal, clip->pps, &clip->pps_len);
    }
    if (open)
        builder_end_frame(&b);
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

static int packetise_audio(struct bench_clip_track *track, const uint8_t *data, size_t len)
{
    struct builder b = {.track = track};
    struct bench_ogg ogg;
    const uint8_t *packet;
    size_t packet_len;
    int rc;

    bench_ogg_init(&ogg, data, len);
    while ((rc = bench_ogg_next(&ogg, &packet, &packet_len)) > 0) {
        bool header = packet_len >= 8 &&
                      (memcmp(packet, "OpusHead", 8) == 0 || memcmp(packet, "OpusTags", 8) == 0);
        if (header)
            continue;
        if (track->unit_count * AUDIO_TICKS + AUDIO_TICKS > track->loop_ticks)
            break;
        if (!is_20_ms(packet, packet_len) || packet_len > PAYLOAD_MAX)
            return -EBADMSG;
        rc = builder_begin_unit(&b);
        if (rc == 0)
            rc = builder_add_packet(&b, packet, 1, packet + 1, packet_len - 1);
        if (rc < 0)
            return rc;
        track->units[track->unit_count - 1].key = true;
    }
    return rc < 0 ? rc : 0;
}

static bool has_key(const struct bench_clip_track *track)
{
    for (size_t i = 0; i < track->unit_count; i++) {
        if (track->units[i].key)
            return true;
    }
    return false;
}

static int build(struct bench_clip *clip, const uint8_t *video, size_t video_len,
                 const uint8_t *audio, size_t audio_len, unsigned fps, const char **error)
{
    struct bench_clip_track *v = &clip->track[BENCH_VIDEO];
    struct bench_clip_track *a = &clip->track[BENCH_AUDIO];

    *error = "the frame rate must divide 90,000 and 48,000, as 25 and 30 do";
    if (fps == 0 || VIDEO_CLOCK % fps != 0 || AUDIO_CLOCK % fps != 0)
        return -EINVAL;
    v->clock_rate = VIDEO_CLOCK;
    v->unit_ticks = VIDEO_CLOCK / fps;
    v->payload_type = VIDEO_PAYLOAD_TYPE;
    int rc = packetise_video(clip, video, video_len);
    *error = "no memory for the video, or a frame of more than 1 MiB";
    if (rc < 0)
        return rc;
    *error = "no H.264 byte stream with SPS, PPS and an IDR picture";
    if (!has_key(v) || clip->sps_len < 4 || clip->pps_len == 0)
        return -EBADMSG;
    v->loop_ticks = v->unit_count * v->unit_ticks;

    if (audio == NULL)
        return 0;
    a->clock_rate = AUDIO_CLOCK;
    a->unit_ticks = AUDIO_TICKS;
    a->payload_type = AUDIO_PAYLOAD_TYPE;
    a->loop_ticks = v->unit_count * (AUDIO_CLOCK / fps);
    rc = packetise_audio(a, audio, audio_len);
    *error = "the audio is not Ogg Opus in packets of 20 ms";
    return rc < 0 ? rc : a->unit_count == 0 ? -EBADMSG : 0;
}

int bench_clip_create(const uint8_t *video, size_t video_len, const uint8_t *audio,
                      size_t audio_len, unsigned fps, struct bench_clip **out, const char **error)
{
    struct bench_clip *clip = calloc(1, sizeof(*clip));

    if (clip == NULL) {
        *error = "no memory";
        return -ENOMEM;
    }
    int rc = build(clip, video, video_len, audio, audio_len, fps, error);
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

// video_path with its last suffix replaced by .opus.
static int audio_path_of(const char *video_path, char *out, size_t out_size)
{
    const char *name = strrchr(video_path, '/');
    const char *suffix = strrchr(name != NULL ? name : video_path, '.');
    int stem = (int)(suffix != NULL ? (size_t)(suffix - video_path) : strlen(video_path));
    int len = snprintf(out, out_size, "%.*s.opus", stem, video_path);

    return len < 0 || (size_t)len >= out_size ? -ENAMETOOLONG : 0;
}

int bench_clip_load(const char *video_path, unsigned fps, struct bench_clip **out,
                    const char **error)
{
    char audio_path[PATH_MAX];
    uint8_t *video = NULL, *audio = NULL;
    size_t video_len = 0, audio_len = 0;

    *error = "cannot be read";
    int rc = audio_path_of(video_path, audio_path, sizeof(audio_path));
    if (rc == 0)
        rc = read_file(video_path, &video, &video_len);
    if (rc == 0)
        rc = read_file(audio_path, &audio, &audio_len);
    if (rc == -ENOENT && video != NULL)
        rc = 0;
    if (rc == 0)
        rc = bench_clip_create(video, video_len, audio, audio_len, fps, out, error);
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
