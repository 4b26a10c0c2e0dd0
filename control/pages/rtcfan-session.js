// SPDX-License-Identifier: Apache-2.0
//
// A viewer's WHEP session, set up again for as long as it is wanted.
//
//     const session = new Session('http://HOST:8889/cam1/whep', video);
//     session.addEventListener('state', () => show(session.state, session.message));
//     session.start();
//
// Each state but 'idle', 'playing' and 'stalled' leads to another attempt by itself, 'unauthorised'
// to one as soon as somebody is known.
//
//     idle          nobody wants it: before start(), after stop()
//     joining       an attempt is under way
//     waiting       the server asked to come later, or there is none: it tries again
//     playing       pictures come, or sound where there are none
//     stalled       connected, and no picture comes: the source pauses
//     failed        only a person can help, as message says; it tries again now and then
//     unauthorised  challenge says what the server takes: authorise() goes on

const POST_MS = 40000;     // the server waits up to 30 s for a source on demand
const SLOW_MS = 1500;      // without an answer: say what it waits for, and let others join
const CONNECT_MS = 12000;  // from the answer to the connection; ICE and DTLS take well below 1 s
const STALL_MS = 3000;     // without a new picture: say so
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 15000;
const HOPELESS_MS = 30000; // between attempts where only a person can help
const ASK_MS = 10000;
const ASK_S = 2;           // while disconnected, whether the server still knows us
const JOINS_MAX = 4;       // of one page at a time, so that a wall does not stand still meanwhile

// ---- what the sessions of a page have in common ----

const unauthorised = new Set();
const queue = [];
let joins = 0;

// Resolves to what ends the turn, which does no harm when it is called again.
async function takeTurn() {
    if (joins < JOINS_MAX)
        joins++;
    else
        await new Promise(resolve => queue.push(resolve));
    let given = false;
    return () => {
        if (given)
            return;
        given = true;
        if (queue.length > 0)
            queue.shift()();
        else
            joins--;
    };
}

// Whether the browser may know who is watching, as it does where it has asked for this page itself.
let browserMayKnow = performance.getEntriesByType('navigation')[0]?.responseStatus !== 401;

// Of this tab, where its pages may keep anything: the next page does not ask again.
const kept = new Map();

function keptFor(origin) {
    try {
        return kept.get(origin) || sessionStorage.getItem(`rtcfan ${origin}`);
    } catch {
        return kept.get(origin);
    }
}

function keep(origin, value) {
    kept.set(origin, value);
    try {
        sessionStorage.setItem(`rtcfan ${origin}`, value);
    } catch {
        // It lasts as long as this page.
    }
}

// What was let in before may have expired, and what was not is no good.
function forget(origin) {
    kept.delete(origin);
    try {
        sessionStorage.removeItem(`rtcfan ${origin}`);
    } catch {
        // Nothing was kept.
    }
}

// The server says why in a line of text. What stands before it may say a page, which is no message.
async function reasonOf(response) {
    const ours = response.headers.get('Content-Type')?.startsWith('text/plain');
    const line = ours ? (await response.text()).trim()
        : response.statusText || `status ${response.status}`;
    return /[.?!]$/.test(line) ? line : `${line}.`;
}

function capital(text) {
    return text.charAt(0).toUpperCase() + text.slice(1);
}

// "UDP port 8189 of 192.0.2.1", as the answer has it.
function mediaPorts(sdp) {
    const fields = [...sdp.matchAll(/^a=candidate:\S+ \d+ udp \d+ (\S+) (\d+) /gim)];
    const hosts = [...new Set(fields.map(field => field[1]))];
    const ports = [...new Set(fields.map(field => field[2]))];
    return `UDP port ${ports.join(' or ')} of ${hosts.join(' or ')}`;
}

export class Session extends EventTarget {
    state = 'idle';
    message = '';   // a sentence or two for people; empty: there is nothing to say
    note = '';      // what the viewer does not get, and why
    challenge = ''; // WWW-Authenticate; empty where the server does not let us read it
    pc = null;
    join = {};      // ms from the offer's start: http, ice, dtls, packet, frame
    posts = 0;

    #endpoint;
    #video;
    #url = null;    // of the session at the server
    #credentials = 'omit';
    #token = '';    // goes before what somebody has typed, until it is refused
    #authorization = null; // of the last offer
    #wanted = false;
    #attempt = 0;   // what belongs to an older attempt than this is void
    #retryMs = RETRY_MIN_MS;
    #timers = {};
    #endTurn = () => {};
    #begun = 0;
    #picture;       // RTP timestamp of the newest, if there is one
    #movedAt = 0;
    #seconds = 0;   // disconnected
    #onOnline = () => this.#online();

    // The stream plays in the video element, and by it the session sees whether pictures come.
    constructor(endpoint, video) {
        super();
        this.#endpoint = new URL(endpoint, document.baseURI);
        this.#video = video;
    }

    get hasAudio() {
        return this.#receives('audio');
    }

    get hasVideo() {
        return this.#receives('video');
    }

    start() {
        if (this.#wanted)
            return;
        this.#wanted = true;
        addEventListener('online', this.#onOnline);
        this.#timers.tick = setInterval(() => this.#tick().catch(() => {}), 1000);
        this.#connect();
    }

    // Takes leave of the server, also of a page that is being left.
    stop() {
        if (!this.#wanted)
            return;
        this.#wanted = false;
        removeEventListener('online', this.#onOnline);
        clearInterval(this.#timers.tick);
        this.#drop();
        this.#enter('idle', '');
    }

    // The value of an Authorization header, for all sessions of the page at this server.
    authorise(value) {
        keep(this.#endpoint.origin, value);
        for (const session of unauthorised)
            if (session.#endpoint.origin === this.#endpoint.origin)
                session.#connect();
    }

    // A bearer's token, for this session alone; '': none.
    show(token) {
        this.#token = token;
        if (token && this.state === 'unauthorised')
            this.#connect();
    }

    // ---- states ----

    #enter(state, message) {
        if (state === this.state && message === this.message)
            return;
        this.state = state;
        this.message = message;
        if (state === 'unauthorised')
            unauthorised.add(this);
        else
            unauthorised.delete(this);
        this.dispatchEvent(new Event('state'));
    }

    #drop() {
        this.#attempt++;
        // First of all: where another page is on its way, Firefox may end a script at its next loop.
        if (this.#url)
            fetch(this.#url, {method: 'DELETE', keepalive: true}).catch(() => {});
        this.#url = null;
        for (const name of ['retry', 'connect', 'slow'])
            clearTimeout(this.#timers[name]);
        this.#endTurn();
        this.pc?.close();
        this.pc = null;
        this.join = {};
        this.#seconds = 0;
        this.#picture = undefined;
    }

    // Spread, so that the viewers of a server that restarts do not all come at once.
    #retry(ms) {
        this.#drop();
        this.#timers.retry = setTimeout(() => this.#connect(), ms * (0.8 + 0.4 * Math.random()));
    }

    #retryLater(leastMs = 0) {
        this.#retry(Math.max(this.#retryMs, leastMs));
        this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAX_MS);
    }

    #lost(why, state = 'joining') {
        this.#enter(state, why);
        this.#retryLater();
    }

    // The network is back. What waits need not wait, and what is interrupted will not go on from an
    // address that is no longer ours.
    #online() {
        if (this.pc?.connectionState === 'connected' || this.state === 'unauthorised')
            return;
        this.#retryMs = RETRY_MIN_MS;
        this.#connect();
    }

    // ---- an attempt ----

    async #connect() {
        this.#drop();
        const mine = this.#attempt;
        if (this.state === 'idle' || this.state === 'unauthorised')
            this.#enter('joining', '');
        const endTurn = await takeTurn();
        if (mine !== this.#attempt)
            return endTurn();
        this.#endTurn = endTurn;
        try {
            await this.#offer(mine);
        } catch (error) {
            if (mine !== this.#attempt)
                return;
            console.warn(error);
            if (error instanceof TypeError || error.name === 'TimeoutError')
                this.#lost('The server cannot be reached. Trying again.', 'waiting');
            else
                this.#lost(`The connection could not be set up: ${error.message}`, 'failed');
        }
    }

    async #offer(mine) {
        const pc = new RTCPeerConnection();
        this.pc = pc;
        this.#watch(pc, mine);
        pc.addTransceiver('video', {direction: 'recvonly'});
        pc.addTransceiver('audio', {direction: 'recvonly'});
        // No need to gather first: the server learns where we are from our own checks.
        await pc.setLocalDescription(await pc.createOffer());
        if (mine !== this.#attempt)
            return;
        this.#begun = performance.now();
        this.#timers.slow = setTimeout(() => this.#slow(), SLOW_MS);
        const response = await this.#post(pc.localDescription.sdp);
        const created = response.status === 201;
        const text = created ? await response.text() : await reasonOf(response);
        if (mine !== this.#attempt)
            return this.#forget(response);
        clearTimeout(this.#timers.slow);
        if (this.#isKnownToBrowser(response)) {
            this.#credentials = 'same-origin';
            return this.#connect();
        }
        if (!created)
            return this.#refused(response, text);
        this.#mark('http');
        this.#url = new URL(response.headers.get('Location'), response.url);
        const note = response.headers.get('Rtcfan-Note');
        this.note = note ? `${note}.` : '';
        this.dispatchEvent(new Event('note'));
        this.#watchTransport(pc, mine);
        // Before the answer is taken: it may be connected by the time that we hear of that.
        this.#timers.connect = setTimeout(() => this.#blocked(text), CONNECT_MS);
        await pc.setRemoteDescription({type: 'answer', sdp: text});
    }

    #post(sdp) {
        this.#authorization =
            this.#token ? `Bearer ${this.#token}` : keptFor(this.#endpoint.origin);
        this.posts++;
        return fetch(this.#endpoint, {
            method: 'POST',
            headers: {
                'Content-Type': 'application/sdp',
                ...(this.#authorization && {Authorization: this.#authorization}),
            },
            body: sdp,
            credentials: this.#credentials,
            signal: AbortSignal.timeout(POST_MS),
        });
    }

    // By its header, or by the query.
    get #hasShown() {
        return Boolean(this.#authorization) || /[?&](token|jwt)=/.test(this.#endpoint.search);
    }

    // With credentials of its own the browser would ask for a password before we can. It has some
    // where it was asked for this page, and where not the server asks but a proxy, which may know
    // its viewers by those.
    #isKnownToBrowser(response) {
        if (this.#credentials !== 'omit')
            return false;
        if (response.headers.has('WWW-Authenticate'))
            return response.status === 401 && browserMayKnow && !this.#hasShown &&
                this.#endpoint.origin === location.origin;
        return response.redirected || /^40[13]$/.test(response.status);
    }

    // The answer to an offer that nobody stands by any more.
    #forget(response) {
        if (response.status === 201)
            fetch(new URL(response.headers.get('Location'), response.url),
                {method: 'DELETE', keepalive: true}).catch(() => {});
    }

    #slow() {
        this.#enter('joining',
            'The source is being started. The picture comes as soon as it does.');
        this.#endTurn();
    }

    #blocked(sdp) {
        const place = mediaPorts(sdp);
        const otherwise = / tcp /.test(sdp) ? '' : ', or the server offer TCP (webrtc.tcp)';
        this.#lost(`The server answers, but no media gets through: ${place} cannot be reached. ` +
            `A firewall on the way has to let it in${otherwise}. Trying again.`, 'failed');
    }

    #refused(response, reason) {
        const after = Number(response.headers.get('Retry-After')) * 1000;
        switch (response.status) {
        case 401:
            return this.#unauthorised(response, reason);
        case 403:
            this.#enter('failed', `You may not watch this stream: ${reason}`);
            return this.#retry(HOPELESS_MS);
        case 404:
            this.#enter('failed', 'There is no such stream on this server.');
            return this.#retry(HOPELESS_MS);
        case 406:
            this.#enter('failed', `This browser cannot play the stream: ${reason}`);
            return this.#retry(HOPELESS_MS);
        case 409:
            this.#enter('waiting', `${capital(reason)} The picture starts as soon as it is.`);
            return this.#retry(after || 2 * RETRY_MIN_MS);
        case 429:
            this.#enter('waiting', `${capital(reason)} Trying again in a moment.`);
            return this.#retryLater(after);
        case 503:
            this.#enter('waiting', `${capital(reason)} Trying again.`);
            return this.#retry(after || RETRY_MAX_MS);
        case 504:
            this.#enter('waiting', `The source does not start: ${reason} Trying again.`);
            return this.#retry(after || RETRY_MAX_MS);
        default:
            return this.#lost(`The server refused (${response.status}): ${reason}`, 'failed');
        }
    }

    // What was shown is not shown again, so that no guess of one tile is that of all others too.
    #unauthorised(response, reason) {
        const {origin} = this.#endpoint;
        this.challenge = response.headers.get('WWW-Authenticate') || '';
        if (this.#authorization && this.#authorization === keptFor(origin))
            forget(origin);
        if (this.#credentials !== 'omit' && this.challenge)
            browserMayKnow = false;
        this.#credentials = 'omit';
        this.#token = '';
        this.#drop();
        this.#enter('unauthorised',
            `${capital(reason)}${this.#hasShown ? ' Please sign in again.' : ''}`);
    }

    // ---- the connection ----

    #watch(pc, mine) {
        const current = () => mine === this.#attempt;
        pc.ontrack = event => {
            if (this.#video.srcObject !== event.streams[0])
                this.#video.srcObject = event.streams[0];
            event.track.addEventListener('unmute', () => current() && this.#mark('packet'));
            this.dispatchEvent(new Event('media'));
        };
        pc.onconnectionstatechange = () => current() && this.#changed(pc);
        this.#video.requestVideoFrameCallback?.(() => current() && this.#shown());
    }

    #changed(pc) {
        switch (pc.connectionState) {
        case 'connected':
            clearTimeout(this.#timers.connect);
            this.#mark('dtls');
            this.#endTurn();
            this.#retryMs = RETRY_MIN_MS;
            this.#seconds = 0;
            this.#movedAt = performance.now();
            return this.#enter('joining', '');
        case 'disconnected':
            return this.#enter('joining', 'The connection is interrupted. Waiting for it.');
        case 'failed':
        case 'closed':
            return this.#over(pc, 'The connection was lost. Reconnecting.');
        }
    }

    // What has not come through even once is blocked.
    #over(pc, why) {
        if (!this.join.ice && !this.join.dtls && pc.remoteDescription)
            this.#blocked(pc.remoteDescription.sdp);
        else
            this.#lost(why);
    }

    // Here each step is seen when it is made. The server says goodbye by closing DTLS, which some
    // browsers show on the transport alone.
    #watchTransport(pc, mine) {
        const transport = pc.getReceivers().map(r => r.transport).find(t => t);
        const ice = transport?.iceTransport;
        if (!ice)
            return;
        ice.onstatechange = () => {
            if (mine === this.#attempt && /^(connected|completed)$/.test(ice.state))
                this.#mark('ice');
        };
        transport.onstatechange = () => {
            if (mine !== this.#attempt)
                return;
            if (transport.state === 'connected')
                this.#mark('dtls');
            else if (/^(closed|failed)$/.test(transport.state))
                this.#over(pc, 'The server closed the connection. Reconnecting.');
        };
    }

    #shown() {
        this.#mark('frame');
        this.#movedAt = performance.now();
        this.#enter('playing', '');
    }

    #mark(step) {
        this.join[step] ??= performance.now() - this.#begun;
    }

    #receives(kind) {
        return Boolean(this.pc?.getTransceivers().some(transceiver =>
            transceiver.receiver.track.kind === kind &&
            transceiver.currentDirection === 'recvonly'));
    }

    // Of the picture that came last out of the decoder; undefined: none of late. Firefox counts no
    // frames of a stream in getVideoPlaybackQuality().
    #newestPicture() {
        const receiver = this.pc.getReceivers().find(each => each.track.kind === 'video');
        return receiver?.getSynchronizationSources()[0]?.rtpTimestamp;
    }

    // ---- each second ----

    async #tick() {
        if (this.pc?.connectionState === 'connected')
            this.#judge();
        else if (this.#url && this.pc?.connectionState === 'disconnected' &&
            ++this.#seconds % ASK_S === 0)
            await this.#ask(this.#attempt);
    }

    // A source that pauses keeps its viewers: the picture goes on in this session when it is back.
    #judge() {
        const now = performance.now();
        const picture = this.#newestPicture();
        const moved = picture !== undefined && picture !== this.#picture;
        this.#picture = picture;
        if (moved || document.hidden || this.#video.paused || !this.hasVideo)
            this.#movedAt = now;
        if (now - this.#movedAt >= STALL_MS)
            this.#enter('stalled',
                'No picture is coming in. It goes on by itself when the source is back.');
        else if (moved || (this.join.packet && !this.hasVideo))
            this.#enter('playing', '');
    }

    // A server that was restarted knows nothing of this session: no use in waiting for it.
    async #ask(mine) {
        const response = await fetch(this.#url, {signal: AbortSignal.timeout(ASK_MS)});
        if (mine === this.#attempt && response.status === 404)
            this.#lost('The server has started anew. Reconnecting.');
    }
}
