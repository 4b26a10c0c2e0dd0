# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium on a player page, watched from outside the page's own script."""
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

from browser import Browser

DRIVER, BROWSER = "/usr/bin/chromedriver", "/usr/bin/chromium"
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests run as root of a namespace
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--window-size=1000,800",
)

TIMEOUT_S = 60  # of a page and of a script
NTP_OFFSET_MS = 2208988800000  # 1900 to 1970

# Runs before the page's script: notes each POST, each peer connection and the first picture shown.
SPY = """
window.spy = { posts: [], connections: [], firstFrame: null, errors: [] };
addEventListener('error', (e) => spy.errors.push(e.message));
addEventListener('unhandledrejection', (e) => spy.errors.push(String(e.reason)));
const realFetch = window.fetch;
window.fetch = function (resource, init) {
    const method = (init && init.method) || resource.method || 'GET';
    if (method.toUpperCase() === 'POST')
        spy.posts.push(performance.now());
    return realFetch.apply(this, arguments);
};
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
        super(...args);
        spy.connections.push(this);
    }
};
function watch() {
    const video = window.rtcfan?.video;
    if (!video)
        return setTimeout(watch, 5);
    video.requestVideoFrameCallback(() => { spy.firstFrame = performance.now(); });
}
watch();
"""


class Chromium(Browser):
    CONNECTION = "spy.connections.at(-1)"
    EPOCH_MS = NTP_OFFSET_MS

    def __init__(self, folder, host=None):
        """host: a netns.Neighbour; it runs there, or here."""
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        if host:
            options.binary_location = self._door(folder, host)
            options.add_argument("--remote-debugging-pipe")  # the driver has no port to reach there
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={folder / 'chromium'}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        service = Service(DRIVER, log_path=str(folder / "chromedriver.log"))
        self.driver = webdriver.Chrome(service=service, options=options)
        self.driver.set_page_load_timeout(TIMEOUT_S)
        self.driver.set_script_timeout(TIMEOUT_S)
        self.before_pages(SPY)

    @staticmethod
    def _door(folder, host):
        """A program that runs Chromium there. The driver stays here, as the test talks to it."""
        door = folder / "chromium-there"
        line = " ".join(host.command([BROWSER]))
        door.write_text(f'#!/bin/sh\nexec {line} "$@"\n', encoding="ascii")
        door.chmod(0o755)
        return str(door)

    def before_pages(self, script):
        """What runs in each page of this tab before its own scripts."""
        self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    def block(self, *patterns):
        """From now on nothing comes whose URL is like one of these, and no other pattern counts."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.setBlockedURLs", {"urls": patterns})

    def open(self, url):
        self.driver.get(url)

    def open_tab(self, url):
        """Opens it beside what is open; returns what turn_to() takes."""
        self.driver.switch_to.new_window("tab")
        self.before_pages(SPY)
        self.open(url)
        return self.driver.current_window_handle

    def turn_to(self, tab):
        """What is asked from now on is asked of this tab."""
        self.driver.switch_to.window(tab)

    def value(self, expression):
        return self.driver.execute_script(f"return {expression};")

    def run_async(self, script):
        return self.driver.execute_async_script(script)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def posts(self):
        return self.value("spy.posts.length")

    def first_frame_ms(self):
        """From the POST to the first picture on the page; None: none yet."""
        return self.value("spy.firstFrame && spy.firstFrame - spy.posts[0]")

    def console(self):
        return self.driver.get_log("browser")

    def screenshot(self, path):
        self.driver.save_screenshot(str(path))

    def __exit__(self, *_):
        self.driver.quit()
