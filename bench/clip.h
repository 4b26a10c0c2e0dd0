// SPDX-License-Identifier: Apache-2.0
//
// A short clip, H.264 and Opus or G.711, packetised once into the bytes that RTSP's interleaved
// framing puts on the wire (RFC 2326 10.12, RFC 6184, RFC 7587, RFC 3551 4.5.14). Immutable once
// made: any thread may read it; who made it frees it. Each track is a row of units: frames of
// video, packets of audio.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_track {
    BENCH_VIDEO,
    BENCH_AUDIO,
    BENCH_TRACKS,
};

enum bench_codec {
    BENCH_CODEC_NONE, // no audio
    BENCH_CODEC_OPUS,
    BENCH_CODEC_PCMU,
    BENCH_CODEC_PCMA,
    BENCH_CODECS,
    BENCH_CODEC_ANY = BENCH_CODECS, // the first of them that there is
};

enum {
    // RTP header and payload: what fits an Ethernet frame, so what cameras use.
    BENCH_RTP_MAX = 1400,
    BENCH_RTP_HEADER_LEN = 12,
    // '$', channel, 16 bits of length.
    BENCH_INTERLEAVE_LEN = 4,
    // A frame as it goes on the wire. Senders have room for one; 32 times what a keyframe takes at
    // 2 Mbit/s.
    BENCH_UNIT_MAX = 1 << 20,
    BENCH_PARAMETER_SET_MAX = 256,
};

struct bench_unit {
    size_t offset; // of its first packet in the track's bytes
    size_t len;
    uint32_t first_packet; // packets of the loop before this one
    uint32_t first_octet;  // payload bytes of the loop before this one
    uint32_t packets;
    uint32_t stamp_at; // where in the unit's bytes there is room for a stamp; 0: nowhere
    bool key;          // decoding can begin here
};

struct bench_clip_track {
    struct bench_unit *units; // NULL: the clip has no such track
    size_t unit_count;
    size_t unit_len_max;
    uint8_t *bytes; // all packets, SSRC, sequence and timestamp zero
    size_t bytes_len;
    uint32_t packet_count; // of one loop
    uint32_t octet_count;  // payload bytes of one loop
    uint32_t clock_rate;   // Hz
    uint32_t unit_ticks;   // from unit to unit, in the clock's ticks
    uint64_t loop_ticks;   // from loop to loop; the same time for all tracks
    uint8_t payload_type;
};

struct bench_clip {
    struct bench_clip_track track[BENCH_TRACKS];
    enum bench_codec codec; // of the audio
    uint8_t sps[BENCH_PARAMETER_SET_MAX];
    size_t sps_len;
    uint8_t pps[BENCH_PARAMETER_SET_MAX];
    size_t pps_len;
};

struct bench_clip_options {
    unsigned fps;           // of the video
    enum bench_codec codec; // of the audio
    // Every so-manieth frame has room for the time of its sending (bench/stamp.h); 0: none has.
    unsigned stamp;
};

// From an Annex B byte stream and its audio: an Ogg Opus file of 20 ms packets, or G.711 as bare
// samples (NULL: none; the codec is then NONE). Audio beyond the last frame is left out. 0, or
// -errno with *error set to a static string that says what is wrong and what is expected.
int bench_clip_create(const uint8_t *video, size_t video_len, const uint8_t *audio,
                      size_t audio_len, const struct bench_clip_options *options,
                      struct bench_clip **out, const char **error);

// The same from files: video_path, and beside it the file whose name has the codec's in place of
// the last suffix. With ANY there need not be one.
int bench_clip_load(const char *video_path, const struct bench_clip_options *options,
                    struct bench_clip **out, const char **error);

void bench_clip_destroy(struct bench_clip *clip);

// "opus", "pcmu", "pcma" or "none": what options and files' names have.
const char *bench_codec_name(enum bench_codec codec);
