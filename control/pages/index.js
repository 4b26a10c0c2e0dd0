// SPDX-License-Identifier: Apache-2.0
//
// The index: each stream with its state, up to date every two seconds.
const REFRESH_MS = 2000;
const SEARCH_FROM = 13; // streams: fewer are found at a glance

const byId = id => document.getElementById(id);
const cards = new Map();
const words = {
    idle: 'Idle', connecting: 'Connecting', live: 'Live', stalled: 'Stalled', waiting: 'Offline',
};

const plural = (n, one) => `${n.toLocaleString()} ${one}${n === 1 ? '' : 's'}`;

function element(tag, className, parent) {
    const e = document.createElement(tag);
    e.className = className;
    parent.append(e);
    return e;
}

function makeCard(name) {
    const item = document.createElement('li');
    const link = element('a', 'card', item);
    const top = element('div', 'top', link);
    const card = {
        item,
        name: element('span', 'name', top),
        state: element('span', 'state', top),
        media: element('div', 'media', link),
        figures: element('div', 'figures', link),
        error: element('div', 'error', link),
        viewers: element('div', 'viewers', link),
    };
    link.href = name.split('/').map(encodeURIComponent).join('/') + '/';
    card.name.textContent = name;
    byId('list').append(item);
    return card;
}

function mediaText(stream) {
    const parts = [];
    if (stream.video) {
        parts.push(stream.video.codec);
        if (stream.video.width)
            parts.push(`${stream.video.width} × ${stream.video.height}`);
    }
    if (stream.audio)
        parts.push(stream.audio.codec.replace('opus', 'Opus'));
    return parts.join(' · ') || (stream.on_demand ? 'Starts with its first viewer' : 'No media yet');
}

const causes = counts => Object.entries(counts).map(([cause, n]) => `${n} × ${cause}`).join(', ');

const rateText = rate => rate >= 1e6 ? `${(rate / 1e6).toFixed(1)} Mbit/s`
    : `${Math.round(rate / 1e3)} kbit/s`;

// How the camera does: what comes, how regularly, what was lost on the way.
function figuresText(stream) {
    const {video, audio, counters} = stream;
    const first = video || audio;
    const parts = [];
    if (stream.state !== 'live' || !first || !first.bitrate)
        return '';
    if (video)
        parts.push(`${Math.round(video.fps)} fps`);
    parts.push(rateText((video?.bitrate || 0) + (audio?.bitrate || 0)));
    if (video?.keyframe_interval_s)
        parts.push(`keyframe each ${+video.keyframe_interval_s.toFixed(1)} s`);
    parts.push(stream.transport.toUpperCase());
    parts.push(`jitter ${first.jitter_ms.toFixed(1)} ms`);
    if (first.clock_drift_ppm !== null)
        parts.push(`clock ${first.clock_drift_ppm.toFixed(0)} ppm`);
    if (counters.rtp_lost)
        parts.push(`${counters.rtp_lost.toLocaleString()} lost`);
    if (counters.rtp_reordered)
        parts.push(`${counters.rtp_reordered.toLocaleString()} reordered`);
    const why = causes(stream.reconnects);
    if (why)
        parts.push(`reconnected: ${why}`);
    return parts.join(' · ');
}

function notesText(stream) {
    const parts = [];
    if (stream.video_note)
        parts.push(`No picture: ${stream.video_note}.`);
    if (stream.audio_note)
        parts.push(`No sound: ${stream.audio_note}.`);
    if (stream.b_frames_note)
        parts.push(`${stream.b_frames_note}.`);
    return parts.join(' ');
}

function stateText(stream) {
    if (stream.fallback_active && stream.state !== 'live')
        return `Offline, shows ${stream.fallback}`;
    if (stream.on_demand && stream.state === 'idle')
        return 'On demand';
    return words[stream.state] || stream.state;
}

function setText(e, text) {
    if (e.textContent !== text)
        e.textContent = text;
}

function show(status) {
    const seen = new Set();
    for (const stream of status.streams) {
        seen.add(stream.name);
        if (!cards.has(stream.name))
            cards.set(stream.name, makeCard(stream.name));
        const card = cards.get(stream.name);
        card.item.dataset.state = stream.state;
        setText(card.state, stateText(stream));
        setText(card.media, mediaText(stream));
        setText(card.figures, figuresText(stream));
        setText(card.viewers, plural(stream.viewers, 'viewer'));
        setText(card.error, stream.state === 'live' ? notesText(stream)
            : stream.state === 'idle' ? '' : stream.last_error);
    }
    for (const [name, card] of cards) {
        if (!seen.has(name)) {
            card.item.remove();
            cards.delete(name);
        }
    }
    const live = status.streams.filter(s => s.state === 'live').length;
    setText(byId('summary'), `${live} of ${plural(status.streams.length, 'stream')} live · ` +
        plural(status.viewers, 'viewer'));
    byId('find').classList.toggle('hidden', status.streams.length < SEARCH_FROM);
}

function filter() {
    const wanted = byId('find').value.trim().toLowerCase();
    for (const [name, card] of cards)
        card.item.hidden = wanted !== '' && !name.toLowerCase().includes(wanted);
}

function notice(text) {
    setText(byId('notice'), text);
    byId('notice').classList.toggle('hidden', text === '');
}

async function refresh() {
    try {
        const response = await fetch('api/streams', {signal: AbortSignal.timeout(5000)});
        if (!response.ok)
            throw new Error(`the server answered ${response.status}`);
        show(await response.json());
        filter();
        notice('');
    } catch (error) {
        notice(error.message.startsWith('the server') ? `No news: ${error.message}.`
            : 'The server cannot be reached. What you see may be out of date.');
    }
    setTimeout(refresh, document.hidden ? 5 * REFRESH_MS : REFRESH_MS);
}

byId('find').addEventListener('input', filter);
show(JSON.parse(byId('status').textContent));
setTimeout(refresh, REFRESH_MS);
