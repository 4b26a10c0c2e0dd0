// SPDX-License-Identifier: Apache-2.0
//
// The wall: all streams, or those of ?streams=a,b,c, in a grid that fills the window. Up to 64 are
// all in sight; of more, those out of sight do not play. A click, Enter or Space makes one large,
// Escape or its button brings the others back.
import {play, stateWords} from './rtcfan-player.js';

const REFRESH_MS = 5000;
const IN_SIGHT = 64;
const ASPECT = 16 / 9;
const GAP_PX = 2;

const byId = id => document.getElementById(id);
const wall = byId('wall');
const query = new URLSearchParams(location.search);
const chosen = query.get('streams')?.split(',').filter(name => name !== '');
const tiles = new Map();
let large = null;

query.delete('streams');
const rest = query.size > 0 ? `?${query}` : ''; // such as a token

// The number of columns with which count tiles are largest.
function fit(count, width, height) {
    let best = {columns: 1, width: 0};
    for (let columns = 1; columns <= count; columns++) {
        const rows = Math.ceil(count / columns);
        const across = (width - GAP_PX * (columns - 1)) / columns;
        const down = (height - GAP_PX * (rows - 1)) / rows * ASPECT;
        if (Math.min(across, down) > best.width)
            best = {columns, width: Math.min(across, down)};
    }
    return best;
}

function arrange() {
    const count = Math.max(1, Math.min(tiles.size, IN_SIGHT));
    const {columns, width} = fit(count, innerWidth, innerHeight);
    wall.style.setProperty('--columns', columns);
    wall.style.setProperty('--width', `${Math.floor(width)}px`);
}

function enlarge(tile) {
    large = tile;
    tile.figure.classList.add('large');
    wall.classList.add('covered');
    byId('back').classList.remove('hidden');
    tile.player.setAttribute('controls', '1');
    tile.player.focus();
}

function shrink() {
    large.figure.classList.remove('large');
    wall.classList.remove('covered');
    byId('back').classList.add('hidden');
    large.player.setAttribute('controls', '0');
    large.player.setAttribute('stats', '0');
    large.player.video.muted = true;
    large.figure.focus();
    large = null;
}

function showState(tile) {
    const {state, message} = tile.player;
    tile.figure.dataset.state = state;
    tile.word.textContent = stateWords[state];
    tile.figure.setAttribute('aria-label', `${tile.name}: ${message || stateWords[state]}`);
}

function makeTile(name) {
    const figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    const label = document.createElement('span');
    const state = document.createElement('span');
    const word = document.createElement('span');
    figure.className = 'tile';
    figure.tabIndex = 0;
    figure.role = 'button';
    label.textContent = name;
    state.className = 'state';
    word.className = 'word';
    state.append(word);
    caption.append(label, state);
    wall.append(figure);
    const player = play(`/${name}/${rest}`, figure,
        {controls: false, muted: true, tabindex: '-1', 'aria-label': name});
    figure.append(caption);
    const tile = {name, figure, player, word};
    figure.addEventListener('click', () => large || enlarge(tile));
    figure.addEventListener('keydown', event => {
        if (/^(Enter| )$/.test(event.key) && event.target === figure && !large) {
            event.preventDefault();
            enlarge(tile);
        }
    });
    player.addEventListener('state', () => showState(tile));
    showState(tile);
    return tile;
}

function show(names) {
    const before = tiles.size;
    for (const name of names)
        if (!tiles.has(name))
            tiles.set(name, makeTile(name));
    for (const [name, tile] of tiles) {
        if (!names.includes(name)) {
            if (tile === large)
                shrink();
            tile.figure.remove();
            tiles.delete(name);
        }
    }
    if (tiles.size !== before)
        arrange();
}

function notice(text) {
    byId('notice').textContent = text;
    byId('notice').classList.toggle('hidden', text === '');
}

async function refresh() {
    try {
        const signal = AbortSignal.timeout(REFRESH_MS);
        const response = await fetch(`/api/streams${rest}`, {signal});
        if (!response.ok)
            throw new Error(`the server answered ${response.status}`);
        show((await response.json()).streams.map(stream => stream.name));
        notice('');
    } catch {
        notice('The server cannot be reached. The wall goes on by itself when it is back.');
    }
    setTimeout(refresh, REFRESH_MS);
}

byId('back').addEventListener('click', shrink);
addEventListener('resize', arrange);
addEventListener('keydown', event => {
    // In full screen Escape leaves that first.
    if (event.key === 'Escape' && large && !document.fullscreenElement)
        shrink();
});

// For the console of the browser.
window.rtcfan = {tiles, enlarge};

if (chosen)
    show(chosen);
else
    refresh();
