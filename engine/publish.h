// SPDX-License-Identifier: Apache-2.0
//
// The publish door: how packets come into the engine. It is all that rtsp/ sees of the engine.
//
// A stream has one video and one audio track. Each track is a ring of packets with one writer
// (the ingest thread that owns the stream's source) and any number of readers (the workers).
// Payloads are written once, in place:
//
//     for each packet of a frame:
//         p = eng_publish_reserve(stream, ENG_VIDEO, len);   // may be partly overwritten later
//         ... write len bytes at p ...
//         eng_publish_commit(stream, ENG_VIDEO, &packet);
//     eng_publish_flush(stream, now_ns);                     // readers see the batch, workers wake
//
// Nothing is visible to readers before the flush. No call blocks, allocates or fails for want of
// room: the oldest packets of the track are overwritten, soon when nobody wants them any more
// (ring.h).
#pragma once

#include <stddef.h>
#include <stdint.h>

enum eng_track {
    ENG_VIDEO,
    ENG_AUDIO,
    ENG_TRACKS,
};

enum eng_packet_flags {
    ENG_PACKET_FRAME_START = 1 << 0, // first packet of a frame (access unit)
    ENG_PACKET_MARKER = 1 << 1,      // RTP marker bit: last packet of a video frame
    ENG_PACKET_KEYFRAME = 1 << 2,    // set on every packet of a keyframe (with its SPS and PPS)
};

// The largest RTP payload that may be published, in bytes. Sources ask for less (payload_max).
enum {
    ENG_PAYLOAD_MAX = 1400
};

struct eng_packet {
    // In units of the track's RTP clock. 64 bits that never wrap and never go back over the life
    // of the stream, reconnects of the camera included. All packets of a frame carry the same.
    int64_t media_time;
    // When the frame was captured: CLOCK_REALTIME nanoseconds since 1970. Audio and video of a
    // stream share this clock; the sender reports built from it are what lip sync hangs on.
    int64_t capture_ns;
    uint16_t len;   // payload bytes, 1 to ENG_PAYLOAD_MAX, at most what was reserved
    uint16_t flags; // enum eng_packet_flags
};

struct eng_stream;

// Room for one packet's payload of up to len bytes (1 to ENG_PAYLOAD_MAX). Never NULL. A second
// reserve without a commit between them gives the same room again.
uint8_t *eng_publish_reserve(struct eng_stream *stream, enum eng_track track, size_t len);

// Appends the reserved packet to the track.
void eng_publish_commit(struct eng_stream *stream, enum eng_track track,
                        const struct eng_packet *packet);

// Makes all committed packets of both tracks visible and wakes the workers that have viewers of
// this stream. At most one system call per worker, none for a worker that is awake. now_ns:
// CLOCK_MONOTONIC.
void eng_publish_flush(struct eng_stream *stream, int64_t now_ns);

// To copy one stream into another, for the thread that writes both. The index that the track's next
// packet gets; they count from 0.
uint64_t eng_publish_next(const struct eng_stream *stream, enum eng_track track);

// What was flushed, by index: *packet, and its payload, valid until the next reserve. 0; -EAGAIN:
// it was not flushed yet; -ESTALE: it was overwritten.
int eng_publish_read(const struct eng_stream *stream, enum eng_track track, uint64_t index,
                     struct eng_packet *packet, const uint8_t **payload);

// Video of this stream was wanted from a keyframe, and there was none or it would not do any more
// (a viewer joined or lost its decoder state), since the last call. Clears the wish. For sources
// that can ask their camera for a keyframe.
int eng_publish_keyframe_wanted(struct eng_stream *stream);
