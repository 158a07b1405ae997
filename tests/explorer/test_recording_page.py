"""A recording, gone through event by event, in a browser and over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.explorer.conftest import ask, position, served
from tests.traces.story import legal
from zabcheck.cli import validate
from zabcheck.explorer.recorded import RecordedQuestions
from zabcheck.traces import jsonl
from zabcheck.traces.coverage import Coverage
from zabcheck.traces.event import Notified, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser import Page
    from zabcheck.explorer.server import Server

RECORDING = str(Path(__file__).parents[1] / "data/recordings/zxid-rollover.tar.gz")
HOSTILE = "<img src=x onerror=alert(1)>"


def questions(*paths: str) -> RecordedQuestions:
    parsed = validate.parser().read(list(paths))
    return RecordedQuestions(HOSTILE, *validate.validated(parsed, paths, Coverage()))


@pytest.fixture
def rejected(tmp_path: Path) -> Iterator[Server]:
    """A recording in which server 1 goes over to a vote that is not better."""
    story = legal()
    story.find("s1/log", Notified, 2)["leader"] = 2
    path = tmp_path / "events.jsonl"
    with path.open("wb") as stream:
        jsonl.write(
            [Recording(track="recording", seq=0, voters=(1, 2, 3), release="3.8.0"), *story.events()], stream
        )
    with served(questions(str(path))) as server:
        yield server


def test_questions() -> None:
    with served(questions(RECORDING)) as server:
        _, about = ask(server, "about")
        assert about["count"] > 100
        _, window = ask(server, "events", at=50, track="", text="")
        assert [event["index"] for event in window["events"]][:51] == list(range(51))
        track = about["tracks"][0]
        _, window = ask(server, "events", at=50, track=track, text="")
        assert {event["track"] for event in window["events"]} == {track}
        assert ask(server, "events", at=0, track="", text="there is no such text")[1] == {"events": []}
        assert ask(server, "event", at=50)[1]["fields"]["track"] in about["tracks"]
        _, judged = ask(server, "judge", at=about["count"] - 1)
        assert {p["name"] for p in judged["properties"]} == set(about["properties"])
        assert sum(p["checked"] for p in judged["properties"]) > 0
        _, judged = ask(server, "judge", at=0)
        assert sum(p["checked"] for p in judged["properties"]) == 0
        for question, given in (
            ("event", {"at": about["count"]}),
            ("judge", {"at": -1}),
            ("events", {"at": 0, "text": 1}),
        ):
            status, said = ask(server, question, **given)
            assert (status, list(said)) == (400, ["error"])


def test_a_finding_is_gone_to(page: Page, rejected: Server) -> None:
    tab = page.open(rejected.address)
    tab.wait_for_selector("#events .marked[aria-current]")
    assert "VoteOrder is violated" in tab.inner_text("#findings")
    at = tab.inner_text("#position")
    assert "s1/log" in tab.inner_text("#event")
    tab.click("#first")
    tab.wait_for_function("() => document.getElementById('position').textContent.startsWith('event 1 of')")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("() => document.getElementById('position').textContent.startsWith('event 2 of')")
    tab.click("#judge")
    tab.wait_for_selector("#properties li")
    assert tab.locator("#properties .violated").count() == 0
    tab.click("#findings li:has-text('VoteOrder') a >> nth=-1")
    position(tab, at)
    tab.click("#judge")
    tab.wait_for_selector("#properties .violated")
    assert "VoteOrder" in tab.inner_text("#properties")
    tab.go_back()
    tab.wait_for_function("() => document.getElementById('position').textContent.startsWith('event 2 of')")


def test_events_are_filtered(page: Page, rejected: Server) -> None:
    tab = page.open(rejected.address)
    tab.wait_for_selector("#events button")
    tab.select_option("#track", "s2/disk")
    tab.fill("#filter", "epochs")
    tab.wait_for_function("() => document.querySelectorAll('#events button').length === 1")
    tab.fill("#filter", "nothing")
    tab.wait_for_function("() => document.querySelectorAll('#events button').length === 0")


@pytest.mark.parametrize(
    "page_options",
    [
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
        {"viewport": {"width": 375, "height": 800}, "color_scheme": "light"},
    ],
)
def test_it_is_accessible_and_fits(page: Page, rejected: Server) -> None:
    tab = page.open(rejected.address)
    tab.wait_for_selector("#events button")
    tab.click("#judge")
    tab.wait_for_selector("#properties .violated")
    assert page.axe() == []
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert tab.inner_text("#title") == HOSTILE
    assert tab.locator("img").count() == 0
