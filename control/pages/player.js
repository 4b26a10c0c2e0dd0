// SPDX-License-Identifier: Apache-2.0
//
// The page of one stream, /<stream>/. Its query: embed, no more than the player, for frames; and
// autoplay, muted, controls and stats, as the player's attributes (rtcfan-player.js). All of it goes
// to the WHEP endpoint too, which may look there for a token.
import {play, stateWords} from './rtcfan-player.js';

const byId = id => document.getElementById(id);
const query = new URLSearchParams(location.search);
const name = location.pathname.replace(/^\/+|\/+$/g, '');
const options = {};

for (const key of ['autoplay', 'muted', 'controls', 'stats'])
    if (query.has(key))
        options[key] = query.get(key);
document.documentElement.classList.toggle('embed', query.has('embed'));
document.title = `${name} · rtcfan`;
byId('name').textContent = name;

const player = play(location.href, byId('stage'), {...options, 'aria-label': name});

function showState() {
    document.body.dataset.state = player.state;
    byId('state').textContent = stateWords[player.state];
}

player.addEventListener('state', showState);
showState();

// Keys work wherever they are pressed on this page.
addEventListener('keydown', event => {
    if (event.target === document.body && !event.ctrlKey && !event.metaKey && !event.altKey &&
        player.press(event.key))
        event.preventDefault();
});

// For the console of the browser.
window.rtcfan = player;
