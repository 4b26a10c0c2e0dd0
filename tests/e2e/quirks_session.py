# SPDX-License-Identifier: Apache-2.0
"""Cameras at fault in what keeps a session: keepalives, passwords, redirects, the end of it."""
import hashlib
import re

from bad_camera import AUDIO, TICK_S, VIDEO, Camera, quirk

# ---- keepalives ----


@quirk
class Keepalive(Camera):
    """Closes the connection of who does not ask in time."""

    timeout_s = 2
    keepalive = "GET_PARAMETER"

    def unheard_s(self, connection):
        """Since it asked. Ticks are counted, each for what it lasted at most: while the machine
        stands still nobody can ask."""
        since = [each for each in self.sent if each > connection.heard]
        return sum(min(after - before, TICK_S) for before, after in zip(since, since[1:]))

    def on_tick(self, connection, tick):
        if self.unheard_s(connection) > 2 * self.timeout_s:  # the machine may be slow
            connection.close()

    def judge(self, seen):
        assert len(self.asked(self.keepalive)) >= 2


@quirk
class KeepaliveByOptions(Keepalive):
    public = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"
    keepalive = "OPTIONS"


@quirk
class KeepaliveRefused(Keepalive):
    """With 400, then OPTIONS with 454 and 501."""

    refusals = [(400, "Bad Request"), (454, "Session Not Found"), (501, "Not Implemented")]
    keepalive = "OPTIONS"

    def get_parameter(self, connection, request):
        connection.reply(request, *self.refusals[len(self.asked("GET_PARAMETER")) % 3])

    def options(self, connection, request):
        if connection.task:
            connection.reply(request, *self.refusals[len(self.asked("OPTIONS")) % 3])
        else:
            super().options(connection, request)


@quirk
class KeepaliveMiscounted(Keepalive):
    def get_parameter(self, connection, request):
        connection.reply(request, cseq=7)


@quirk
class KeepaliveUnanswered(Keepalive):
    def get_parameter(self, connection, request):
        pass


# ---- passwords ----

USER, PASSWORD = "viewer", "the-camera's-own"


def parameters(header):
    """Of an Authorization: quoted or not."""
    found = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', header)
    return {name: quoted or plain for name, quoted, plain in found}


class Digest(Camera):
    credentials = f"{USER}:{PASSWORD}"
    realm = "camera"
    qop = ""
    algorithm = ""
    hash = "md5"
    opaque = ""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.nonces = 1
        self.counts = []

    @property
    def nonce(self):
        return f"nonce{self.nonces}"

    def challenge(self, stale=False):
        parts = [f'realm="{self.realm}"', f'nonce="{self.nonce}"']
        parts += [f'opaque="{self.opaque}"'] if self.opaque else []
        parts += [f'qop="{self.qop}"'] if self.qop else []
        parts += [f"algorithm={self.algorithm}"] if self.algorithm else []
        parts += ["stale=true"] if stale else []
        return [("WWW-Authenticate", "Digest " + ", ".join(parts))]

    def refuse(self, connection, request, stale=False):
        connection.reply(request, 401, "Unauthorized", self.challenge(stale))
        return False

    def _hash(self, *parts):
        return hashlib.new(self.hash, ":".join(parts).encode()).hexdigest()

    def is_right(self, request):
        given = parameters(request["authorization"])
        if given.get("nonce") != self.nonce or given.get("uri") != request.url:
            return False
        secret = self._hash(USER, self.realm, PASSWORD)
        if self.algorithm.endswith("-sess"):
            secret = self._hash(secret, self.nonce, given["cnonce"])
        middle = [self.nonce]
        if self.qop:
            assert given["qop"] == "auth" and int(given["nc"], 16) > 0
            middle += [given["nc"], given["cnonce"], "auth"]
            self.counts.append((self.nonce, given["nc"]))
        right = self._hash(secret, *middle, self._hash(request.method, request.url))
        return given["response"] == right and given.get("opaque", "") == self.opaque \
            and given["realm"] == self.realm and given.get("algorithm", "") in ("", self.algorithm)

    def admit(self, connection, request):
        return self.is_right(request) or self.refuse(connection, request)

    def judge(self, seen):
        assert len(set(self.counts)) == len(self.counts), "a nonce count came twice"


@quirk
class DigestOldest(Digest):
    """As in RFC 2069: no qop, no algorithm."""


@quirk
class DigestQop(Digest):
    qop, algorithm, opaque = "auth,auth-int", "MD5", "5ccc069c403ebaf9f0171e9517f40e41"


@quirk
class DigestSha256(Digest):
    qop, algorithm, hash = "auth", "SHA-256", "sha256"


@quirk
class DigestSess(Digest):
    qop, algorithm = "auth", "MD5-sess"


@quirk
class DigestSeveral(DigestSha256):
    """Basic and two Digests, in one line."""

    def challenge(self, stale=False):
        common = f'realm="{self.realm}", nonce="{self.nonce}", qop="auth"'
        return [("WWW-Authenticate", f'Basic realm="{self.realm}", Digest {common}, algorithm=MD5, '
                                     f"Digest {common}, algorithm=SHA-256")]


@quirk
class DigestSeveralLines(DigestSha256):
    def challenge(self, stale=False):
        common = f'realm="{self.realm}", nonce="{self.nonce}", qop="auth"'
        return [("WWW-Authenticate", f"Digest {common}, algorithm=SHA-512-256"),
                ("WWW-Authenticate", f"Digest {common}, algorithm=SHA-256"),
                ("WWW-Authenticate", f"Digest {common}, algorithm=MD5"),
                ("WWW-Authenticate", f'Basic realm="{self.realm}"')]


@quirk
class DigestOddRealm(Digest):
    realm = r"a \"camera\", number=1, Basic"


@quirk
class DigestNonceEachTime(Digest):
    """Takes a nonce once."""

    def admit(self, connection, request):
        right = self.is_right(request)
        self.nonces += 1
        return right or self.refuse(connection, request)


@quirk
class DigestStale(Digest):
    """The nonce runs out while it plays: for a keepalive, and for TEARDOWN."""

    qop, timeout_s = "auth", 2

    def admit(self, connection, request):
        if request.method in ("GET_PARAMETER", "TEARDOWN") and "nonce" in request.text and \
                len(self.asked(request.method)) % 2:
            self.nonces += 1
            return self.refuse(connection, request, stale=True)
        return super().admit(connection, request)

    def judge(self, seen):
        super().judge(seen)
        assert len(self.asked("GET_PARAMETER")) >= 2
        assert all(self.is_right(again) for again in self.asked("TEARDOWN")[1:])


@quirk
class DigestWrong(Digest):
    plays = False
    credentials = f"{USER}:wrong"
    last_error = "401 from 127.0.0.1: wrong user or password in the source URL"


# ---- redirects ----


class Redirect(Camera):
    hops = 1

    def location(self, hop):
        return f"{self.base}/hop{hop}"

    def hop_of(self, request):
        return int((re.search(r"/hop(\d)", request.url) or [0, "0"])[1])

    def move(self, connection, request):
        location = self.location(self.hop_of(request) + 1)
        connection.reply(request, 302, "Found", [("Location", location)])

    def describe(self, connection, request):
        if self.hop_of(request) < self.hops:
            self.move(connection, request)
        else:
            super().describe(connection, request)


@quirk
class RedirectThrice(Redirect):
    hops = 3

    def judge(self, seen):
        assert self.connections == 4


@quirk
class RedirectForEver(Redirect):
    hops = 4
    plays = False
    last_error = "302 from 127.0.0.1: more than 3 redirects; put the final URL into the"


@quirk
class RedirectRelative(Redirect):
    def location(self, hop):
        return f"/{self.name}/hop{hop}"


@quirk
class RedirectAway(Redirect):
    """To another host, which asks for a password and must not get this one's."""

    credentials = f"{USER}:{PASSWORD}"

    def location(self, hop):
        return super().location(hop).replace("127.0.0.1", "127.0.0.2")

    def admit(self, connection, request):
        if self.connections > 1 or request["authorization"]:
            return True
        connection.reply(request, 401, "Unauthorized", [("WWW-Authenticate", 'Basic realm="x"')])
        return False

    def judge(self, seen):
        away = [request for request in self.requests if "127.0.0.2" in request.url]
        assert away and not any(request["authorization"] for request in away)


@quirk
class RedirectOfSetup(Redirect):
    """The one slot that it has must be free when the client comes back."""

    tracks = (VIDEO, AUDIO)
    hops = 0

    def setup(self, connection, request):
        if self.connections == 1 and request.url == self.setup_url(AUDIO):
            self.move(connection, request)
        elif self.connections > 1 and not self.asked("TEARDOWN"):
            connection.reply(request, 453, "Not Enough Bandwidth")
        else:
            super().setup(connection, request)


@quirk
class RedirectRequest(Redirect):
    """Sends its client away while it plays, and hangs up at TEARDOWN."""

    hops = 0
    even = whole = False

    def on_tick(self, connection, tick):
        if tick == self.event and self.connections == 1:
            connection.ask("REDIRECT", 9, [f"Location: {self.location(1)}"])

    def teardown(self, connection, request):
        connection.close()

    def judge(self, seen):
        assert self.connections == 2
        assert len(self.asked("TEARDOWN")) == 2, "one for each session"
        assert self.answers[0].url == "200" and self.answers[0]["cseq"] == "9"


# ---- the end of it ----


@quirk
class OneSlot(Camera):
    """Fails at PLAY once, and has no room until that session is torn down; hangs up at that."""

    connects = 2
    last_error = "500 Internal Server Error from 127.0.0.1 in answer to PLAY"
    taken = False

    def setup(self, connection, request):
        if self.taken:
            connection.reply(request, 453, "Not Enough Bandwidth")
        else:
            self.taken = True
            super().setup(connection, request)

    def play(self, connection, request):
        if self.connections == 1:
            connection.reply(request, 500, "Internal Server Error")
        else:
            super().play(connection, request)

    def teardown(self, connection, request):
        self.taken = False
        connection.close()


@quirk
class LostSession(Camera):
    """Has forgotten the session at PLAY."""

    connects = 2

    def play(self, connection, request):
        if self.connections == 1:
            connection.reply(request, 454, "Session Not Found")
        else:
            super().play(connection, request)


@quirk
class TeardownUnanswered(Camera):
    def teardown(self, connection, request):
        pass


@quirk
class Full(Camera):
    plays = False
    last_error = "453 from 127.0.0.1: it is too busy; check how many clients it allows"

    def setup(self, connection, request):
        connection.reply(request, 453, "Not Enough Bandwidth")
