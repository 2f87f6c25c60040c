"""A headless Chromium that shows one page and does what it is told, over the DevTools protocol. Loads nothing else.

Waits for what the page says of itself, never for time.
"""

import asyncio
import base64
import contextlib
import json
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--mute-audio",
    "--disable-features=IsolateSandboxedIframes",  # frames stay in reach of their page's tab
    "--force-color-profile=srgb", "--remote-debugging-port=0", "--remote-allow-origins=*",
)  # fmt: skip
PATIENCE = 60


def chromium() -> str:
    """The browser's path. Without one the test is skipped, with a reason; under `CI=true` it fails."""
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail("no Chromium to open the page with: apt-get install -y chromium")
    pytest.skip("NOT TESTED: there is no Chromium to open the page with; apt-get install -y chromium")


class Tab:
    """One tab. `errors` are what its console complains of, `requests` what it asked for beyond its own file."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._loaded = asyncio.Event()
        self.errors: list[str] = []
        self.requests: list[str] = []

    async def listen(self) -> None:
        """Reads what the browser says until it is gone."""
        async for message in self._socket:
            said = json.loads(message.data)
            if "id" in said:
                self._answers.pop(said["id"]).set_result(said)
            else:
                self._hear(said["method"], said.get("params", {}))

    def _hear(self, method: str, said: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Runtime.exceptionThrown":
                details = said["exceptionDetails"]
                self.errors.append(details.get("exception", {}).get("description", details["text"]))
            case "Log.entryAdded":
                self.errors.append(f"{said['entry']['level']}: {said['entry']['text']}")
            case "Runtime.consoleAPICalled" if said["type"] in {"error", "warning"}:
                self.errors.append(str(said["args"]))
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])

    async def ask(self, method: str, **params: Any) -> Any:
        """A command's result; `AssertionError` when the browser refuses."""
        self._last += 1
        answer = self._answers[self._last] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._last, "method": method, "params": params})
        said = await asyncio.wait_for(answer, PATIENCE)
        assert "error" not in said, (method, said["error"])
        return said["result"]

    async def fresh(self) -> None:
        """As after its start: an empty page in a window of its own size, no complaints."""
        await self.load("about:blank")
        await self.size(1440, 1100)
        await self.theme("light")
        self.errors.clear()
        self.requests.clear()

    async def load(self, address: str) -> None:
        """Shows whatever is at an address."""
        self._loaded.clear()
        await self.ask("Page.navigate", url=address)
        await asyncio.wait_for(self._loaded.wait(), PATIENCE)

    async def open(self, address: str) -> None:
        """Shows the page at an address, and waits until it says that it is ready."""
        await self.load(address)
        await self.js(
            "new Promise(done => { const look = () => document.documentElement.dataset.ready || "
            "document.querySelector('[role=alert]') ? done() : setTimeout(look, 5); look(); })"
        )
        await self.settle()

    async def js(self, expression: str) -> Any:
        """The value of an expression in the page, awaited; `AssertionError` with what it throws."""
        said = await self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    async def settle(self) -> None:
        """Two frames later everything that was asked for is drawn."""
        await self.js("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    async def size(self, width: int, height: int) -> None:
        """Sets the window."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def theme(self, name: str) -> None:
        """What the system prefers: `light` or `dark`."""
        await self.ask(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}]
        )

    async def key(self, key: str) -> None:
        """Presses a key and lets it go."""
        text = key if len(key) == 1 else ""
        await self.ask("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        await self.ask("Input.dispatchKeyEvent", type="keyUp", key=key)
        await self.settle()

    async def mouse(self, *steps: tuple[str, float, float], **params: Any) -> None:
        """Mouse events one after another: `mousePressed`, `mouseMoved`, `mouseReleased`, `mouseWheel`, each at a point."""
        for kind, x, y in steps:
            held = {"button": "left", "clickCount": 1} if kind != "mouseWheel" else {}
            await self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, **held, **params)
        await self.settle()

    async def click(self, x: float, y: float) -> None:
        """A click."""
        await self.mouse(("mouseMoved", x, y), ("mousePressed", x, y), ("mouseReleased", x, y))

    async def picture(self) -> bytes:
        """A PNG of the window."""
        shot = await self.ask("Page.captureScreenshot", format="png")
        return base64.b64decode(shot["data"])


@contextlib.asynccontextmanager
async def tab(profile: Path) -> AsyncIterator[Tab]:
    """A tab of a browser of its own, which is gone afterwards. `profile` is a folder that it may fill."""
    browser = await asyncio.create_subprocess_exec(
        chromium(), *FLAGS, f"--user-data-dir={profile}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert browser.stderr is not None
    try:
        address = await asyncio.wait_for(_address(browser.stderr), PATIENCE)
        drain = asyncio.create_task(_drain(browser.stderr))
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{address}/json/list") as answer:
                pages = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(pages[0]["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                made = Tab(socket)
                listening = asyncio.create_task(made.listen())
                for domain in ("Page", "Runtime", "Log", "Network"):
                    await made.ask(f"{domain}.enable")
                yield made
                listening.cancel()
        drain.cancel()
    finally:
        with contextlib.suppress(ProcessLookupError):
            browser.kill()
        await browser.wait()


async def _address(lines: asyncio.StreamReader) -> str:
    """The host and port that the browser says it listens at."""
    async for line in lines:
        head, mark, rest = line.decode(errors="replace").partition("DevTools listening on ws://")
        if mark and not head.strip():
            return rest.split("/")[0]
    raise AssertionError("the browser ended before it listened")


async def _drain(lines: asyncio.StreamReader) -> None:
    async for _ in lines:
        pass
