// SPDX-License-Identifier: Apache-2.0
//
// Clock of one track: from the camera's 32-bit RTP timestamps to media time, which neither wraps
// nor goes back over the life of the stream, and to the time of capture. Ingest thread; a plain
// struct in the caller's memory, the time is an argument.
//
// Written below: m = media time in ticks of `rate`; t = CLOCK_MONOTONIC at arrival; ns(x) = ticks
// as nanoseconds.
//
// Arrivals. o = t - ns(m) is what a frame needed to get here, plus a constant. The least delayed
// frames show that constant best, so the clock keeps due_ns, the lower envelope of o:
//
//     o < due_ns:   due_ns = o
//     otherwise:    due_ns = min(o, due_ns + elapsed / 1024)      the camera's clock may be slow
//
// E(t) = ticks(t - due_ns) is the media time that arrival suggests. It is never behind a frame that
// has been mapped, and it goes on when the camera does not. due_ns also has a floor, 10 s below
// where it was at first and sinking by elapsed / 1024: a camera may begin with a burst of what it
// has buffered, but it cannot make media time race.
//
// Media time. A frame's candidate is m' = m + (int32)(timestamp - newest), which takes care of
// wraps. It is accepted when its o is above the floor and one of these holds, with
// early = due_ns - (t - ns(m')):
//
//     0 <= step <= 1 s       and early <= 1 s     normal; late frames are a stall, not a jump
//     -reorder <= step < 0                        a frame shown before one that was sent before it,
//                                                 but after the one that was the newest before
//     step > 1 s             and |early| <= 1 s   a pause of the camera
//
// A timestamp that has stood still for 8 frames tells nothing, and no step of 0 is accepted then.
//
// Otherwise the camera's timestamps have jumped, or started anew, and m' = E(t): re-anchored by
// arrival. So is the first frame of each session. Each frame gets max(m', last + 1): viewers tell
// frames apart by their timestamps, so no two frames have the same one.
//
// Capture. Before any sender report, a frame was captured at ns(m) + due_ns: its arrival without
// the jitter. A sender report says that the camera's clock stood at C when the media stood at m_R.
// The first one of a session defines camera_offset_ns = ns(m_R) + due_ns - C, from the camera's
// clock, whatever it is set to, to ours. Both tracks of a source share it, and from then on
//
//     captured at ns(m) + sr_ns   with   sr_ns = C + camera_offset_ns - ns(m_R)
//
// so that they are as far from each other as the camera says and not as the network has them. Each
// further report moves the shared offset by at most 1 ms towards arrival (the two clocks drift),
// or all the way when they are more than 2 s apart (the camera's clock was set). All of this is
// reckoned in CLOCK_MONOTONIC, does not go back, and becomes CLOCK_REALTIME only at the end, so
// that setting this machine's clock moves both tracks at once.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "rtsp/now.h"
#include "rtsp/rtp.h"

// A camera_offset_ns that no sender report has set yet.
enum {
    RTSP_CAMERA_OFFSET_UNKNOWN = 0
};

struct rtsp_clock {
    uint32_t rate;          // Hz
    uint32_t reorder_ticks; // how far timestamps may go back between frames
    bool started;           // a frame was mapped in this stream's life
    bool anchored;          // a frame was mapped in this session
    bool has_sr;            // sr_ns is set
    unsigned still;         // frames in a row with the same timestamp as the one before
    uint32_t newest;        // RTP timestamp ...
    int64_t newest_media;   // ... and where it lies ...
    int64_t newest_step;    // ... and how far from the one before; 0: it was anchored
    int64_t last_media;     // as handed out
    int64_t last_mono_ns;
    int64_t last_capture_ns; // as handed out, in CLOCK_MONOTONIC
    int64_t due_ns;
    int64_t floor_ns;
    int64_t sr_ns;
    uint64_t jumps; // times that a running session was re-anchored
};

// A stream's life begins.
void rtsp_clock_init(struct rtsp_clock *clock);

// A session begins. reorder_ticks: 0, or for video with B-frames how far a frame's timestamp may
// lie before that of an earlier one. The rate may differ from that of the session before; media
// time still does not go back.
void rtsp_clock_begin(struct rtsp_clock *clock, uint32_t rate, uint32_t reorder_ticks);

// The camera changed its SSRC: what was known of its timestamps is void.
void rtsp_clock_break(struct rtsp_clock *clock);

// Maps a new frame. *media_time in ticks; *capture_ns in CLOCK_REALTIME.
void rtsp_clock_map(struct rtsp_clock *clock, uint32_t timestamp, struct rtsp_now now,
                    int64_t *media_time, int64_t *capture_ns);

// Another clock has carried on from where this one stood, in the same stream: this one goes on from
// there.
void rtsp_clock_pass(struct rtsp_clock *clock, const struct rtsp_clock *other);

// Takes a sender report. *camera_offset_ns is shared by the tracks of one source:
// RTSP_CAMERA_OFFSET_UNKNOWN when a session begins, then the clock's own. Ignored before the first
// frame of a session, and where the camera says it has no wall clock.
void rtsp_clock_report(struct rtsp_clock *clock, const struct rtsp_sr *sr,
                       int64_t *camera_offset_ns);
