// SPDX-License-Identifier: Apache-2.0
//
// What a player looks like: the inside of <rtcfan-player> (rtcfan-player.js), which shows and hides
// its parts. The host's attribute data-state is the session's state, data-idle: nobody moves.

const svg = path => `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2"
    stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="${path}"/></svg>`;

export const icons = {
    play: 'M8 5.5v13l10.5-6.5z',
    pause: 'M8 5v14M16 5v14',
    muted: 'M4 9.5v5h3.5L12 19V5L7.5 9.5zM16 9.5l5 5M21 9.5l-5 5',
    heard: 'M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
    stats: 'M5 20v-6M12 20V5M19 20v-10',
    full: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
};

const button = (part, label, key, icon) => `<button type="button" part="${part}"
    data-part="${part}" title="${label} (${key})" aria-label="${label}">${svg(icon)}</button>`;

const html = `
<div class="root">
    <video data-part="video" part="video" playsinline disableremoteplayback></video>
    <div class="veil" data-part="veil">
        <div class="spinner" data-part="spinner"></div>
        <p data-part="message" role="status"></p>
        <form data-part="form" hidden>
            <label data-part="user">User <input name="user" autocomplete="username"
                autocapitalize="none" spellcheck="false"></label>
            <label data-part="password">Password <input name="password" type="password"
                autocomplete="current-password"></label>
            <label data-part="token">Token <input name="token" type="password"
                autocomplete="off"></label>
            <button type="submit">Watch</button>
        </form>
        <button type="button" class="big" data-part="resume" aria-label="Play" hidden>
            ${svg(icons.play)}</button>
    </div>
    <dl data-part="figures" aria-label="Figures" hidden></dl>
    <dl data-part="keys" aria-label="Keys" hidden></dl>
    <div class="bar" data-part="bar">
        <button type="button" part="mute" data-part="mute" hidden>${svg(icons.muted)}
            <span>Unmute</span></button>
        ${button('pause', 'Pause', 'K', icons.pause)}
        <p data-part="note" role="note"></p>
        ${button('stats', 'Figures', 'I', icons.stats)}
        ${button('full', 'Full screen', 'F', icons.full)}
    </div>
</div>`;

const css = `
:host {
    display: block; position: relative; aspect-ratio: 16 / 9; overflow: hidden;
    color: #f1f5f6; background: var(--rtcfan-background, #05090a);
    font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
}
:host(:fullscreen) { border-radius: 0; aspect-ratio: auto; background: #000; }
:host(:focus) { outline: none; }
:host(:focus-visible) .root { box-shadow: inset 0 0 0 3px #4fd1c1; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.root { position: absolute; inset: 0; container-type: inline-size; }
video { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain; }
.veil {
    position: absolute; inset: 0; padding: 1rem; display: flex; flex-direction: column;
    align-items: center; justify-content: safe center; gap: .9rem; text-align: center;
    overflow: auto;
    color-scheme: dark; background: rgb(5 9 10 / .72);
}
.veil[data-clear] { background: none; pointer-events: none; }
.veil p { margin: 0; max-width: 34rem; text-wrap: balance; font-size: 1.05rem; }
.veil p:empty { display: none; }
.spinner {
    flex: none; width: 2.4rem; height: 2.4rem; border-radius: 50%;
    border: 3px solid rgb(255 255 255 / .25); border-top-color: #4fd1c1;
    animation: turn 1s linear infinite;
}
@keyframes turn { to { transform: rotate(1turn); } }
form {
    display: grid; grid-template-columns: 1fr 1fr; gap: .6rem .8rem; align-items: end;
    width: min(26rem, 100%); text-align: left; font-size: .95rem;
}
label { display: grid; gap: .15rem; }
input {
    min-width: 0; padding: .45rem .7rem; font: inherit; color: inherit;
    background: rgb(255 255 255 / .1); border: 1px solid rgb(255 255 255 / .35); border-radius: .5rem;
}
button {
    flex: none; min-height: 2.75rem; min-width: 2.75rem; padding: 0 .7rem; display: inline-flex;
    gap: .5rem; align-items: center; justify-content: center; font: inherit; font-size: 1rem;
    color: #f5f8f8; cursor: pointer; background: rgb(12 18 20 / .72);
    border: 1px solid rgb(255 255 255 / .22); border-radius: 999px;
}
button:hover, button[aria-pressed=true] { background: rgb(46 64 70 / .9); }
button svg { width: 1.3rem; height: 1.3rem; }
:focus-visible { outline: 3px solid #4fd1c1; outline-offset: 2px; }
form button { color: #06201d; background: #4fd1c1; font-weight: 600; }
form button:hover { background: #7fe3d6; }
.big { min-height: 4.5rem; min-width: 4.5rem; pointer-events: auto; }
.big svg { width: 2.2rem; height: 2.2rem; fill: currentColor; }
.bar {
    position: absolute; left: 0; right: 0; bottom: 0; padding: .75rem; display: flex; gap: .5rem;
    align-items: center; pointer-events: none; transition: opacity .2s;
}
.bar button { pointer-events: auto; }
.bar p {
    flex: 1; margin: 0; font-size: .85rem; line-height: 1.3; text-shadow: 0 1px 3px #000;
    display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden;
}
[data-part=mute] { order: -1; }
[data-part=mute].invites {
    min-height: 3.25rem; padding: 0 1.3rem; font-size: 1.1rem; font-weight: 600; color: #06201d;
    background: #4fd1c1; border-color: transparent;
}
[data-part=mute].invites:hover { background: #7fe3d6; }
:host([data-idle]) { cursor: none; }
:host([data-idle]) .bar > :not(.invites):not(:focus-visible) { opacity: 0; }
dl {
    position: absolute; left: .75rem; top: .75rem; margin: 0; padding: .6rem .85rem; display: grid;
    grid-template-columns: auto auto; gap: .1rem .9rem; max-width: min(24rem, 100% - 1.5rem);
    max-height: calc(100% - 1.5rem); overflow: auto; font-size: .82rem; line-height: 1.4;
    background: rgb(5 9 10 / .78); border-radius: .6rem; pointer-events: none;
}
dl[data-part=keys] { left: 50%; translate: -50%; }
dt { color: #a9b8be; }
dd { margin: 0; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
@container (max-width: 30rem) {
    .veil { padding: .5rem .6rem; gap: .4rem; }
    .veil:has(~ .bar:not([hidden])):not([data-clear]) { padding-bottom: 3.6rem; }
    .veil p { font-size: .82rem; line-height: 1.35; }
    .spinner { width: 1.5rem; height: 1.5rem; }
    form { gap: .4rem .6rem; font-size: .85rem; }
    input { padding: .2rem .5rem; }
    form button { min-height: 2rem; }
    dl {
        left: .4rem; top: .4rem; max-width: calc(100% - .8rem); padding: .3rem .5rem;
        max-height: calc(100% - 3.8rem); grid-template-columns: repeat(2, auto auto);
        gap: 0 .5rem; font-size: .62rem; line-height: 1.3;
    }
    dt, dd { white-space: nowrap; }
    dd:last-child { grid-column: 2 / -1; white-space: normal; }
    .bar { padding: .5rem; }
    [data-part=mute].invites { min-height: 2.75rem; padding: 0 1rem; font-size: 1rem; }
}
@container (max-width: 16rem) {
    .veil { padding: .4rem; gap: .3rem; }
    .veil p {
        font-size: .72rem; line-height: 1.25; display: -webkit-box; -webkit-box-orient: vertical;
        -webkit-line-clamp: 4; overflow: hidden;
    }
    .spinner { width: 1.2rem; height: 1.2rem; border-width: 2px; }
    .bar, form { display: none; }
}
@container (max-width: 9rem) { .veil p { display: none; } }
@media (prefers-reduced-motion: reduce) {
    .spinner { animation-duration: 6s; animation-timing-function: steps(8); }
    .bar { transition: none; }
}`;

const template = document.createElement('template');
template.innerHTML = html;
const sheet = new CSSStyleSheet();
sheet.replaceSync(css);

// Fills the shadow root; returns its parts by name.
export function fill(root) {
    root.append(template.content.cloneNode(true));
    root.adoptedStyleSheets = [sheet];
    return Object.fromEntries([...root.querySelectorAll('[data-part]')]
        .map(element => [element.dataset.part, element]));
}

export function setIcon(element, icon) {
    element.querySelector('path').setAttribute('d', icon);
}

// Labels and texts, into one of the lists.
export function setRows(list, rows) {
    list.replaceChildren(...rows.flatMap(([label, text]) => {
        const term = document.createElement('dt');
        const value = document.createElement('dd');
        term.textContent = label;
        value.textContent = text;
        return [term, value];
    }));
}
