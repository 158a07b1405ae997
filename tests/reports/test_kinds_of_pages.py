"""Every kind of page as a user gets it: in both widths, light and dark, on paper, with nothing asked of elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.traces.story import legal
from zabcheck.cli.main import main
from zabcheck.traces import jsonl
from zabcheck.traces.event import Looking, Notified, Recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser import Page

SMALL = ("--servers", "2", "--transactions", "1", "--epochs", "1")
FITS = "document.documentElement.scrollWidth <= innerWidth"


def recording(folder: Path, *, rejected: bool = False, silent: bool = False) -> str:
    """A recording, perhaps with a vote that is not better than the one before, perhaps one that says too little."""
    story = legal()
    if rejected:
        story.find("s1/log", Notified, 2)["leader"] = 2
    path = folder / "events.jsonl"
    header = Recording(track="recording", seq=0, voters=(1, 2, 3), release="3.8.0")
    events = [Looking(track="s1/log", seq=3, server=1)] if silent else story.events()
    with path.open("wb") as stream:
        jsonl.write([header, *events], stream)
    return str(path)


KINDS: dict[str, tuple[Callable[[Path], tuple[str, ...]], int]] = {
    "violated": (
        lambda _: ("check", "zab", "--variant", "leader-keeps-its-history", "--property", "P1s", "--quiet"),
        1,
    ),
    "holds": (lambda _: ("check", "zab", *SMALL, "--quiet"), 0),
    "walked": (lambda _: ("simulate", "zab", *SMALL, "--walks", "3", "--quiet"), 3),
    "demo": (lambda _: ("demo", "orphan-discarded"), 0),
    "rejected": (lambda folder: ("validate", recording(folder, rejected=True), "--quiet"), 1),
    "conforming": (lambda folder: ("validate", recording(folder), "--quiet"), 0),
    "inconclusive": (lambda folder: ("validate", recording(folder, silent=True), "--quiet"), 3),
}
"""How each is asked for, and the exit status."""


@pytest.fixture(scope="module", params=KINDS)
def page_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    words, status = KINDS[request.param]
    file = folder / f"{request.param}.html"
    assert main([*words(folder), "--html", str(file)]) == status
    return file


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_it_is_accessible_and_fits(page: Page, page_file: Path, scheme: Any, width: int) -> None:
    page.tab.emulate_media(color_scheme=scheme)
    page.tab.set_viewport_size({"width": width, "height": 800})
    tab = page.open(page_file.as_uri())
    assert tab.locator("h1").inner_text()
    assert page.axe() == []
    assert tab.evaluate(FITS)


def test_it_prints(page: Page, page_file: Path) -> None:
    page.tab.emulate_media(media="print", color_scheme="dark")
    page.tab.set_viewport_size({"width": 720, "height": 1000})
    tab = page.open(page_file.as_uri())
    assert tab.evaluate("getComputedStyle(document.body).color") == "rgb(28, 36, 48)"
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate(FITS)
    assert tab.locator(".tools:visible, .detail:visible").count() == 0
    if tab.locator(".time").count():
        assert tab.evaluate(
            "(([time]) => time.scrollHeight <= time.clientHeight)(document.querySelectorAll('.time'))"
        )
        names = tab.locator(".step .name")
        assert names.count() == tab.locator(".diagram .row").count() > 0
        assert all(names.nth(i).bounding_box()["width"] > 5 for i in (0, names.count() - 1))  # type: ignore[index]
        told = tab.locator("section:has(h2:text-matches('^(Steps|Events)$')) tbody tr")
        assert told.count() == names.count()


def test_a_graph_is_a_picture_that_asks_for_nothing(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "phases.svg"
    assert main(["graph", "zab", *SMALL, "--collapse", "servers[*].phase", "--output", str(file)]) == 0
    tab = page.open(file.as_uri())
    assert tab.locator("rect.box").count() == 10
    assert "s1.phase=BROADCAST" in (tab.locator("svg").text_content() or "")
    assert tab.locator("svg").get_attribute("role") == "img"
