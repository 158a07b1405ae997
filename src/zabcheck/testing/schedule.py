"""Claims about one run that is written down, step by step, such as a counterexample that was found earlier."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.checker.walk import Impossible, Judgement, Walk
from zabcheck.testing.verdicts import one_line_for_mistakes, refuse

if TYPE_CHECKING:
    import pytest

    from zabcheck.cli.question import Question


class Schedule:
    """A run of a model by the names of its steps, to be taken as far as it is possible."""

    def __init__(self, asked: Question, steps: tuple[str, ...], initial: int, item: pytest.Item) -> None:
        self._asked = asked
        self._steps = steps
        self._item = item
        self._walk = Walk(asked.model, asked.scope, variants=asked.variants)
        if not 0 <= initial < len(self._walk.initial):
            raise UsageError(f"there is no initial state {initial}; there are {len(self._walk.initial)}")
        self._initial = initial

    def keeps(self, name: str) -> None:
        """The property ``name`` is false nowhere on the way: what a defect that was found must do once it is mended.

        Steps are taken up to the first that is not possible any more, which is then a section of pytest's report.
        A step that the model has under no circumstances is a mistake, for such a schedule says nothing.
        """
        false, reached, why = self._follow(name)
        if false is not None:
            refuse(f"it does not keep {name}", f"after step {reached}, {false}", self._asked.title)
        if why:
            said = f"step {reached + 1} of {len(self._steps)} is not possible any more: {why}"
            self._item.add_report_section("call", "zabcheck", said)

    def violates(self, name: str) -> None:
        """All steps are possible up to one after which ``name`` is false: what a known defect does."""
        false, reached, why = self._follow(name)
        if false is None:
            instead = (
                f"step {reached + 1} is not possible: {why}" if why else f"true after all {reached} steps"
            )
            refuse(f"it does not violate {name}", instead, self._asked.title)

    def _follow(self, name: str) -> tuple[Judgement | None, int, str]:
        """What contradicts the property, if anything does; how many steps were taken; and why there was no other."""
        with one_line_for_mistakes():
            self._require_steps()
            state = self._walk.initial[self._initial]
            for number, step in enumerate(("", *self._steps)):
                try:
                    state = self._walk.move(state, step).after if number else state
                except Impossible as reason:
                    return None, number - 1, f"{step}: {reason}"
                if (judgement := self._walk.judgement(state, name)).violated:
                    return judgement, number, ""
            return None, len(self._steps), ""

    def _require_steps(self) -> None:
        for step in self._steps:
            self._walk.require(step)
