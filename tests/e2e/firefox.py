# SPDX-License-Identifier: Apache-2.0
"""A headless Firefox on a player page."""
import base64
import json
import os
import signal
import subprocess

from browser import Browser
from marionette import Marionette, MarionetteError
from process import Process, until

PROGRAM = "/usr/bin/firefox-esr"
START_TIMEOUT_S, END_TIMEOUT_S = 60, 20
TIMEOUT_MS = 60000  # of a page and of a script
SCREEN = {"MOZ_HEADLESS_WIDTH": "1000", "MOZ_HEADLESS_HEIGHT": "800"}

# Firefox offers H.264 where it has OpenH264, which it downloads, or where a decoder of the machine
# is said to be hardware. The first of these says so (nsIGfxInfo::FEATURE_STATUS_OK), and FFmpeg
# decodes.
H264 = {"gfx.blacklist.webrtc.hw.acceleration.h264": 1, "media.webrtc.hw.h264.enabled": True}
PREFERENCES = {"marionette.port": 0, **H264}  # 0: any port, which it writes into its profile

# Errors of pages since it started. What it warns of, such as a password without TLS, is no matter.
CONSOLE = """
return Services.console.getMessageArray()
    .filter((m) => m instanceof Ci.nsIScriptError && m.sourceName.startsWith('http') &&
        !(m.flags & (Ci.nsIScriptError.warningFlag | Ci.nsIScriptError.infoFlag)))
    .map((m) => `${m.sourceName}:${m.lineNumber}: ${m.errorMessage}`);
"""
PREFER = """
const [name, value] = arguments;
Services.prefs[typeof value === 'number' ? 'setIntPref' : 'setBoolPref'](name, value);
"""


class Firefox(Browser):
    def __init__(self, folder):
        profile = folder / "firefox"
        profile.mkdir()
        (profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in PREFERENCES.items()))
        self.process = Process(
            [PROGRAM, "--headless", "--marionette", "--remote-allow-system-access", "--no-remote",
             "--profile", profile],
            folder / "firefox.log", env={**os.environ, **SCREEN, "HOME": str(folder)},
            process_group=0)
        self._marionette = None
        try:
            self._begin(profile / "MarionetteActivePort")
        except BaseException:
            self.kill()
            raise

    def _begin(self, port):
        until(lambda: port.exists() and port.read_text() or not self.process.running(),
              START_TIMEOUT_S, "Firefox's start")
        assert self.process.running(), self.process.output()
        self._marionette = Marionette(int(port.read_text()))
        self._call("WebDriver:NewSession", capabilities={})
        self._call("WebDriver:SetTimeouts", pageLoad=TIMEOUT_MS, script=TIMEOUT_MS)

    def _call(self, command, **parameters):
        return self._marionette.call(command, **parameters).get("value")

    def _run(self, script, *arguments):
        return self._call("WebDriver:ExecuteScript", script=script, args=arguments)

    def _run_as_browser(self, script, *arguments):
        self._call("Marionette:SetContext", value="chrome")
        try:
            return self._run(script, *arguments)
        finally:
            self._call("Marionette:SetContext", value="content")

    def prefer(self, name, value):
        """Of what has a connection, from the next page on."""
        self._run_as_browser(PREFER, name, value)

    def open(self, url):
        self._call("WebDriver:Navigate", url=url)

    def reload(self):
        self._call("WebDriver:Refresh")

    def value(self, expression):
        return self._run(f"return {expression};")

    def run_async(self, script):
        return self._call("WebDriver:ExecuteAsyncScript", script=script, args=[])

    def press(self, *keys):
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._call("WebDriver:PerformActions",
                   actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def console(self):
        """What went wrong on pages so far, and where."""
        return self._run_as_browser(CONSOLE)

    def screenshot(self, path):
        picture = self._call("WebDriver:TakeScreenshot", full=False)
        path.write_bytes(base64.b64decode(picture))

    def kill(self):
        """All its processes at once, so that none says goodbye."""
        if self.process.running():
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        if self._marionette:
            self._marionette.close()

    def __exit__(self, *_):
        try:
            if self.process.running():
                self._call("Marionette:Quit", flags=["eForceQuit"])
                self.process.child.wait(END_TIMEOUT_S)
        except (MarionetteError, OSError, subprocess.TimeoutExpired):
            pass  # it is ended anyhow
        self.kill()
