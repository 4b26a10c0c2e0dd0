// SPDX-License-Identifier: Apache-2.0
//
// Every bound in the engine, with its reason. What happens at each is counted (counters.h).
#pragma once

enum {
    // Sockets in one SO_REUSEPORT group and bits in a worker mask.
    ENG_WORKERS_MAX = 64,

    // Streams of one engine; a worker's set of streams with news is a bitmap of this many bits.
    ENG_STREAMS_MAX = 1024,

    // Viewers of one worker. Twice the 5,000 at which one core is full, rounded up.
    ENG_WORKER_VIEWERS_MAX = 16384,

    // Largest datagram accepted or sent: nobody who speaks WebRTC goes beyond an Ethernet MTU.
    ENG_DATAGRAM_MAX = 1500,

    // Packets in one train. The kernel refuses more than 64 segments (UDP_MAX_SEGMENTS).
    ENG_TRAIN_MAX = 64,

    // Packet descriptors per video track: one for so many bytes of gop_cache_bytes, so that bytes
    // run out first unless most packets are small, but not less than 4 minutes of 30 frames per
    // second in a packet each. Only what a stream needs of them is touched.
    ENG_VIDEO_PACKET_BYTES = 512,
    ENG_VIDEO_PACKETS_MIN = 8192,

    // Payload bytes and packets kept per audio track at most. A second is wanted (ring.h): that is
    // 512 kbit/s, in packets of 1 ms; of L16 in stereo there is a third of it.
    ENG_AUDIO_BYTES = 65536,
    ENG_AUDIO_PACKETS = 1024,

    // Bytes in which a ring takes memory and reuses it. What does not fit in front of a block's end
    // is left out, half a packet on average: 3 % of video, less of audio, whose packets are short.
    ENG_VIDEO_BLOCK = 16384,
    ENG_AUDIO_BLOCK = 4096,

    // Trains that are built before they are handed to the kernel: enough to make the system call
    // cheap per train, few enough for what is sealed to be in the core's cache still when the
    // kernel copies it.
    ENG_SENDS_MAX = 32,

    // Receive buffers of a worker. A worker drains its socket at each turn.
    ENG_RECEIVES_MAX = 256,

    // Commands from the control thread to one worker: a shutdown of more viewers takes turns.
    ENG_COMMANDS_MAX = 512,

    // Of these, what is carried out in one turn, at up to 3 us each.
    ENG_TURN_COMMANDS_MAX = 64,

    // Datagrams and events from one worker to the control thread: from viewers, and from
    // everybody else. Two queues, so that a stranger's flood cannot starve a viewer's consent.
    ENG_EVENTS_MAX = 256,
    ENG_STRANGER_EVENTS_MAX = 256,

    // Packets that a viewer remembers to have been resent, half of them per track, a power of two:
    // more losses in one round trip than this may be resent twice, as far as the budget goes.
    ENG_RESENT_MAX = 64,

    // Feedback that a worker opens of one viewer: datagrams per second, datagrams at once, and how
    // many things asked for in them (packets, keyframes, reports) weigh as much as one more. A
    // browser that loses heavily sends a NACK each 20 ms, and up to 20 other datagrams a second.
    // One turn for one viewer: 64 datagrams at 0.3 us each (AES-CM: up to 4.2), 2,500 packets
    // looked up at 10 ns, ENG_RESEND_BURST of them sent again at 2.5 us: 0.2 ms (0.5).
    ENG_FEEDBACK_RATE = 200,
    ENG_FEEDBACK_BURST = 64,
    ENG_FEEDBACK_ASKS = 32,
    // Packets that transport-wide feedback tells of, up to 10 ns each, and weigh as one such thing.
    ENG_FEEDBACK_ARRIVALS = 16,

    // SRTCP of one viewer that a worker tries in one turn and finds forged, at 0.3 us (3) each.
    ENG_FORGED_MAX = 32,

    // STUN and DTLS that come from one viewer's 5-tuple, passed up to the control thread: per
    // second, and at once. A browser sends far less, but anybody may write its address on a
    // datagram, and only the control thread can tell whose it is: a tighter bound would let a
    // stranger end the viewer's consent. So many cost that thread a hundredth of its time.
    ENG_CHECKS_RATE = 1000,
    ENG_CHECKS_BURST = 64,

    // Viewers served per turn between two looks at the socket: bounds how long a
    // connectivity check waits behind a keyframe to 5,000 viewers.
    ENG_TURN_VIEWERS_MAX = 256,

    // Viewers of one stream, on one worker, that begin a long frame in the same millisecond: with 8
    // packets each that is 9 Gbit/s, what a usual port can take. More of them are spread over more
    // milliseconds, as far as pacing allows.
    ENG_PHASE_VIEWERS = 128,
};
