"""Claims about a model: that it holds, that a property is violated, that a goal is reached, where a schedule leads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

from zabcheck.checker import run as checker
from zabcheck.checker.errors import UsageError
from zabcheck.checker.model import Model
from zabcheck.cli import check as command
from zabcheck.cli.loading import is_path, load, model_in
from zabcheck.cli.question import question
from zabcheck.cli.session import REPORTING
from zabcheck.reports.terminal import explained, show_counterexample
from zabcheck.testing.schedule import Schedule
from zabcheck.testing.verdicts import one_line_for_mistakes, refuse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    import pytest

    from zabcheck.checker.result import CheckResult
    from zabcheck.cli.question import Question

Asked = str | Path | ModuleType | Model[Any]

_FILES = ("quorum",)
"""options that name a file"""


class Check:
    """The fixture ``check``: called with a model and options, it gives something to make a claim about."""

    def __init__(self, folder: Path, item: pytest.Item) -> None:
        self._folder = folder
        self._item = item

    def __call__(self, model: Asked, **options: object) -> Claims:
        """Ask ``model`` what ``zabcheck check`` would be asked with the same options.

        Args:
            model: the name of a model, the path of a file (relative to that of the test), a module, or a `Model`.
            options: those of ``zabcheck check`` with ``_`` for ``-``: ``servers=3``, ``release="3.8.0"``,
                ``symmetry=True``, ``bug=["ZOOKEEPER-4643"]``. Paths are relative to the file of the test.
        """
        with one_line_for_mistakes():
            found = self._find(model)
            return Claims(found, tuple(self._arguments(found, options)), self._item)

    def _find(self, model: Asked) -> Model[Any]:
        if isinstance(model, Model):
            return model
        if isinstance(model, ModuleType):
            return model_in(model, model.__file__ or model.__name__)
        word = str(model)
        return load(str(self._folder / word) if is_path(word) else word)

    def _arguments(self, model: Model[Any], options: dict[str, object]) -> Iterator[str]:
        yield model.name
        for name, value in options.items():
            if name in REPORTING:
                raise UsageError(f"check() takes no {name}: a claim such as .holds() says what is expected")
            flag = f"--{name.replace('_', '-')}"
            for each in value if isinstance(value, (list, tuple)) else (value,):
                if each is True:
                    yield flag
                elif each is not False and each is not None:
                    yield f"{flag}={self._folder / str(each) if name in _FILES else each}"


@dataclass(frozen=True)
class Claims:
    """A model with a scope and options. Nothing is explored before something is claimed."""

    model: Model[Any]
    arguments: tuple[str, ...]
    item: pytest.Item

    def holds(self) -> CheckResult:
        """Every property that was asked for (by default all) holds in the whole scope."""
        asked, result = self._search()
        if result.verdict != "holds":
            _refuse(asked, result, "hold")
        return result

    def violated_by(self, name: str) -> CheckResult:
        """The property ``name`` is violated in the scope; others are not looked at, unless asked for."""
        asked, result = self._search(f"--property={name}")
        if result.properties[name].verdict not in ("violated", "unreached"):
            _refuse(asked, result, f"violate {name}")
        return result

    def reaches(self, name: str) -> CheckResult:
        """The goal ``name`` is reached in the scope, or in as much of it as was explored."""
        asked, result = self._search(f"--property={name}", f"--witness={name}")
        if result.properties[name].verdict != "reached":
            _refuse(asked, result, f"reach {name}")
        return result

    def along(self, *steps: str, initial: int = 0) -> Schedule:
        """The run that takes ``steps``, by their names such as ``deliver(s1, s2)``, from an initial state."""
        with one_line_for_mistakes():
            asked, _ = self._ask()
            return Schedule(asked, steps, initial, self.item)

    def _ask(self, *more: str) -> tuple[Question, argparse.Namespace]:
        parsed = command.parser().given_model(self.model, [*self.arguments, *more])
        return question(self.model, parsed, parsed.witness), parsed

    def _search(self, *more: str) -> tuple[Question, CheckResult]:
        with one_line_for_mistakes():
            asked, parsed = self._ask(*more)
            options = command.options_of(parsed, asked.properties)
            result = checker.check(
                self.model, asked.scope, options, engine=parsed.engine, variant=asked.variants
            )
        return asked, result


def _refuse(asked: Question, result: CheckResult, claim: str) -> NoReturn:
    """Fail the test, because the model does not do what was claimed, or because that was not decided."""
    undecided = result.verdict == "incomplete"
    what = f"not decided whether it does {claim}" if undecided else f"it does not {claim}"
    refuse(what, explained(result), asked.title, lambda console: show_counterexample(console, result))
