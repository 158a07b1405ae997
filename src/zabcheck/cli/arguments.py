"""Options that depend on the model: its scope is not known before the model is.

A command line is therefore read twice: once to find the model, then with the options of that model's scope.
"""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

from zabcheck.checker.errors import UsageError
from zabcheck.checker.model import Model, options
from zabcheck.cli.ensemble import add_quorum, takes_ensemble
from zabcheck.cli.guess import closest
from zabcheck.cli.loading import is_path, load, shipped
from zabcheck.cli.numbers import LARGEST, whole
from zabcheck.cli.output import printing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import SupportsWrite

SCOPE = "scope "
"""Prefix that keeps the names of scope options apart from ours in the parsed arguments."""


class HelpShown(Exception):  # noqa: N818 - the ordinary end of a command that was only asked for its help
    """Raised after the help was printed."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose mistakes are one line, with a guess at what was meant."""

    def __init__(self, command: str, description: str, epilog: str = "") -> None:
        super().__init__(
            prog=f"zabcheck {command}",
            description=description,
            epilog=epilog,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        self._scope: argparse._ArgumentGroup | None = None

    def reserve_scope(self) -> None:
        """Give the options of the scope this place in the help."""
        about = f"the bounds of the model ({self.prog} MODEL --help lists them)"
        self._scope = self.add_argument_group("scope", about)

    @property
    def declared(self) -> list[argparse.Action]:
        """The options, as they were added."""
        return [action for action in self._actions if action.option_strings]

    def error(self, message: str) -> NoReturn:
        """Raise a `UsageError` instead of printing the usage and leaving."""
        raise UsageError(f"{message.removeprefix('argument ')} (see {self.prog} --help)")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help, to a pipe that may be closed."""
        with printing() as stream:
            super().print_help(file or stream)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the command without ending the process."""
        raise HelpShown(status, message)

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse everything, or complain about the first thing that is not known."""
        parsed, unknown = self.parse_known_args(arguments)
        if unknown:
            what = "option" if unknown[0].startswith("-") else "argument"
            name = unknown[0].split("=")[0]
            self.error(f"unknown {what} {name}{closest(name, self._option_string_actions)}")
        return parsed

    def model_word(self, arguments: Sequence[str]) -> str | None:
        """The first argument that is no option nor the value of one: the model.

        An option that is not known yet belongs to a scope and so has a value; when that value looks like a
        model, the option was a mistake, which is reported when the model is known.
        """
        words = iter(arguments)
        swallowed = []
        for word in words:
            if word == "--":
                return next(words, None)
            if not word.startswith("-") or word == "-":
                return word
            action = self._option_string_actions.get(word)
            if "=" not in word and (action is None or action.nargs != 0):
                value = next(words, "")
                if action is None:
                    swallowed.append(value)
        return next((value for value in swallowed if is_path(value) or value in shipped()), None)

    def for_model(self, arguments: Sequence[str]) -> tuple[Model[Any], argparse.Namespace]:
        """The model that ``arguments`` name, and the arguments read with the options of its scope."""
        word = self.model_word(arguments)
        if word is None:
            self.read(arguments)  # prints the help, or finds what is wrong
            self.error("which model?")
        model = load(word)
        return model, self.given_model(model, arguments)

    def given_model(self, model: Model[Any], arguments: Sequence[str]) -> argparse.Namespace:
        """The arguments, among them any word for ``model``, read with the options of its scope."""
        self.add_scope(model)
        return self.read(arguments)

    def add_scope(self, model: Model[Any]) -> None:
        """Add the options of a model's scope."""
        group = self._scope or self.add_argument_group("scope")
        group.description = f"the bounds of {model.name}: {model.sentence}"
        for f in options(model.scope):
            flag = f"--{f.name.replace('_', '-')}"
            words = f.metadata["choices"]
            accepted: dict[str, Any] = (
                {"choices": words, "metavar": "NAME"}
                if words
                else {"type": whole(f.metadata["minimum"], f.metadata["maximum"] or LARGEST), "metavar": "N"}
            )
            help_text = f"{f.metadata['help']} (default {f.default})".replace("%", "%%")
            try:
                group.add_argument(flag, dest=SCOPE + f.name, help=help_text, **accepted)
            except argparse.ArgumentError as error:
                raise UsageError(
                    f"the scope of {model.name} has a field {f.name}, but {flag} means something else: "
                    "rename the field"
                ) from error
        if takes_ensemble(model):
            add_quorum(group)


def given_scope(model: Model[Any], parsed: argparse.Namespace) -> dict[str, int | str]:
    """The options of the scope that were typed, without the defaults."""
    return {
        f.name: value for f in options(model.scope) if (value := getattr(parsed, SCOPE + f.name)) is not None
    }


def make_scope(model: Model[Any], given: dict[str, int | str]) -> Any:
    """A scope with these values, and defaults for the rest."""
    missing = [
        f.name
        for f in dataclasses.fields(model.scope)
        if f.init and f.default is f.default_factory is dataclasses.MISSING and f.name not in given
    ]
    if missing:
        raise UsageError(f"{model.scope.__name__}.{missing[0]} needs a default: declare it with option(...)")
    return model.scope(**given)
