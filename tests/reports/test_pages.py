"""Pages in a real browser: what they show, how they are used, and what they never do."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from zabcheck.checker import Options, check, play
from zabcheck.checker.result import CheckResult, Message
from zabcheck.model import models
from zabcheck.model.zookeeper import examples
from zabcheck.model.zookeeper import model as zookeeper
from zabcheck.reports.diagram.page import document
from zabcheck.reports.json import document as json_document
from zabcheck.reports.pages import page_of, page_of_performance

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser import Page
    from tests.reports.conftest import Samples

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e\x00'\"&"


@pytest.fixture(scope="module")
def violated() -> CheckResult:
    zab = models()["zab"]
    scope = zab.scope(ghosts=1)
    return check(zab, scope, Options(properties=("P1s",)), variant="leader-keeps-its-history")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "page.html"


def shown(page: Page, file: Path, data: bytes) -> Any:
    file.write_bytes(data)
    return page.open(file.as_uri())


def test_the_arrows_are_the_messages_of_the_json(page: Page, file: Path, violated: CheckResult) -> None:
    tab = shown(page, file, document(page_of(violated)))
    drawn = tab.eval_on_selector_all(
        ".diagram .message", "all => all.map(m => [m.dataset.sent, m.dataset.ended, m.dataset.fate])"
    )
    run = json.loads(json.dumps(json_document(violated)))["counterexample"]
    assert len(run["messages"]) == 15
    assert drawn == [
        [
            str(m["sent"]),
            "" if m["ended"] is None else str(m["ended"]),
            "received" if m["received"] else "transit" if m["ended"] is None else "lost",
        ]
        for m in run["messages"]
    ]
    assert tab.locator(".step .name").all_inner_texts() == [step["transition"] for step in run["steps"]]


def test_the_keyboard_leads_through_the_run(page: Page, file: Path, violated: CheckResult) -> None:
    tab = shown(page, file, document(page_of(violated)))
    chosen = tab.locator("[aria-current=step] .number")
    assert chosen.inner_text() == "22"
    tab.keyboard.press("Home")
    assert tab.locator(".detail h2").inner_text() == "Before the first step"
    for _ in range(22):
        tab.keyboard.press("j")
    assert chosen.inner_text() == "22"
    assert "was committed before epoch 2" in tab.locator(".detail").inner_text()
    assert "ghosts.established[2]" in tab.locator("tr.evidence").all_inner_texts()[1]
    tab.keyboard.press("k")
    assert chosen.inner_text() == "21"
    tab.keyboard.press("/")
    tab.keyboard.type("newepoch(")
    assert tab.locator(".count").inner_text() == "4 of 22 steps"
    tab.keyboard.press("Escape")
    tab.locator(".step").nth(0).click()
    assert chosen.inner_text() == "1"


def test_the_state_at_the_end_is_that_of_the_json(page: Page, file: Path, violated: CheckResult) -> None:
    tab = shown(page, file, document(page_of(violated)))
    trace = violated.counterexample
    assert trace is not None
    state = dict(trace.initial)
    for step in trace.steps:
        state |= {change.field: change.after for change in step.changes}
    rows = tab.eval_on_selector_all(
        ".detail table:last-of-type tbody tr",
        "all => all.map(r => [r.cells[0].innerText, [...r.cells[1].firstChild.childNodes]"
        ".filter(n => n.nodeType === 3).map(n => n.textContent).join('').trim()])",
    )
    assert {field: value.removesuffix(" (on disk)") for field, value in rows} == {
        field.replace("servers[s", "s", 1).replace("]", "", 1)
        if field.startswith("servers[")
        else field: value
        for field, value in state.items()
    }


def test_filters(page: Page, file: Path) -> None:
    performance = play(zookeeper, examples.EXAMPLES["orphan-discarded"])
    tab = shown(page, file, document(page_of_performance(performance)))
    tab.select_option(".kind-filter", "fault")
    assert tab.locator(".count").inner_text() == "1 of 34 steps"
    tab.select_option(".kind-filter", "")
    for lane in ("s1", "s2"):
        tab.get_by_role("button", name=lane, exact=True).click()
    assert tab.locator(".step:not(.other) .name").all_inner_texts()[:4] == [
        "leader_process_request",
        "leader_process_ack",
        "leader_process_ack",
        "leader_process_request",
    ]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 375)])
def test_it_is_accessible(page: Page, file: Path, violated: CheckResult, scheme: Any, width: int) -> None:
    page.tab.emulate_media(color_scheme=scheme)
    page.tab.set_viewport_size({"width": width, "height": 800})
    tab = shown(page, file, document(page_of(violated)))
    assert page.axe() == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_is_injected(page: Page, file: Path, samples: Samples) -> None:
    trace = dataclasses.replace(
        samples.trace,
        clause=HOSTILE,
        property=HOSTILE,
        lanes=(HOSTILE, "s2"),
        initial=((HOSTILE, HOSTILE), ("big", "x" * 10_000_000)),
        steps=tuple(
            dataclasses.replace(step, transition=HOSTILE, sentence=HOSTILE, lanes=(HOSTILE,))
            for step in samples.trace.steps
        ),
        messages=(
            Message(HOSTILE, "s2", HOSTILE, "c", 1, 2, received=True),
            Message("s2", HOSTILE, HOSTILE, "c", 1),
        ),
    )
    result = dataclasses.replace(
        samples.violated,
        model=HOSTILE,
        counterexample=trace,
        properties={HOSTILE: samples.violated.properties["Agreement"]},
    )
    data = document(page_of(result))
    assert len(data) < 200_000
    assert not {0x1B, 0x00} & set(data)
    assert "\u202e".encode() not in data
    tab = shown(page, file, data)
    assert tab.locator("script").count() == 2
    assert tab.locator("img").count() == 0
    assert "<img src=x onerror=alert(2)>" in tab.locator("h1").inner_text()
    tab.keyboard.press("Home")
    assert "10,000,000 characters" in tab.locator(".detail").inner_text()


@pytest.mark.parametrize("width", [1280, 375])
def test_three_hundred_steps(page: Page, file: Path, samples: Samples, width: int) -> None:
    page.tab.set_viewport_size({"width": width, "height": 800})
    steps = tuple(dataclasses.replace(samples.trace.steps[0], lanes=("s1",)) for _ in range(300))
    messages = tuple(
        Message("s1", "s2", f"m{i}", "c", i, min(i + 40, 300), received=True) for i in range(1, 260)
    )
    trace = dataclasses.replace(samples.trace, lanes=("s1", "s2", "s3"), steps=steps, messages=messages)
    tab = shown(page, file, document(page_of(dataclasses.replace(samples.violated, counterexample=trace))))
    assert tab.locator(".step").count() == 300
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert tab.locator("[aria-current=step]").is_visible()
    assert tab.locator(".heads").bounding_box()["y"] < tab.locator("[aria-current=step]").bounding_box()["y"]


def test_a_search_without_a_run_has_a_page_too(page: Page, file: Path, samples: Samples) -> None:
    tab = shown(page, file, document(page_of(samples.holds)))
    assert "every reachable state" in tab.locator("header").inner_text()
    assert tab.locator(".charts section:first-child .bar").count() == 3
    assert tab.locator(".charts h2").count() == 4
    assert page.axe() == []
