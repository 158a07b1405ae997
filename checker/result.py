"""What a run of the checker found, as plain data: for the terminal, JSON, reports and tests alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["holds", "violated", "incomplete"]
"""``holds``: in the whole bounded space. ``incomplete``: a limit was reached first; never a success."""

PropertyVerdict = Literal["holds", "violated", "incomplete", "reached", "unreached", "not checked"]


@dataclass(frozen=True)
class Change:
    """A field that a step changed, as shown to people."""

    field: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """One step of a run: which transition with which arguments, and what it changed."""

    transition: str
    arguments: dict[str, str]
    changes: tuple[Change, ...]
    choices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Trace:
    """A run from an initial state, replayed in plain Python.

    ``property`` is violated (or, for a goal, reached) in its last state, for ``arguments``. ``clause`` is what the
    property said about it, ``evidence`` the values it looked at.

    For liveness, ``since`` says after how many steps ``property`` is demanded; it is false from there on. After
    ``cycle_from`` steps begins what is repeated for ever; after the last step, where the run may stop there.
    """

    property: str
    arguments: dict[str, str]
    clause: str
    evidence: tuple[tuple[str, str], ...]
    initial: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    since: int | None = None
    cycle_from: int | None = None


@dataclass(frozen=True)
class PropertyResult:
    """The verdict on one property. ``depth`` is the level at which it was violated or the goal first reached."""

    verdict: PropertyVerdict
    kind: str
    sentence: str
    depth: int | None = None
    note: str = ""
    where: str = ""
    """``file:line`` of its declaration"""


@dataclass(frozen=True)
class Coverage:
    """How one transition fared: how often it fired, and what it cost to learn (native engine)."""

    fired: int
    evaluations: int = 0
    sentence: str = ""
    advice: str = ""
    where: str = ""
    """``file:line`` of its function"""


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one exhaustive search or simulation."""

    model: str
    scope: dict[str, Any]
    variants: tuple[str, ...]
    engine: str
    workers: int
    store: str
    verdict: Verdict
    reason: str
    """why the verdict is ``incomplete``; empty otherwise"""
    distinct_states: int
    generated_states: int
    depth: int
    states_by_depth: tuple[int, ...]
    transitions: dict[str, Coverage]
    properties: dict[str, PropertyResult]
    counterexample: Trace | None
    witness: Trace | None
    terminal_states: int
    deadlocks: int
    seconds: float
    peak_memory_bytes: int
    bytes_per_state: float
    collision_bound: float
    """an upper bound on the probability that two states were taken for one; 0 for an exact store"""
    evaluations: int = 0
    symmetric_states: int | None = None
    """with symmetry: how many states the orbits that were stored stand for"""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ActResult:
    """An act of a script as it was played: a remark, and the steps that were taken."""

    remark: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class ClaimResult:
    """Whether a claim of a script is true at the end."""

    sentence: str
    holds: bool


@dataclass(frozen=True)
class Performance:
    """A script as it was played."""

    name: str
    sentence: str
    initial: tuple[tuple[str, str], ...]
    acts: tuple[ActResult, ...]
    stopped: str
    """why it was not played to the end; empty otherwise"""
    claims: tuple[ClaimResult, ...]

    @property
    def holds(self) -> bool:
        """Whether it was played to the end and every claim is true."""
        return not self.stopped and all(claim.holds for claim in self.claims)


@dataclass
class Progress:
    """Where a search stands; handed to the caller several times a second."""

    seconds: float = 0.0
    distinct_states: int = 0
    generated_states: int = 0
    depth: int = 0
    frontier: int = 0
    remaining_in_level: int = 0
    memory_bytes: int = 0
    evaluations: int = 0
    states_by_depth: list[int] = field(default_factory=list)
    phase: str = ""
    """what is done after the search, in a word or two"""


@dataclass(frozen=True)
class QuorumAnalysis:
    """What is known of a quorum system: ``holds`` when any two quorums intersect, and there is one."""

    verdict: Verdict
    reason: str = ""
    """why something is not decided; the verdict may be all the same"""
    disjoint: tuple[frozenset[int], frozenset[int]] | None = None
    """two quorums without a common member"""
    smallest: frozenset[int] | None = None
    """a quorum that is as small as any; none where there is no quorum"""
    losses: tuple[frozenset[int], ...] = ()
    """sets whose loss leaves no quorum, and no smaller part of each does; smaller ones first"""
    losses_complete: bool = False
    """whether there are no others"""
    seconds: float = 0.0
