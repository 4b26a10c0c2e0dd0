// SPDX-License-Identifier: Apache-2.0
//
// How a session does, from getStats() of its connection, once a second or so.
//
//     const meter = new Meter();
//     const figures = meter.take(await pc.getStats(), performance.now());
//     for (const [label, text] of rows(figures, session.join)) …
//
// Figures are numbers, null where the browser does not know: width and height in pixels, fps,
// bitrate in bit/s and loss in percent since the last call, jitterMs, rttMs and bufferMs; lost,
// nacks, plis, freezes, freezeMs and dropped since the session's beginning. codecs and cipher are
// texts.

const add = (rtps, field) => rtps.reduce((n, rtp) => n + (rtp[field] || 0), 0);

const rounded = (n, unit, digits = 0) => n === null || n === undefined ? '–'
    : `${n.toFixed(digits)} ${unit}`;

function pick(report) {
    const all = [...report.values()];
    const rtp = kind => all.find(s => s.type === 'inbound-rtp' && s.kind === kind);
    const transport = all.find(s => s.type === 'transport');
    const pair = transport && report.get(transport.selectedCandidatePairId) ||
        all.find(s => s.type === 'candidate-pair' && s.nominated && s.state === 'succeeded');
    return {picture: rtp('video'), sound: rtp('audio'), transport, pair};
}

function codecs(report, rtps) {
    return rtps.map(rtp => report.get(rtp.codecId)).filter(codec => codec)
        .map(codec => codec.mimeType.split('/')[1]).map(name => name === 'opus' ? 'Opus' : name);
}

export class Meter {
    #last = null;

    // null the first time: what happened since then is not known yet.
    take(report, atMs) {
        const {picture = {}, sound, transport = {}, pair = {}} = pick(report);
        const rtps = [picture, sound].filter(rtp => rtp?.ssrc);
        const now = {
            atMs,
            bytes: add(rtps, 'bytesReceived'),
            received: add(rtps, 'packetsReceived'),
            lost: add(rtps, 'packetsLost'),
            frames: picture.framesDecoded || 0,
        };
        const before = this.#last;
        this.#last = now;
        if (!before || now.bytes < before.bytes)
            return null;
        const seconds = (now.atMs - before.atMs) / 1000;
        const lostNow = Math.max(0, now.lost - before.lost);
        const packets = now.received - before.received + lostNow;
        return {
            width: picture.frameWidth ?? null,
            height: picture.frameHeight ?? null,
            fps: (now.frames - before.frames) / seconds,
            bitrate: (now.bytes - before.bytes) * 8 / seconds,
            loss: packets ? 100 * lostNow / packets : 0,
            lost: now.lost,
            jitterMs: rtps.length ? 1000 * (rtps[0].jitter || 0) : null,
            rttMs: pair.currentRoundTripTime === undefined ? null
                : 1000 * pair.currentRoundTripTime,
            bufferMs: picture.jitterBufferEmittedCount
                ? 1000 * picture.jitterBufferDelay / picture.jitterBufferEmittedCount : null,
            nacks: add(rtps, 'nackCount'),
            plis: picture.pliCount ?? 0,
            freezes: picture.freezeCount ?? null,
            freezeMs: 1000 * (picture.totalFreezesDuration || 0),
            dropped: picture.framesDropped ?? 0,
            codecs: codecs(report, rtps),
            cipher: (transport.srtpCipher || '').replace(/^SRTP_/, '').replaceAll('_', ' '),
        };
    }
}

function rate(bits) {
    return bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bits / 1e3)} kbit/s`;
}

// What each step of joining took: "http 12 + ice 3 + dtls 20 + packet 1 + frame 40 = 76 ms".
function joinText(join) {
    const names = {http: 'HTTP', ice: 'ICE', dtls: 'DTLS', packet: 'packet', frame: 'frame'};
    const parts = [];
    let reached = 0;
    for (const step of Object.keys(names)) {
        if (join[step] === undefined)
            continue;
        parts.push(`${names[step]} ${Math.max(0, Math.round(join[step] - reached))}`);
        reached = Math.max(reached, join[step]);
    }
    return parts.length ? `${parts.join(' + ')} = ${Math.round(reached)} ms` : '–';
}

// Labels and texts for people.
export function rows(f, join) {
    return [
        ['Resolution', f.width ? `${f.width} × ${f.height}` : '–'],
        ['Frame rate', rounded(f.fps, 'fps')],
        ['Bitrate', rate(f.bitrate)],
        ['Codec', f.codecs.join(' + ') || '–'],
        ['Round trip', rounded(f.rttMs, 'ms', f.rttMs < 10 ? 1 : 0)],
        ['Jitter', rounded(f.jitterMs, 'ms', 1)],
        ['Buffer', rounded(f.bufferMs, 'ms')],
        ['Loss', `${f.loss.toFixed(1)} %, ${f.lost} in all`],
        ['NACK, PLI', `${f.nacks}, ${f.plis}`],
        ['Freezes', f.freezes === null ? '–'
            : `${f.freezes}, ${(f.freezeMs / 1000).toFixed(1)} s`],
        ['Dropped', `${f.dropped} frames`],
        ['Cipher', f.cipher || '–'],
        ['Joined', joinText(join)],
    ];
}
