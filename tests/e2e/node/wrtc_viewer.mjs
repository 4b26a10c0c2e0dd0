// SPDX-License-Identifier: Apache-2.0
//
// @roamhq/wrtc as a viewer: the library that browsers are made with, as Node programs have it. It
// knows no H.264. Frames are counted as they leave its decoder. See whep.mjs.
import { post, require, watch } from './whep.mjs';

const { RTCPeerConnection, nonstandard } = require('@roamhq/wrtc');

const pc = new RTCPeerConnection();
const { receiver } = pc.addTransceiver('video', { direction: 'recvonly' });
const sink = new nonstandard.RTCVideoSink(receiver.track);
let frames = 0;
let size = null;

pc.addTransceiver('audio', { direction: 'recvonly' });
sink.onframe = ({ frame }) => {
    frames++;
    size = [frame.width, frame.height];
};
await pc.setLocalDescription(await pc.createOffer());
const [answer, session] = await post(pc.localDescription.sdp);
await pc.setRemoteDescription({ type: 'answer', sdp: answer });

function begin() {
    frames = 0;
}

async function figures() {
    const stats = [...(await pc.getStats()).values()];
    const transport = stats.find(({ type }) => type === 'transport');
    const audio = stats.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    return {
        video: { pictures: frames, size },
        audio: { packets: audio?.packetsReceived ?? 0 },
        dtls_role: transport?.dtlsRole,
        srtp_profile: transport?.srtpCipher,
    };
}

await watch(session, begin, figures);
sink.stop();
pc.close();     // says close_notify
process.exit(); // its own way out crashes
