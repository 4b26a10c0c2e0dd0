// SPDX-License-Identifier: Apache-2.0
//
// AAC to PCM of 48 kHz, and that to Opus, by libavcodec, libswresample and libopus, where this
// program was built with them (RTCFAN_AAC, CMakeLists.txt). Ingest thread.
//
// They bring a hundred libraries with them, 16 MB of memory, so they stand behind a module of ours,
// RTSP_TRANSCODE_MODULE, which is loaded when the first camera with AAC is seen, for good. It lies
// beside the program or in ../lib/rtcfan (the program's run path). Loading takes 20 ms of CPU time,
// and longer where the libraries come from a disk: a thread of its own does it.
//
// All that is needed is made when the decoder has seen the first access unit. From then on the
// decoder alone allocates: references to its frames. A stream of AAC-LC, 48 kHz, stereo, costs
// 0.35 % of a Zen 5 core (0.5 % at complexity 10) and 0.8 MB. That is little enough to do it
// whether anybody listens or not, so that a new viewer has sound at once.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rtsp/aac_config.h"

enum {
    RTSP_OPUS_BITRATE = 64000,  // of all channels; good for both of them
    RTSP_OPUS_COMPLEXITY = 5,   // of 10
    RTSP_OPUS_PACKET_MAX = 640, // bytes; 160 on average
};

struct rtsp_transcode;

struct rtsp_transcoder {
    // 0; -EINVAL: the decoder refuses the configuration; or -ENOMEM.
    int (*create)(const struct rtsp_aac_config *config, struct rtsp_transcode **out);
    void (*destroy)(struct rtsp_transcode *transcode); // or NULL

    // One access unit. The number of samples per channel, at most RTSP_REFRAME_STRETCH_MAX, in
    // *samples, interleaved, valid until the next call; 0: none yet. -EBADMSG: it is broken.
    int (*decode)(struct rtsp_transcode *transcode, const uint8_t *unit, size_t len,
                  const int16_t **samples);

    // Samples of 48 kHz that the resampler holds back.
    int64_t (*held)(const struct rtsp_transcode *transcode);

    // A frame of RTSP_REFRAME_LEN samples per channel. The packet's length, at most
    // RTSP_OPUS_PACKET_MAX, or -EIO.
    int (*encode)(struct rtsp_transcode *transcode, const int16_t *frame, uint8_t *packet);

    // By how many samples what comes out of the decoder of the packets is late.
    int64_t (*lookahead)(const struct rtsp_transcode *transcode);
};

#define RTSP_TRANSCODE_MODULE "rtcfan_aac.so"

// What the module has to offer.
extern const struct rtsp_transcoder rtsp_transcode_aac;

// 0: it is there; -EAGAIN: it is being loaded, since the first call; -ENOENT: this program was
// built without, or what it needs is missing.
int rtsp_transcoder_find(void);

// The same, but waits. NULL: there is none. Any thread.
const struct rtsp_transcoder *rtsp_transcoder(void);

// Where there is none: why, for people.
const char *rtsp_transcoder_lacks(void);
