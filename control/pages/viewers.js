// SPDX-License-Identifier: Apache-2.0
//
// Each viewer and how it does, up to date every two seconds. The server's figures: docs/viewers.md.
const REFRESH_MS = 2000;

const byId = id => document.getElementById(id);
let page = 0;
let before = new Map(); // of each viewer's answer, to tell its rate

const ms = value => value === null ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

const rateText = rate => rate >= 1e6 ? `${(rate / 1e6).toFixed(1)} Mbit/s`
    : `${Math.round(rate / 1e3)} kbit/s`;

// From the offer to the first keyframe, and what took longest of it.
function joinText(join) {
    const steps = {
        server: join.http_ms, ICE: join.ice_ms, DTLS: join.dtls_ms, keyframe: join.first_keyframe_ms,
    };
    const known = Object.entries(steps).filter(([, value]) => value !== null);
    if (known.length < Object.keys(steps).length)
        return '–';
    const [name, longest] = known.reduce((a, b) => b[1] > a[1] ? b : a);
    return `${ms(known.reduce((sum, [, value]) => sum + value, 0))} (${name} ${ms(longest)})`;
}

function getsText(viewer, now) {
    const last = before.get(viewer.id);
    const parts = [];
    if (last)
        parts.push(rateText((viewer.sent.bytes - last.bytes) * 8000 / (now - last.at)));
    if (viewer.feedback.estimate_bps !== null)
        parts.push(`of ${rateText(viewer.feedback.estimate_bps)}`);
    return parts.join(' ') || '–';
}

function askedText({nacked, nack_hit_percent}) {
    return nacked ? `${nacked.toLocaleString()}, ${Math.round(nack_hit_percent)} % sent` : '–';
}

function stopsText(viewer) {
    const stops = viewer.rests + viewer.pauses;
    return viewer.resting ? `${stops}, resting` : stops || '–';
}

function cells(viewer, now) {
    const {feedback} = viewer;
    return [
        viewer.id, viewer.stream, viewer.state,
        viewer.remote ? `${viewer.remote} ${viewer.transport}` : '–',
        joinText(viewer.join), getsText(viewer, now), ms(feedback.rtt_ms),
        `${feedback.loss_percent.toFixed(1)} %`, askedText(feedback),
        feedback.keyframe_requests || '–', stopsText(viewer), viewer.user_agent || '–',
    ];
}

function row(viewer, now) {
    const tr = document.createElement('tr');
    for (const text of cells(viewer, now)) {
        const td = document.createElement('td');
        td.textContent = text;
        tr.append(td);
    }
    return tr;
}

function show(answer) {
    const now = performance.now();
    byId('list').replaceChildren(...answer.viewers.map(viewer => row(viewer, now)));
    before = new Map(answer.viewers.map(({id, sent}) => [id, {bytes: sent.bytes, at: now}]));
    byId('summary').textContent = answer.count === 0 ? 'nobody is watching' : answer.pages > 1
        ? `${answer.count.toLocaleString()}, page ${answer.page + 1} of ${answer.pages}`
        : answer.count.toLocaleString();
    byId('back').classList.toggle('hidden', page === 0);
    byId('on').classList.toggle('hidden', page + 1 >= answer.pages);
}

async function refresh() {
    try {
        const response = await fetch(`/api/viewers?page=${page}`,
            {cache: 'no-store', signal: AbortSignal.timeout(5000)});
        if (!response.ok)
            throw new Error(await response.text());
        show(await response.json());
    } catch (error) {
        byId('summary').textContent = `The server does not answer: ${error.message}`;
    }
}

function turn(step) {
    page += step;
    refresh();
}

byId('back').onclick = () => turn(-1);
byId('on').onclick = () => turn(1);
refresh();
setInterval(refresh, REFRESH_MS);
