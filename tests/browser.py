"""A headless browser for tests of pages: the page, and everything it complained of or asked for.

A test takes the fixture ``page``, opens something with `Page.open`, and is failed in the end if the page wrote an
error to the console, raised one, or asked for anything but itself. `axe` says what is wrong for people who use
assistive technology.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Request
    from playwright.sync_api import Page as Tab

CHROMIUM = shutil.which("chromium")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass
class Page:
    """One tab, and what went wrong in it."""

    tab: Tab
    complaints: list[str] = field(default_factory=list)
    """errors on the console, errors that were raised, and requests to elsewhere"""

    def __post_init__(self) -> None:
        self.tab.on("console", self._on_console)
        self.tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.tab.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _on_request(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if asked.scheme != "file" and asked.hostname != "127.0.0.1":
            self.complaints.append(f"a request to {request.url}")

    def open(self, address: str) -> Tab:
        """Load a page: a ``file://`` one, or one that is served on 127.0.0.1."""
        self.tab.goto(address)
        return self.tab

    def axe(self) -> list[str]:
        """What the page lacks in accessibility (axe-core): a line for each rule and element."""
        from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 - reads a large script when imported

        found = Axe().run(self.tab).response["violations"]
        return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; a test without it is skipped, unless ``ZABCHECK_BROWSER=required``.

    While it lives, an event loop runs in this thread, and tests with one of their own cannot: it ends with its module.
    """
    if CHROMIUM is None:
        reason = "chromium is not installed"
        if os.environ.get("ZABCHECK_BROWSER") == "required":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - starts a process of its own

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield launched
        launched.close()


@pytest.fixture
def page_options() -> dict[str, Any]:
    """How the tab is: parametrise or override for another width, or for ``color_scheme="dark"``."""
    return {"viewport": {"width": 1280, "height": 900}}


@pytest.fixture
def page(browser: Browser, page_options: dict[str, Any]) -> Iterator[Page]:
    """A fresh tab that must not complain."""
    context = browser.new_context(**page_options)
    made = Page(context.new_page())
    yield made
    context.close()
    assert made.complaints == []
