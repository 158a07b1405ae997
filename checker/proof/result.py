"""What a proof came to, as plain values that reports can show."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zabcheck.checker.result import Trace
    from zabcheck.checker.result import Verdict as Decision

Verdict = Literal["proved", "refuted", "unknown"]
Rows = frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class Judged:
    """One obligation, with what became of it; ``reason`` says why it is unknown."""

    stage: str
    claim: str
    sentence: str
    verdict: Verdict
    seconds: float = 0.0
    reason: str = ""


@dataclass(frozen=True)
class Refutation:
    """A finite state in which an obligation fails.

    For a conjunct and a transition it is a counterexample to induction: all conjuncts are true in the state, and after
    the step one is not. It need not be reachable.
    """

    judged: Judged
    step: str
    individuals: Mapping[str, tuple[str, ...]]
    """by sort, as few of each as was found"""
    domains: Mapping[str, tuple[str, ...]]
    """for each relation, the sorts of its arguments"""
    before: Mapping[str, Rows]
    after: Mapping[str, Rows]
    false_for: tuple[str, ...]
    """values for which the claim is false, if it is about all"""

    @property
    def size(self) -> Mapping[str, int]:
        """How many individuals of each sort there are."""
        return {sort: len(names) for sort, names in self.individuals.items()}


@dataclass(frozen=True)
class Replay:
    """A concrete run of a mutant: its steps, and what the last of them violates."""

    steps: tuple[str, ...]
    violated: tuple[str, ...]


@dataclass(frozen=True)
class ProofResult:
    """The answer: proved only if every obligation that was asked for is."""

    theory: str
    sentence: str
    judged: tuple[Judged, ...]
    total: int
    """how many obligations there are; fewer may have been asked for"""
    seconds: float
    servers: int | None = None
    """the bound on the number of servers, ``None`` for none"""
    mutant: str = ""
    mutant_sentence: str = ""
    refutation: Refutation | None = None
    replay: Replay | None = None

    @property
    def counts(self) -> Counter[str]:
        """How many obligations have each verdict."""
        return Counter(judged.verdict for judged in self.judged)

    @property
    def verdict(self) -> Verdict:
        """The worst that is known: one refuted obligation refutes, and anything undecided is no proof."""
        counts = self.counts
        if counts["refuted"]:
            return "refuted"
        return "proved" if self.judged and counts["proved"] == len(self.judged) else "unknown"


@dataclass(frozen=True)
class Misstep:
    """A step of a model that the theory does not allow, with the run that leads there."""

    step: str
    reasons: tuple[str, ...]
    trace: Trace
    """its last step is the wrong one"""


@dataclass(frozen=True)
class RefinementResult:
    """Whether all that a model does is what a theory allows; ``holds`` only if every step in the scope was seen."""

    model: str
    scope: Mapping[str, object]
    variants: tuple[str, ...]
    theory: str
    verdict: Decision
    reason: str
    """why it is incomplete"""
    edges: int
    """steps of the model that were followed"""
    pairs: int
    """states of the model, each with a state of the theory; 0 where single runs were followed"""
    structures: int
    """states of the theory, in each of which every conjunct and property was evaluated"""
    taken: Mapping[str, int]
    """how often each transition of the theory was taken"""
    misstep: Misstep | None
    seconds: float
