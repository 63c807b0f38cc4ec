"""A real browser, driven over a pipe: open a page at a width, by day or by night, and see what happens.

Chromium speaks the DevTools protocol on two pipes (JSON, each message ended by a zero byte). No port is
opened, no other library is needed, and the browser ends with the block that started it.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fathom.publish.errors import BookError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 60.0  # seconds for an answer
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
    "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--remote-debugging-pipe", "about:blank",
)  # fmt: skip

# The browser reads file 3 and writes file 4: put our pipes there, then become the browser.
LAUNCHER = """import fcntl, os, sys
pipes = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""


def program() -> str | None:
    """The browser of this computer, if there is one."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@dataclass
class Seen:
    """What a page did while it was open."""

    errors: list[str] = field(default_factory=list)  # said on its console, or thrown
    requests: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # addresses that gave nothing


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own. Raises BookError where there is none."""
    name = program()
    if name is None:
        raise BookError("no chromium here: apt-get install chromium")
    if os.name == "nt":
        raise BookError(
            "pages are opened over pipes that Windows does not have; use Linux or macOS"
        )
    ours, theirs = os.pipe(), os.pipe()  # to the browser, and from it
    with tempfile.TemporaryDirectory(
        prefix="fathom-browser-", ignore_cleanup_errors=True
    ) as folder:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", LAUNCHER, str(ours[0]), str(theirs[1]),
             name, f"--user-data-dir={folder}", *OPTIONS],
            pass_fds=(ours[0], theirs[1]), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(ours[0])
        os.close(theirs[1])
        try:
            yield Browser(ours[1], theirs[0])
        finally:
            os.close(ours[1])  # the browser ends when nobody speaks to it any more
            os.close(theirs[0])
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Browser:
    """Sends commands and keeps what the browser says in between."""

    def __init__(self, to: int, back: int):
        self.to, self.back = to, back
        self.rest = b""
        self.count = 0
        self.sessions: dict[str, Seen] = {}
        self.frames: dict[str, list[str]] = {}  # the sessions of a page and of the frames in it
        self.loaded: set[str] = set()

    def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """A command and its answer. Raises BookError when the browser refuses it or says nothing."""
        number = self.post(method, session, parameters)
        end = time.monotonic() + PATIENCE
        while True:
            message = self.read(end, f"what {method} gave")
            if message.get("id") == number:
                if "error" in message:
                    raise BookError(f"the browser refuses {method}: {message['error']['message']}")
                return message["result"]
            self.note(message)

    def post(self, method: str, session: str | None, parameters: dict[str, Any]) -> int:
        """Sends a command without waiting; returns its number."""
        self.count += 1
        message: dict[str, Any] = {"id": self.count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        try:
            while data:
                data = data[os.write(self.to, data) :]
        except BrokenPipeError as error:
            raise BookError(f"the browser ended before it was asked for {method}") from error
        return self.count

    def read(self, end: float, waiting_for: str) -> dict[str, Any]:
        """The next message, before a moment."""
        while b"\0" not in self.rest:
            ready, _, _ = select.select([self.back], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                raise BookError(f"the browser did not say {waiting_for} in {PATIENCE:g} seconds")
            data = os.read(self.back, 1 << 20)
            if not data:
                raise BookError(f"the browser ended before it said {waiting_for}")
            self.rest += data
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)

    def note(self, message: dict[str, Any]) -> None:
        """Keeps what an event tells."""
        method, told = message.get("method", ""), message.get("params", {})
        session = message.get("sessionId", "")
        seen = self.sessions.get(session, Seen())
        if method == "Target.attachedToTarget":
            self.attach(told, session)
        elif method == "Page.loadEventFired":
            self.loaded.add(session)
        elif method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            seen.errors.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled" and told["type"] in (
            "error",
            "warning",
            "assert",
        ):
            seen.errors.append(
                " ".join(str(x.get("value", x.get("description"))) for x in told["args"])
            )
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            seen.errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}".strip())
        elif method == "Network.requestWillBeSent":
            seen.requests.append(told["request"]["url"])
        elif method == "Network.loadingFailed" and not told.get("canceled"):
            seen.failed.append(told["errorText"])

    def attach(self, told: dict[str, Any], above: str) -> None:
        """A page, or a frame of one that runs in a process of its own: listen to it, then let it go on."""
        session = told["sessionId"]
        page = next((p for p, members in self.frames.items() if above in members), session)
        self.frames.setdefault(page, []).append(session)
        self.sessions[session] = self.sessions.get(page) or Seen()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.post(f"{domain}.enable", session, {})
        follow = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}
        self.post("Target.setAutoAttach", session, follow)
        self.post("Runtime.runIfWaitingForDebugger", session, {})

    @contextmanager
    def page(
        self, address: str, width: int, height: int = 900, dark: bool = False
    ) -> Iterator[Page]:
        """Opens a page and waits until it is loaded; closed with the block."""
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        if session not in self.sessions:
            self.attach({"sessionId": session}, "")
        try:
            page = Page(self, session)
            page.resize(width, height)
            scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
            self.send("Emulation.setEmulatedMedia", session, features=[scheme])
            self.send("Page.navigate", session, url=address)
            page.wait()
            yield page
        finally:
            self.send("Target.closeTarget", targetId=target)


class Page:
    """An open page."""

    def __init__(self, browser: Browser, session: str):
        self.browser = browser
        self.session = session
        self.seen = browser.sessions[session]

    def wait(self) -> None:
        """Until the page, with its pictures and scripts, is loaded."""
        end = time.monotonic() + PATIENCE
        while self.session not in self.browser.loaded:
            self.browser.note(self.browser.read(end, "that the page is loaded"))

    def run(self, script: str) -> Any:
        """The value of an expression in the page; of a promise, what it comes to."""
        done = self.browser.send(
            "Runtime.evaluate",
            self.session,
            expression=script,
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in done:
            details = done["exceptionDetails"]
            raise BookError(details.get("exception", {}).get("description") or details["text"])
        return done["result"].get("value")

    def frames(self) -> list[Page]:
        """The frames of the page that run in processes of their own."""
        inner = self.browser.frames.get(self.session, [])[1:]
        return [Page(self.browser, session) for session in inner]

    def picture(self) -> bytes:
        """The whole page as a PNG."""
        # Frames are drawn within the window only, so the window grows to the height of the page.
        size = self.run("[innerWidth, innerHeight, document.documentElement.scrollHeight]")
        self.resize(size[0], size[2])
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        shot = self.browser.send("Page.captureScreenshot", self.session, format="png")
        self.resize(size[0], size[1])
        return base64.b64decode(shot["data"])

    def resize(self, width: int, height: int) -> None:
        """Gives the window another size."""
        self.browser.send(
            "Emulation.setDeviceMetricsOverride", self.session, width=width, height=height,
            deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
