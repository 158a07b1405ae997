"""A theory proved: every obligation put to z3, with other seeds where it gives up."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.checker.proof.counterexample import numbered, refutation, smallest
from zabcheck.checker.proof.obligations import obligations
from zabcheck.checker.proof.result import Judged, ProofResult, Refutation
from zabcheck.checker.proof.solving import Answer, Language, solve
from zabcheck.checker.search import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.checker.proof.finite import Domain, Structure
    from zabcheck.checker.proof.formula import Sort
    from zabcheck.checker.proof.obligations import Obligation
    from zabcheck.checker.proof.theory import Theory

SHARES = (0.2, 0.2, 0.4)
"""Of the time for an obligation, what z3 gets with each seed: another seed often helps more than more time. The rest
is for a search among few individuals of each sort: `FEW`, and one more where they are ordered."""
FEW = 3
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Effort:
    """How to go about a proof: the most seconds for each obligation, the first seed, the most servers if bounded."""

    seconds: float = 20.0
    seed: int = 0
    servers: int | None = None


def chosen(theory: Theory, names: tuple[str, ...]) -> list[Obligation]:
    """The obligations of these names, each ``stage``, ``stage/claim`` or a claim alone; all when there is none."""
    every = list(obligations(theory))
    for name in names:
        if not any(_is_named(o, name) for o in every):
            stages = ", ".join(dict.fromkeys(o.stage.replace(" ", "-") for o in every))
            raise UsageError(
                f"no obligation is called {name}: name a stage ({stages}), a claim, or stage/claim"
            )
    return [o for o in every if not names or any(_is_named(o, name) for name in names)]


def _is_named(obligation: Obligation, name: str) -> bool:
    stage, claim = obligation.stage.replace(" ", "-"), obligation.claim.name
    return name in (stage, claim, f"{stage}/{claim}")


def prove(
    theory: Theory,
    names: tuple[str, ...] = (),
    effort: Effort | None = None,
    listener: Callable[[Judged], None] = lambda _: None,
    individuals: Callable[[Structure], Domain] = numbered,
) -> ProofResult:
    """Decide the obligations of these names; ``individuals`` names those of a counterexample.

    What is left when ``listener`` raises `Stop`, or z3 is interrupted, is unknown.
    """
    started = time.monotonic()
    effort = effort or Effort()
    todo = chosen(theory, names)
    prover = _Prover(theory, effort, individuals)
    judged: list[Judged] = []
    with suppress(Stop, KeyboardInterrupt):
        for obligation in todo:
            judged.append(prover.judge(obligation))
            listener(judged[-1])
            if judged[-1].reason == INTERRUPTED:
                break
    judged += [
        Judged(o.stage, o.claim.name, o.claim.sentence, "unknown", 0.0, INTERRUPTED)
        for o in todo[len(judged) :]
    ]
    return ProofResult(
        theory.name,
        theory.sentence,
        tuple(judged),
        len(list(obligations(theory))),
        time.monotonic() - started,
        effort.servers,
        refutation=prover.refutation,
    )


class _Prover:
    """Decides obligations, and keeps the counterexample to the first that is refuted."""

    def __init__(self, theory: Theory, effort: Effort, individuals: Callable[[Structure], Domain]) -> None:
        self._language = Language(theory)
        self._effort = effort
        self._individuals = individuals
        self._bounds: dict[Sort, int] = {} if effort.servers is None else {theory.sorts[0]: effort.servers}
        self.refutation: Refutation | None = None

    def judge(self, obligation: Obligation) -> Judged:
        """What z3 makes of an obligation."""
        answer = self._answer(obligation)
        claim = obligation.claim
        judged = Judged(
            obligation.stage, claim.name, claim.sentence, answer.verdict, answer.seconds, _why(answer.reason)
        )
        if answer.verdict == "refuted" and self.refutation is None:
            self._keep(obligation, judged, answer)
        return judged

    def _answer(self, obligation: Obligation) -> Answer:
        spent = 0.0
        for attempt, share in enumerate(SHARES):
            answer = self._solve(obligation, share, self._effort.seed + attempt, self._bounds)
            spent += answer.seconds
            if answer.verdict == "unknown" and attempt == 0:
                small = self._solve(obligation, share, self._effort.seed, self._few())
                spent += small.seconds
                if small.verdict == "refuted":  # that there is none among few proves nothing
                    answer = small
            # Once something is refuted, nothing is to be gained from insisting on the rest.
            if answer.verdict != "unknown" or _why(answer.reason) == INTERRUPTED or self.refutation:
                break
        return Answer(answer.verdict, spent, answer.reason, answer.model)

    def _solve(self, obligation: Obligation, share: float, seed: int, bounds: Mapping[Sort, int]) -> Answer:
        return solve(self._language, obligation, self._effort.seconds * share, seed, bounds)

    def _few(self) -> dict[Sort, int]:
        """Bounds within which z3 finds counterexamples that it does not find among structures of any size."""
        few = {sort: FEW + sort.order for sort in self._language.theory.sorts}
        return few | {sort: min(few[sort], bound) for sort, bound in self._bounds.items()}

    def _keep(self, obligation: Obligation, judged: Judged, answer: Answer) -> None:
        small = smallest(self._language, obligation, answer, self._effort.seconds * SHARES[0], self._bounds)
        self.refutation = refutation(self._language, obligation, judged, small.model, self._individuals)


def _why(reason: str) -> str:
    return INTERRUPTED if reason in ("canceled", "interrupted from keyboard", "interrupted") else reason
