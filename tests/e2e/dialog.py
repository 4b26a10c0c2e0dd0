# SPDX-License-Identifier: Apache-2.0
"""Who answers when Chromium itself asks for a user and password.

    with Dialog(chromium) as dialog:
        chromium.open(...)  # dialog.asked: how often it asked
"""
import asyncio
import json
import threading
import urllib.request

import aiohttp

START_S = 30


class Dialog:
    """Of the tab that is open; by the DevTools protocol, as WebDriver does not know this dialog."""

    def __init__(self, chromium, answer=None):
        """answer: user and password, None: it is closed."""
        self.answer, self.asked = answer, 0
        options = chromium.driver.capabilities["goog:chromeOptions"]
        self._list = f"http://{options['debuggerAddress']}/json/list"
        self._tab = chromium.driver.current_window_handle
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        self._task = self._loop.create_task(self._serve())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        self._loop.close()

    async def _serve(self):
        with urllib.request.urlopen(self._list, timeout=START_S) as tabs:
            url = next(tab["webSocketDebuggerUrl"] for tab in json.load(tabs)
                       if tab["id"] in self._tab)
        async with aiohttp.ClientSession() as session, session.ws_connect(url) as tab:
            await tab.send_json({"id": 0, "method": "Fetch.enable",
                                 "params": {"handleAuthRequests": True}})
            async for message in tab:
                await self._take(tab, message.json())

    async def _take(self, tab, event):
        self._ready.set()
        what, params = event.get("method"), event.get("params", {})
        command = {"requestId": params.get("requestId")}
        if what == "Fetch.requestPaused":
            await tab.send_json({"id": 1, "method": "Fetch.continueRequest", "params": command})
        elif what == "Fetch.authRequired":
            self.asked += 1
            command["authChallengeResponse"] = {"response": "CancelAuth"} if not self.answer else {
                "response": "ProvideCredentials", "username": self.answer[0],
                "password": self.answer[1]}
            await tab.send_json({"id": 1, "method": "Fetch.continueWithAuth", "params": command})

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(START_S), "Chromium's DevTools do not answer"
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
