// SPDX-License-Identifier: Apache-2.0
//
// werift as a viewer: a WebRTC stack all in TypeScript, with an ICE, a DTLS and an SRTP of its own.
// It decodes nothing: RTP packets are counted, and pictures by their markers. PROFILE, one of
// PROFILES, is the only one that it offers for SRTP; both, unless said otherwise. See whep.mjs.
import { readFileSync } from 'node:fs';
import { onlyProfile, post, require, watch } from './whep.mjs';

const { RTCPeerConnection, useH264, useOPUS } = require('werift');

const PROFILES = { SRTP_AES128_CM_HMAC_SHA1_80: 1, SRTP_AEAD_AES_128_GCM: 7 }; // RFC 5764, RFC 7714

// The packets of one track. One is lost for as long as it is missing between two others.
class Track {
    constructor() {
        this.seen = new Set(); // sequence numbers that do not wrap
        this.pictures = 0;
    }

    take({ sequenceNumber, marker }) {
        this.highest ??= sequenceNumber;
        const step = (sequenceNumber - this.highest) << 16 >> 16;
        const extended = this.highest + step;
        if (this.seen.has(extended))
            return;
        this.lowest = Math.min(this.lowest ?? extended, extended);
        this.highest = Math.max(this.highest, extended);
        this.seen.add(extended);
        this.pictures += marker;
    }

    figures() {
        const packets = this.seen.size;
        const lost = packets ? this.highest - this.lowest + 1 - packets : 0;
        return { packets, lost, pictures: this.pictures };
    }
}

// Datagrams that came to a full socket in this network namespace: its reader was kept from reading.
function overflows() {
    const lines = readFileSync('/proc/net/snmp', 'ascii').split('\n');
    const [names, values] = lines.filter(line => line.startsWith('Udp: ')).map(l => l.split(' '));
    return Number(values[names.indexOf('RcvbufErrors')]);
}

const before = overflows();
const pc = new RTCPeerConnection({ codecs: { video: [useH264()], audio: [useOPUS()] } });
const tracks = { video: new Track(), audio: new Track() };

pc.onTrack.subscribe(track =>
    track.onReceiveRtp.subscribe(packet => tracks[track.kind].take(packet.header)));
for (const kind in tracks)
    pc.addTransceiver(kind, { direction: 'recvonly' });
await pc.setLocalDescription(await pc.createOffer());
const [transport] = pc.dtlsTransports;
if (onlyProfile)
    transport.srtpProfiles.splice(0, Infinity, PROFILES[onlyProfile]);
const [answer, session] = await post(pc.localDescription.sdp);
await pc.setRemoteDescription({ type: 'answer', sdp: answer });

function begin() {
    for (const kind in tracks)
        tracks[kind] = new Track();
}

async function figures() {
    const profile = transport.dtls?.srtp.srtpProfile;
    return {
        video: tracks.video.figures(),
        audio: tracks.audio.figures(),
        overflows: overflows() - before,
        dtls_role: transport.role,
        srtp_profile: Object.keys(PROFILES).find(name => PROFILES[name] === profile),
    };
}

await watch(session, begin, figures);
await pc.close(); // says nothing to the other side
process.exit();   // timers of its own would go on
