"""What must be shown of a theory: each formula that must be valid, as a premise and a conclusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.checker.proof.theory import Named, Theory, Transition

INITIAL, IMPLIED = "initial state", "safety"


@dataclass(frozen=True)
class Obligation:
    """Wherever the premise is true, ``claim`` is: in the initial states, after a transition, or where it is taken.

    The premise is made of the axioms, the invariant and the guards; in the initial states, of the axioms alone.
    """

    stage: str
    """the name of a transition, `INITIAL` or `IMPLIED`"""
    claim: Named
    transition: Transition | None = None
    after: bool = False
    """whether the claim is about the state that the transition leads to"""

    @property
    def name(self) -> str:
        """``stage/claim``."""
        return f"{self.stage}/{self.claim.name}"


def obligations(theory: Theory) -> Iterator[Obligation]:
    """All that is to be shown: the invariant holds initially and is kept, and it implies the safety."""
    for conjunct in theory.invariant:
        yield Obligation(INITIAL, conjunct)
    for step in theory.transitions.values():
        for assertion in step.assertions:
            yield Obligation(step.name, assertion, step)
        for conjunct in theory.invariant:
            yield Obligation(step.name, conjunct, step, after=True)
    for claim in theory.safety:
        yield Obligation(IMPLIED, claim)
