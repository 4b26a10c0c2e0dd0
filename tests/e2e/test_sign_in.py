# SPDX-License-Identifier: Apache-2.0
"""A stream that is not for everybody, on the program's page, in frames and in somebody's page."""
import time

import pytest

import token_maker
from cameras import BenchSource
from chromium import Chromium
from dialog import Dialog
from hook import Hook
from page_server import PageServer, guest
from process import until
from server import BASE, Server
from test_auth import FAILURES, SECRET, TOKEN, claims, sha256
from test_player import AUTHORISE, OFFERED

SMALL = ("--resolution", "320x180", "--bitrate", "300", "--gop", "1s", "--name", "demo")
RIGHT = {"user": "ann", "password": SECRET}
NEEDED = "This stream needs a user and password, or a token."
WRONG = "These credentials are not right. Please sign in again."
SLOWER = "Too many wrong credentials came from this address."
GUESSES = 10 * FAILURES  # however slowly a machine makes them: one more is allowed each second
EXPIRES_S = 12  # page and offer come before
SHOWN_S = 60
TILE = "rtcfan.tiles?.get('users').player.state"


@pytest.fixture(scope="module")
def hook():
    with Hook() as hook:
        hook.answer = 401
        yield hook


@pytest.fixture(scope="module")
def server(folder, hook):
    """users, jwt and hook: streams that ask so. open: one for everybody."""
    (folder / "key").write_bytes(token_maker.SECRET)
    auth = (f'auth = {{ users = ( {{ user = "ann"; password = "{sha256(SECRET, "x1")}"; }} ); '
            f'tokens = [ "{sha256(TOKEN)}" ]; hook = "{hook.url}"; '
            f'jwt_key = "{folder}/key"; jwt_audience = "rtcfan"; }};\n')
    with BenchSource(folder, *SMALL) as camera:
        streams = {name: {"source": camera.url, "read_auth": name if name != "open" else "none"}
                   for name in ("users", "jwt", "hook", "open")}
        with Server(folder, streams, auth) as server:
            server.wait_live("open")
            yield server


@pytest.fixture
def chromium(tmp_path):
    """Nobody has signed in with it."""
    with Chromium(tmp_path) as chromium:
        yield chromium


@pytest.fixture
def dialog(chromium):
    """Somebody closes it."""
    with Dialog(chromium) as dialog:
        yield dialog


def jwt(seconds=60):
    return token_maker.make(token_maker.Hmac(), claims(["jwt"], seconds))


def sign_in(chromium, **fields):
    chromium.driver.execute_script(AUTHORISE, fields)


def wait_message(chromium, text):
    until(lambda: text in (chromium.message() or ""), SHOWN_S, f"the page to say: {text}")


def test_a_browser_asks_once(server, chromium, dialog):
    """What is said in its dialog opens the page, the stream, and the wall."""
    dialog.answer = "ann", SECRET
    chromium.open(server.page("users"))
    chromium.wait_state("playing")
    chromium.open(f"{BASE}/wall?streams=users")
    until(lambda: chromium.value(TILE) == "playing", SHOWN_S, "the wall")
    assert dialog.asked == 1


def test_a_password_in_the_address(server, chromium):
    chromium.open(BASE.replace("//", f"//ann:{SECRET}@") + "/users/")
    chromium.wait_state("playing")


def test_the_wall_asks_once(server, chromium, dialog):
    dialog.answer = "ann", SECRET
    chromium.open(f"{BASE}/wall?streams=users,open")
    until(lambda: chromium.value(TILE) == "playing", SHOWN_S, "the wall")
    assert dialog.asked == 1


@pytest.mark.parametrize("name,fields", [("users", RIGHT), ("users", {"token": TOKEN}),
                                         ("jwt", {"token": jwt()})],
                         ids=["password", "token", "jwt"])
def test_the_page_asks_who_has_closed_the_dialog(server, chromium, dialog, name, fields):
    chromium.open(server.page(name))
    assert chromium.wait_state("unauthorised") == NEEDED
    assert dialog.asked == 1
    assert all(chromium.value(OFFERED.format(field)) for field in ("user", "password", "token"))
    sign_in(chromium, **fields)
    chromium.wait_state("playing")
    assert chromium.posts() <= 3
    # The next page of this tab need not ask.
    chromium.open(server.page(name))
    chromium.wait_state("playing")


def test_wrong_ones_may_be_put_right(server, chromium, dialog):
    chromium.open(server.page("users"))
    chromium.wait_state("unauthorised")
    sign_in(chromium, user="ann", password="wrong")
    wait_message(chromium, WRONG)
    assert chromium.value(OFFERED.format("form"))
    sign_in(chromium, **RIGHT)
    chromium.wait_state("playing")


def answer(chromium):
    """What is said once it is known what came of an offer; it goes on after a second."""
    state, message = chromium.value("[rtcfan.state, rtcfan.message]")
    return state in ("unauthorised", "waiting") and message


def test_guesses_are_slowed_down(server, chromium, dialog):
    """The page says so, and goes on by itself when the server lets it."""
    chromium.open(server.page("users"))
    chromium.wait_state("unauthorised")
    message = NEEDED
    for guess in range(GUESSES):
        sign_in(chromium, user="ann", password=str(guess))
        message = until(lambda: answer(chromium), SHOWN_S, "an answer")
        if SLOWER in message:
            break
    assert SLOWER in message
    before, since = chromium.value("rtcfan.posts"), time.monotonic()
    chromium.wait_state("unauthorised")
    assert chromium.value("rtcfan.posts") - before <= 2 + (time.monotonic() - since)
    sign_in(chromium, **RIGHT)
    chromium.wait_state("playing")


@pytest.mark.parametrize("query", ["token", "jwt"])
def test_a_token_in_the_address(server, chromium, dialog, query):
    chromium.open(f"{server.page('jwt')}?{query}={jwt()}")
    chromium.wait_state("playing")
    chromium.open(f"{server.page('jwt')}?{query}=wrong")
    message = chromium.wait_state("unauthorised")
    assert message == "The token is no JSON Web Token. Please sign in again."


def test_a_token_expires_while_it_plays(server, chromium):
    chromium.open(f"{server.page('jwt')}?token={jwt(EXPIRES_S)}")
    chromium.wait_state("playing")
    wait_message(chromium, "The token has expired.")
    assert chromium.state() == "unauthorised"
    sign_in(chromium, token=jwt())
    chromium.wait_state("playing")


def test_a_hook_decides(server, chromium, dialog, hook):
    chromium.open(server.page("hook"))
    chromium.wait_state("unauthorised")
    hook.answer = 403
    sign_in(chromium, **RIGHT)
    wait_message(chromium, "You may not watch this stream")
    hook.answer = 200
    chromium.open(server.page("hook"))
    chromium.wait_state("playing")
    hook.answer = 401


def test_in_a_frame_of_another_origin(server, chromium, dialog):
    page = (f'<!doctype html><iframe src="{server.page("users")}?embed" width="640" height="360">'
            '</iframe>')
    with PageServer({"/": page}) as elsewhere:
        chromium.open(elsewhere.url)
        chromium.driver.switch_to.frame(0)
        chromium.wait_state("unauthorised")
        sign_in(chromium, **RIGHT)
        chromium.wait_state("playing")


def test_in_a_page_of_another_origin(server, chromium):
    """It says so, and gives a token of its own, or a better one later."""
    with PageServer({"/": guest(server.page("jwt"))}) as elsewhere:
        chromium.open(elsewhere.url)
        assert chromium.wait_state("unauthorised") == NEEDED
        chromium.driver.execute_script("rtcfan.setAttribute('token', 'wrong');")
        wait_message(chromium, "The token is no JSON Web Token. Please sign in again.")
        chromium.driver.execute_script("rtcfan.setAttribute('token', arguments[0]);", jwt())
        chromium.wait_state("playing")
