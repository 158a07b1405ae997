"""What a run of the checker found, as plain data: for the terminal, JSON, reports and tests alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Verdict = Literal["holds", "violated", "incomplete"]
"""``holds``: in the whole bounded space. ``incomplete``: a limit was reached first; never a success."""

PropertyVerdict = Literal["holds", "violated", "incomplete", "reached", "unreached", "not checked"]


@dataclass(frozen=True)
class Change:
    """A field that a step changed, as shown to people."""

    field: str
    before: str
    after: str


def step_name(transition: str, arguments: Iterable[str], choices: Sequence[int] = ()) -> str:
    """The name of a step: ``deliver(s1, s2)``, and ``deliver(s1, s2) #0,1`` where it chose among options.

    It outlives a run, so that a path can be kept as text.
    """
    suffix = f" #{','.join(map(str, choices))}" if choices else ""
    return f"{transition}({', '.join(arguments)}){suffix}"


@dataclass(frozen=True)
class Step:
    """One step of a run: which transition with which arguments, and what it changed."""

    transition: str
    arguments: dict[str, str]
    changes: tuple[Change, ...]
    choices: tuple[int, ...] = ()
    sentence: str = ""
    lanes: tuple[str, ...] = ()
    """who takes it; of a step of the environment, those to whom it happens"""
    environment: bool = False
    fault: bool = False
    durable: tuple[str, ...] = ()
    """the changed fields that outlive a crash"""
    down: tuple[str, ...] = ()
    """who does not run after it"""

    @property
    def name(self) -> str:
        """The step's name, as `step_name` makes it."""
        return step_name(self.transition, self.arguments.values(), self.choices)


@dataclass(frozen=True)
class Message:
    """A message of a run, from the step that sent it to the step that took it off its channel.

    Steps are counted from 1; ``sent`` is 0 for what is in transit in the initial state.
    """

    sender: str
    receiver: str
    text: str
    channel: str
    """the field that it was in"""
    sent: int
    ended: int | None = None
    """``None`` while it is in transit after the last step"""
    received: bool = False
    """whether the step that took it off the channel looked at it; otherwise it was lost"""


@dataclass(frozen=True)
class Trace:
    """A run from an initial state, replayed in plain Python.

    ``property`` is violated (or, for a goal, reached) in its last state, for ``arguments``. ``clause`` is what the
    property said about it, ``evidence`` the values it looked at. All are empty where the run shows nothing but itself.

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
    lanes: tuple[str, ...] = ()
    """all who act in the model, in its order"""
    messages: tuple[Message, ...] = ()
    """in the order in which they were sent"""


@dataclass(frozen=True)
class Replay:
    """A run that was written down, and taken again."""

    model: str
    property: str
    sentence: str
    """of the property"""
    steps: int
    """that were written down"""
    taken: int
    """that could be taken"""
    trace: Trace | None
    """the violation as it is now, if there is one at the end"""
    parted: str
    """where the run is another one than what was written down; empty if it is the same"""
    reason: str
    """why there is no violation any more; empty if there is one"""


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
    lanes: tuple[str, ...] = ()
    messages: tuple[Message, ...] = ()
    """as in a `Trace`; steps are counted through all acts"""

    @property
    def holds(self) -> bool:
        """Whether it was played to the end and every claim is true."""
        return not self.stopped and all(claim.holds for claim in self.claims)


@dataclass(frozen=True)
class Node:
    """A state of a graph, or several that agree in the fields that are shown."""

    level: int
    """of the first of them"""
    fields: tuple[tuple[str, str], ...]
    states: int
    """how many they are"""
    false: tuple[str, ...]
    """properties that are false in one of them"""


@dataclass(frozen=True)
class Edge:
    """A step from one node to another, by their places."""

    source: int
    target: int
    step: str
    fault: bool


@dataclass(frozen=True)
class StateGraph:
    """All reachable states of a scope, and the steps between them; the initial ones have level 1."""

    model: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


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
