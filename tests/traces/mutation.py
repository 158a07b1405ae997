"""What a mutation of a recording is, and how one is declared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

Kind = Literal["log", "disk", "client", "wire", "event"]


@dataclass(frozen=True)
class Mutation:
    """A way to change a recording, with the reason why the result can, or cannot, be one of a correct ensemble."""

    name: str
    kind: Kind
    legal: bool
    why: str
    apply: Callable[[Path, Random], bool]
    """changes the folder; false if there is nothing there that can be changed so"""
    loses: bool = False
    """evidence is taken away, so that a legal result may be undecided"""
    missed: str = ""
    """why some, or all, that must be rejected are not"""


MUTATIONS: list[Mutation] = []


def mutation(
    kind: Kind, why: str, *, legal: bool = False, loses: bool = False, missed: str = ""
) -> Callable[[Callable[[Path, Random], bool]], Callable[[Path, Random], bool]]:
    """Make a function a mutation; its name becomes that of the class."""

    def declare(apply: Callable[[Path, Random], bool]) -> Callable[[Path, Random], bool]:
        name = apply.__name__.replace("_", "-")
        MUTATIONS.append(Mutation(name, kind, legal, why, apply, loses, missed))
        return apply

    return declare
