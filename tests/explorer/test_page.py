"""The page in a browser: what one clicks, what the address says, and what it never does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.explorer.conftest import BAD, position, serving
from zabcheck.checker import Model, because, require
from zabcheck.checker.explorer import Explorer
from zabcheck.model import models
from zabcheck.reports.legible import legible

if TYPE_CHECKING:
    from playwright.sync_api import Page as Tab

    from tests.browser import Page
    from zabcheck.explorer.server import Server


def opened(page: Page, server: Server, where: str = "") -> Tab:
    tab = page.open(server.address + where)
    tab.wait_for_selector("#run > svg")
    return tab


def test_clicking_through_a_counterexample_reaches_its_last_state(page: Page, server: Server) -> None:
    tab = opened(page, server)
    position(tab, "step 0 of 5")
    assert tab.locator("#violated li").count() == 0
    for number in range(1, 6):
        tab.click("#forward")
        position(tab, f"step {number} of 5")
    assert tab.is_disabled("#forward")
    assert "rm1 has committed, rm2 has aborted" in tab.inner_text("#violated")
    state = tab.locator("#state tr", has=tab.locator("th[title='managers[rm1].state']"))
    assert "COMMITTED" in state.inner_text()
    tab.go_back()
    position(tab, "step 4 of 5")


def test_the_diagram_is_of_the_run(page: Page) -> None:
    zab = models()["zab"]
    explorer = Explorer(zab, zab.scope())
    path = explorer.wander(0, (), 16, seed=1)
    run = explorer.run(0, path)
    assert len(run.messages) > 4
    with serving(zab, path) as server:
        tab = opened(page, server)
        assert tab.locator("#run > svg .row").count() == tab.locator("#taken li").count() == len(path)
        drawn = tab.eval_on_selector_all(
            "#run > svg .message", "all => all.map(m => [m.dataset.sent, m.dataset.ended])"
        )
        assert drawn == [[str(m.sent), "" if m.ended is None else str(m.ended)] for m in run.messages]
        assert tab.locator("#heads .title").all_text_contents() == list(run.lanes)
        tab.locator("#run > svg .row .hit").nth(2).click()
        position(tab, f"step 3 of {len(path)}")
        assert tab.locator("#run > svg .row.chosen").get_attribute("data-row") == "3"
        assert tab.locator("#run > svg .row.other").count() == len(path) - 3
        tab.click("#root")
        position(tab, f"step 0 of {len(path)}")


def test_the_diagram_grows_with_the_run(page: Page, server: Server) -> None:
    tab = opened(page, server, "#0:")
    assert tab.locator("#run > svg .row").count() == 0
    for number in (1, 2, 3):
        tab.click("#steps button")
        position(tab, f"step {number} of {number}")
        tab.wait_for_function("n => document.querySelectorAll('#run > svg .row').length === n", arg=number)
    tab.click("#back")
    position(tab, "step 2 of 3")
    assert tab.locator("#run > svg .row").count() == 3


def test_the_address_names_the_place(page: Page, server: Server) -> None:
    tab = opened(page, server)
    tab.keyboard.press("End")
    position(tab, "step 5 of 5")
    shared = tab.url
    tab = opened(page, server)
    tab = opened(page, server, "#0:")
    tab.goto("about:blank")
    tab.goto(shared)
    position(tab, "step 5 of 5")
    assert tab.inner_text("#taken [aria-current] code") == BAD[-1]


def test_an_address_of_another_model_goes_as_far_as_it_can(page: Page, server: Server) -> None:
    tab = opened(page, server, "#3:prepare(rm1)/prepare(rm9)/prepare(rm2)")
    position(tab, "step 1 of 1")
    assert "has no step prepare(rm9)" in tab.inner_text("#status")


def test_steps_are_taken_by_clicking(page: Page, server: Server) -> None:
    tab = opened(page, server, "#0:")
    position(tab, "step 0 of 0")
    tab.fill("#filter", "abort(rm2)")
    tab.click("#steps button")
    position(tab, "step 1 of 1")
    assert tab.inner_text("#taken [aria-current] code") == "choose_to_abort(rm2)"
    tab.check("#changed")
    assert tab.locator("#state tr.changed").count() == 1
    tab.click("#back")
    position(tab, "step 0 of 1")
    assert "changed no such field" in tab.inner_text("#state")


def test_goals_and_random_steps(page: Page, server: Server) -> None:
    tab = opened(page, server, "#1:decide_abort()")
    position(tab, "step 1 of 1")
    tab.select_option("#goal", "all_committed")
    tab.click("#seek")
    tab.wait_for_function("() => document.getElementById('status').textContent.includes('no such state')")
    tab.keyboard.press("Home")
    tab.select_option("#goal", "consistent")
    tab.click("#seek")
    position(tab, "step 5 of 5")
    assert "consistent" in tab.inner_text("#violated")
    tab.click("#first")
    position(tab, "step 0 of 5")
    tab.fill("#count", "1")
    tab.click("#wander")
    position(tab, "step 1 of 1")


def test_bookmarks(page: Page, server: Server) -> None:
    tab = opened(page, server, "#2:prepare(rm1)/prepare(rm2)")
    position(tab, "step 2 of 2")
    tab.keyboard.press("b")
    assert tab.inner_text("#marks a") == "2: prepare(rm2)"
    tab.click("#first")
    position(tab, "step 0 of 2")
    tab.click("#marks a")
    position(tab, "step 2 of 2")
    tab.click("#marks button")
    assert tab.locator("#marks a").count() == 0


@pytest.mark.parametrize(
    "page_options",
    [
        {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
        {"viewport": {"width": 375, "height": 800}, "color_scheme": "dark"},
    ],
)
def test_it_is_accessible_and_fits(page: Page, server: Server) -> None:
    tab = opened(page, server)
    tab.keyboard.press("End")
    position(tab, "step 5 of 5")
    tab.keyboard.press("b")
    assert page.axe() == []
    assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


HOSTILE = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">/#:\u202e%2f"


@dataclass(frozen=True)
class Scope:
    """No bounds."""


@dataclass
class State:
    text: str = HOSTILE


def hostile() -> Model[Any]:
    model = Model(HOSTILE, HOSTILE, Scope)
    model.initial(lambda _: State())

    @model.transition(over=lambda _: [HOSTILE], name=HOSTILE)
    def step(s: State, text: str) -> None:
        require(len(s.text) < 3 * len(HOSTILE))
        s.text += text

    @model.invariant(name=HOSTILE)
    def short(s: State) -> because | bool:
        return len(s.text) == len(HOSTILE) or because(HOSTILE)

    return model


def test_hostile_names_stay_text(page: Page) -> None:
    with serving(hostile()) as server:
        tab = opened(page, server)
        tab.click("#steps button")
        position(tab, "step 1 of 1")
        tab.keyboard.press("b")
        assert legible(HOSTILE) in (tab.text_content("#state") or "")
        assert legible(HOSTILE) in (tab.text_content("#violated") or "")
        tab.wait_for_selector("#run > svg .row")
        assert "<script>" in (tab.text_content("#heads") or "")
        tab.reload()
        position(tab, "step 1 of 1")
        assert tab.title().startswith("<script>")
        assert tab.locator("script").count() == 3
        assert tab.locator("img").count() == 0
