// SPDX-License-Identifier: Apache-2.0
//
// Plays one stream of an rtcfan server, on any page:
//
//     <script type="module" src="http://HOST:8889/rtcfan-player.js"></script>
//     <rtcfan-player src="http://HOST:8889/cam1/"></rtcfan-player>
//
// or from a script:
//
//     import {play} from 'http://HOST:8889/rtcfan-player.js';
//     const player = play('http://HOST:8889/cam1/', document.querySelector('#here'));
//     player.addEventListener('state', () => console.log(player.state, player.message));
//
// Attributes, all but the first two "0" or "1":
//
//     src        the stream's page or its WHEP endpoint; a query (?token=…) goes to the endpoint
//     token      of a bearer, where the server asks who is watching; a new one goes on at once
//                where the one before was refused
//     autoplay   plays by itself (1)
//     muted      1: begins muted; 0: with sound where the browser lets it; without it: as this
//                viewer has left it, muted the first time
//     controls   shows buttons (1)
//     stats      shows figures (0), and sends them as events
//
// Events: 'state' (state and message have changed), 'error' (it needs somebody's help: state is
// 'failed' or 'unauthorised'), 'stats' (detail: figures, see rtcfan-figures.js). States are those
// of rtcfan-session.js, and 'paused' by the viewer. Methods: play(), pause(), togglePaused(),
// toggleMuted(), toggleStats(), toggleFull(), toggleKeys(), press(key). Its size is the page's to
// choose, its background --rtcfan-background.
//
// A player that is neither seen nor heard takes leave of the server after a while, and joins again
// as soon as it is seen.
import {Meter, rows} from './rtcfan-figures.js';
import {fill, icons, setIcon, setRows} from './rtcfan-player-view.js';
import {Session} from './rtcfan-session.js';

const UNSEEN_MS = 10000; // a glance at another tab costs no new session
const IDLE_MS = 3000;    // without a movement: controls fade
const STATS_MS = 1000;
const MUTED_KEY = 'rtcfan muted';

// A user and password in the page's own address are the browser's to show.
function endpointOf(src) {
    const url = new URL(src, document.baseURI);
    url.username = url.password = '';
    if (!/\/whep$/.test(url.pathname))
        url.pathname = `${url.pathname.replace(/\/+$/, '')}/whep`;
    return url;
}

function rememberedMuted() {
    try {
        return localStorage.getItem(MUTED_KEY);
    } catch {
        return null;
    }
}

function rememberMuted(muted) {
    try {
        localStorage.setItem(MUTED_KEY, muted ? '1' : '0');
    } catch {
        // This viewer is asked again next time.
    }
}

const KEYS = [
    ['Space, K', 'Pause, play'], ['M', 'Sound'], ['F', 'Full screen'], ['I', 'Figures'],
    ['?', 'These keys'],
];

function basic(user, password) {
    const bytes = new TextEncoder().encode(`${user}:${password}`);
    return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}

// What states are called in front of people.
export const stateWords = {
    idle: 'Not playing', joining: 'Connecting', waiting: 'Waiting', playing: 'Live',
    stalled: 'No picture', failed: 'Failed', unauthorised: 'Sign in', paused: 'Paused',
};

export class RtcfanPlayer extends HTMLElement {
    static observedAttributes = ['src', 'token', 'controls', 'stats'];

    #parts = fill(this.attachShadow({mode: 'open'}));
    #session = null;
    #holds = new Set(['unseen']); // reasons not to play
    #inSight = false;
    #eye = new IntersectionObserver(entries => this.#seen(entries.at(-1).isIntersecting));
    #onVisibility = () => this.#look();
    #onPageHide = () => this.#hold('left');
    #onPageShow = () => this.#release('left');
    #unseenTimer = 0;
    #idleTimer = 0;
    #statsTimer = 0;
    #told = '';                   // the message of the last 'state'
    #meter = new Meter();
    #metered = null;              // the connection that the meter is about

    constructor() {
        super();
        const on = (part, event, what) => this.#parts[part].addEventListener(event, what);
        on('mute', 'click', () => this.toggleMuted());
        on('pause', 'click', () => this.togglePaused());
        on('resume', 'click', () => this.play());
        on('stats', 'click', () => this.toggleStats());
        on('full', 'click', () => this.toggleFull());
        on('video', 'dblclick', () => this.toggleFull());
        on('video', 'volumechange', () => this.#showMuted());
        on('form', 'submit', event => this.#authorise(event));
        setRows(this.#parts.keys, KEYS);
        this.addEventListener('keydown', event => this.#key(event));
        for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin'])
            this.addEventListener(event, () => this.#wake());
    }

    connectedCallback() {
        if (!this.hasAttribute('tabindex'))
            this.tabIndex = 0;
        if (!this.hasAttribute('aria-label'))
            this.setAttribute('aria-label', 'Live video');
        this.video.muted = this.#flag('muted', (rememberedMuted() ?? '1') === '1');
        if (!this.#flag('autoplay', true))
            this.#holds.add('user');
        this.#eye.observe(this);
        document.addEventListener('visibilitychange', this.#onVisibility);
        addEventListener('pagehide', this.#onPageHide);
        addEventListener('pageshow', this.#onPageShow);
        this.#statsTimer = setInterval(() => this.#measure().catch(() => {}), STATS_MS);
        this.#show();
        this.#update();
    }

    disconnectedCallback() {
        this.#eye.disconnect();
        document.removeEventListener('visibilitychange', this.#onVisibility);
        removeEventListener('pagehide', this.#onPageHide);
        removeEventListener('pageshow', this.#onPageShow);
        clearInterval(this.#statsTimer);
        clearTimeout(this.#unseenTimer);
        clearTimeout(this.#idleTimer);
        this.#holds.add('unseen');
        this.#session?.stop();
    }

    attributeChangedCallback(name, before, after) {
        if (name === 'src' && before !== after)
            this.#open(after);
        if (name === 'token')
            this.#session?.show(after ?? '');
        this.#show();
    }

    // ---- for pages ----

    get video() {
        return this.#parts.video;
    }

    get state() {
        return this.#holds.has('user') ? 'paused' : this.#session?.state ?? 'idle';
    }

    get message() {
        return this.#holds.has('user') ? '' : this.#session?.message ?? '';
    }

    // What of the stream the viewer does not get, and why.
    get note() {
        return this.#session?.note ?? '';
    }

    get pc() {
        return this.#session?.pc ?? null;
    }

    // Offers made since the source was set.
    get posts() {
        return this.#session?.posts ?? 0;
    }

    // What each step of joining took, see rtcfan-session.js.
    get join() {
        return this.#session?.join ?? {};
    }

    play() {
        this.#release('user');
    }

    // The picture stays; playing again shows what is live then.
    pause() {
        this.video.pause();
        this.#hold('user');
    }

    togglePaused() {
        if (this.#holds.has('user'))
            this.play();
        else
            this.pause();
    }

    toggleMuted() {
        this.video.muted = !this.video.muted;
        if (!this.hasAttribute('muted'))
            rememberMuted(this.video.muted);
    }

    toggleStats() {
        this.setAttribute('stats', this.#flag('stats', false) ? '0' : '1');
    }

    toggleFull() {
        if (document.fullscreenElement)
            document.exitFullscreen();
        else if (this.requestFullscreen)
            this.requestFullscreen();
        else
            this.video.webkitEnterFullscreen?.(); // iPhones have full screen for videos only
    }

    toggleKeys() {
        this.#parts.keys.hidden = !this.#parts.keys.hidden;
    }

    // What the key does, if anything; true: it did.
    press(key) {
        const actions = {
            ' ': () => this.togglePaused(),
            k: () => this.togglePaused(),
            m: () => this.toggleMuted(),
            f: () => this.toggleFull(),
            i: () => this.toggleStats(),
            '?': () => this.toggleKeys(),
        };
        const act = Object.hasOwn(actions, key) && actions[key];
        if (act)
            act();
        return Boolean(act);
    }

    // ---- whether to play ----

    #flag(name, otherwise) {
        const value = this.getAttribute(name);
        return value === null ? otherwise : value !== '0';
    }

    #open(src) {
        this.#session?.stop();
        this.#session = src ? new Session(endpointOf(src), this.video) : null;
        this.#session?.show(this.getAttribute('token') ?? '');
        this.#session?.addEventListener('state', () => this.#changed());
        this.#session?.addEventListener('note', () => this.#show());
        this.#session?.addEventListener('media', () => this.#playVideo());
        this.#update();
    }

    #hold(reason) {
        this.#holds.add(reason);
        this.#update();
    }

    #release(reason) {
        this.#holds.delete(reason);
        this.#update();
    }

    #update() {
        if (this.isConnected && this.#holds.size === 0)
            this.#session?.start();
        else
            this.#session?.stop();
        this.#changed();
    }

    #seen(inSight) {
        this.#inSight = inSight;
        this.#look();
    }

    // Who cannot be seen but heard plays on, and so does one in a window of its own.
    #look() {
        const alone = this.shadowRoot.pictureInPictureElement === this.video;
        clearTimeout(this.#unseenTimer);
        if (this.#inSight && !document.hidden)
            this.#release('unseen');
        else if (!alone)
            this.#unseenTimer = setTimeout(() => {
                if (this.video.muted)
                    this.#hold('unseen');
            }, UNSEEN_MS);
    }

    // Browsers let sound play by itself only where the viewer has done something before, and some
    // no picture either while they save power.
    async #playVideo() {
        const blocked = error => error.name === 'NotAllowedError';
        try {
            await this.video.play();
        } catch (error) {
            if (!blocked(error))
                return;
            if (this.video.muted)
                return this.pause();
            this.video.muted = true;
            this.#playVideo();
        }
    }

    // ---- what is shown ----

    #changed() {
        const {state, message} = this;
        if (this.dataset.state === state && this.#told === message)
            return;
        this.dataset.state = state;
        this.#told = message;
        this.#show();
        this.dispatchEvent(new Event('state'));
        if (state === 'failed' || state === 'unauthorised')
            this.dispatchEvent(new Event('error'));
    }

    #show() {
        const {state, message, note} = this;
        const parts = this.#parts;
        const paused = state === 'paused';
        const asks = state === 'unauthorised';
        const blind = state === 'playing' && note !== '' && !this.#session.hasVideo;
        parts.message.textContent = blind ? note : message;
        parts.spinner.hidden = !/^(joining|waiting)$/.test(state);
        parts.resume.hidden = !paused;
        if (asks && parts.form.hidden)
            this.#ask();
        parts.form.hidden = !asks;
        parts.veil.toggleAttribute('data-clear', parts.message.textContent === '');
        parts.bar.hidden = !this.#flag('controls', true) || asks;
        parts.note.textContent = note;
        parts.note.style.visibility = blind ? 'hidden' : '';
        parts.figures.hidden = !this.#flag('stats', false);
        parts.stats.setAttribute('aria-pressed', String(!parts.figures.hidden));
        setIcon(parts.pause, paused ? icons.play : icons.pause);
        parts.pause.setAttribute('aria-label', paused ? 'Play' : 'Pause');
        parts.pause.title = `${paused ? 'Play' : 'Pause'} (K)`;
        this.#showMuted();
        this.#wake();
    }

    #showMuted() {
        const {mute} = this.#parts;
        const {muted} = this.video;
        const invites = muted && rememberedMuted() !== '1';
        mute.hidden = !this.#session?.hasAudio;
        setIcon(mute, muted ? icons.muted : icons.heard);
        mute.classList.toggle('invites', invites);
        mute.querySelector('span').hidden = !invites;
        mute.setAttribute('aria-label', muted ? 'Unmute' : 'Mute');
        mute.title = `${muted ? 'Unmute' : 'Mute'} (M)`;
    }

    // Where there is no picture to hide, controls stay, and with them the note that says why.
    #wake() {
        clearTimeout(this.#idleTimer);
        this.removeAttribute('data-idle');
        if (this.state === 'playing' && this.#session.hasVideo)
            this.#idleTimer = setTimeout(() => this.setAttribute('data-idle', ''), IDLE_MS);
    }

    async #measure() {
        const {pc} = this;
        if (!this.#flag('stats', false) || pc?.connectionState !== 'connected')
            return;
        if (this.#metered !== pc)
            this.#meter = new Meter();
        this.#metered = pc;
        const figures = this.#meter.take(await pc.getStats(), performance.now());
        if (!figures || pc !== this.pc)
            return;
        setRows(this.#parts.figures, rows(figures, this.#session.join));
        this.dispatchEvent(new CustomEvent('stats', {detail: figures}));
    }

    // ---- who is watching ----

    #ask() {
        const {challenge} = this.#session;
        const takes = scheme => challenge === '' || scheme.test(challenge);
        this.#parts.user.hidden = this.#parts.password.hidden = !takes(/\bBasic\b/i);
        this.#parts.token.hidden = !takes(/\bBearer\b/i);
    }

    #authorise(event) {
        const {user, password, token} = this.#parts.form.elements;
        event.preventDefault();
        this.#session.authorise(token.value ? `Bearer ${token.value.trim()}`
            : basic(user.value, password.value));
        this.#parts.form.reset();
    }

    #key(event) {
        const target = event.composedPath()[0];
        const typing = target.matches?.('input');
        const pressing = target.matches?.('button') && event.key === ' ';
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing ||
            pressing)
            return;
        if (this.press(event.key))
            event.preventDefault();
    }
}

customElements.define('rtcfan-player', RtcfanPlayer);

// A player of the stream at src as a child of parent. options: the other attributes.
export function play(src, parent, options = {}) {
    const player = document.createElement('rtcfan-player');
    for (const [name, value] of Object.entries({...options, src}))
        player.setAttribute(name, value === true ? '1' : value === false ? '0' : value);
    parent.append(player);
    return player;
}
