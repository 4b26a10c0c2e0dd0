// SPDX-License-Identifier: Apache-2.0
//
// A short clip, H.264 and Opus, packetised once into the bytes that RTSP's interleaved framing puts
// on the wire (RFC 2326 10.12, RFC 6184, RFC 7587). Immutable once made: any thread may read it;
// who made it frees it. Each track is a row of units: frames of video, packets of audio.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bench_track {
    BENCH_VIDEO,
    BENCH_AUDIO,
    BENCH_TRACKS,
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
    bool key;              // decoding can begin here
};

struct bench_clip_track {
    struct bench_unit *units; // NULL: the clip has no such track
    size_t unit_count;
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
    uint8_t sps[BENCH_PARAMETER_SET_MAX];
    size_t sps_len;
    uint8_t pps[BENCH_PARAMETER_SET_MAX];
    size_t pps_len;
};

// From an Annex B byte stream of `fps` frames per second and an Ogg Opus file of 20 ms packets
// (NULL: no audio). Audio beyond the last frame is left out. 0, or -errno with *error set to a
// static string that says what is wrong and what is expected.
int bench_clip_create(const uint8_t *video, size_t video_len, const uint8_t *audio,
                      size_t audio_len, unsigned fps, struct bench_clip **out, const char **error);

// The same from files: video_path, and beside it the file whose name ends in .opus in place of the
// last suffix, if there is one.
int bench_clip_load(const char *video_path, unsigned fps, struct bench_clip **out,
                    const char **error);

void bench_clip_destroy(struct bench_clip *clip);
