"""Small protocols of which liveness is demanded, each with the bug or the fault that takes it away."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tests.checker.protocols import Scope, break_it
from zabcheck.checker import Channel, Model, SetOf, choose, require


def places(scope: Scope) -> range:
    return range(scope.size)


# -- a lock: whoever waits may be overtaken for ever, unless there is a queue --


class At(Enum):
    HOME = 0
    WAITING = 1
    INSIDE = 2


@dataclass
class Door:
    scope: Scope
    at: dict[int, At]
    queue: Channel[int] = field(default_factory=Channel)


lock = Model("lock", "some go through a door one at a time, in the order in which they came", Scope)


@lock.initial
def at_home(scope: Scope) -> Door:
    return Door(scope, dict.fromkeys(places(scope), At.HOME))


@lock.transition(over=places, fair=False)
def come(s: Door, i: int) -> None:
    """Nobody has to come."""
    require(s.at[i] is At.HOME)
    s.at[i] = At.WAITING
    s.queue.send(i)


@lock.transition(over=places)
def go_in(s: Door, i: int) -> None:
    require(s.at[i] is At.WAITING)
    require(s.scope.bug or s.queue.head == i)
    require(At.INSIDE not in s.at.values())
    s.at[i] = At.INSIDE
    s.queue.value = tuple(j for j in s.queue.value if j != i)


@lock.transition(over=places)
def leave(s: Door, i: int) -> None:
    require(s.at[i] is At.INSIDE)
    s.at[i] = At.HOME


def is_waiting(s: Door, i: int) -> bool:
    return s.at[i] is At.WAITING


@lock.eventually(over=places, when=is_waiting)
def served(s: Door, i: int) -> bool:
    """Whoever waits gets in."""
    return s.at[i] is At.INSIDE


@lock.eventually(when=lambda s: At.WAITING in s.at.values())
def somebody_served(s: Door) -> bool:
    """When somebody waits, somebody gets in."""
    return At.INSIDE in s.at.values()


@lock.eventually(over=places)
def visited(s: Door, i: int) -> bool:
    """Everybody gets in again and again. Nobody has to come, so that is not so."""
    return s.at[i] is At.INSIDE


@lock.recoverable(over=places)
def can_be_served(s: Door, i: int) -> bool:
    """Everybody can get in again and again."""
    return s.at[i] is At.INSIDE


lock.variant("unordered", "there is no queue", caught_by=("served",))(break_it)

# -- Peterson: each looks at the other's flag and at whose turn it is --


@dataclass
class Two:
    scope: Scope
    line: dict[int, int]
    wants: dict[int, bool]
    turn: int = 0


peterson = Model("peterson", "mutual exclusion of two, without a lock", Scope)


def both(scope: Scope) -> tuple[int, int]:
    return (0, 1)


@peterson.initial
def nobody(scope: Scope) -> Two:
    return Two(scope, {0: 0, 1: 0}, {0: False, 1: False})


@peterson.transition(over=both, fair=False)
def want(s: Two, i: int) -> None:
    require(s.line[i] == 0)
    s.wants[i] = True
    s.line[i] = 1


@peterson.transition(over=both)
def yield_turn(s: Two, i: int) -> None:
    require(s.line[i] == 1)
    s.turn = i if s.scope.bug else 1 - i
    s.line[i] = 2


@peterson.transition(over=both)
def enter(s: Two, i: int) -> None:
    require(s.line[i] == 2)
    require(not s.wants[1 - i] or s.turn == i)
    s.line[i] = 3


@peterson.transition(over=both)
def exit_(s: Two, i: int) -> None:
    require(s.line[i] == 3)
    s.wants[i] = False
    s.line[i] = 0


@peterson.invariant()
def exclusive(s: Two) -> bool:
    return (s.line[0], s.line[1]) != (3, 3)


@peterson.eventually(over=both, when=lambda s, i: s.wants[i])
def comes_in(s: Two, i: int) -> bool:
    """Who wants to comes in."""
    return s.line[i] == 3


# -- a token on a ring; when it is lost, somebody must notice --


@dataclass
class Ring:
    scope: Scope
    at: int | None = 0


ring = Model("ring", "a token goes round, and may be lost", Scope)


@ring.initial
def first(scope: Scope) -> Ring:
    return Ring(scope)


@ring.transition(over=places)
def pass_on(s: Ring, i: int) -> None:
    require(s.at == i)
    s.at = (i + 1) % s.scope.size


@ring.transition(fault=True)
def lose(s: Ring) -> None:
    s.at = None


@ring.transition()
def make_another(s: Ring) -> None:
    require(s.at is None and not s.scope.bug)
    s.at = 0


@ring.recoverable(over=places)
def can_come(s: Ring, i: int) -> bool:
    """The token can come to everybody."""
    return s.at == i


@ring.eventually(over=places)
def comes_round(s: Ring, i: int) -> bool:
    """The token comes to everybody."""
    return s.at == i


ring.variant("lost", "a lost token is not made anew", caught_by=("can_come", "comes_round"))(break_it)

# -- sending until it arrives: losing is a fault, or what may always happen --


@dataclass
class Wire:
    scope: Scope
    sent: bool = False
    on_the_way: bool = False
    arrived: int = 0


wire = Model("wire", "each item is sent again until it arrives", Scope)


@wire.initial
def idle(scope: Scope) -> Wire:
    return Wire(scope)


@wire.transition()
def send(s: Wire) -> None:
    require(s.arrived < s.scope.size and not s.on_the_way)
    s.on_the_way = not s.scope.bug or choose((True, False))
    s.sent = not s.sent


@wire.transition()
def arrive(s: Wire) -> None:
    require(s.on_the_way)
    s.on_the_way = False
    s.arrived += 1


@wire.transition(fault=True)
def drop(s: Wire) -> None:
    require(s.on_the_way)
    s.on_the_way = False


@wire.eventually()
def all_arrived(s: Wire) -> bool:
    """All items arrive."""
    return s.arrived == s.scope.size


@wire.recoverable()
def all_can_arrive(s: Wire) -> bool:
    """All items can arrive."""
    return s.arrived == s.scope.size


wire.variant("bad", "what is sent may be lost at once, every time", caught_by=("all_arrived",))(break_it)

# -- two-phase commit: blocked for ever when the manager of the transaction crashes --


@dataclass
class Commitment:
    scope: Scope
    votes: dict[int, str]
    crashed: bool = False
    decided: str = ""
    asked: SetOf[int] = field(default_factory=SetOf)


commitment = Model("commitment", "a transaction manager decides what the others promised", Scope)


@commitment.initial
def undecided(scope: Scope) -> Commitment:
    return Commitment(scope, dict.fromkeys(places(scope), ""))


@commitment.transition(over=places)
def promise(s: Commitment, i: int) -> None:
    require(not s.votes[i])
    s.votes[i] = "promised"
    s.asked.add(i)


@commitment.transition()
def decide(s: Commitment) -> None:
    require(not s.crashed and not s.decided)
    require(len(s.asked.value) == s.scope.size)
    s.decided = "commit"


@commitment.transition(over=places)
def obey(s: Commitment, i: int) -> None:
    require(s.votes[i] == "promised")
    require(s.decided and not s.crashed)
    s.votes[i] = s.decided


@commitment.transition(fault=True)
def crash(s: Commitment) -> None:
    require(not s.crashed)
    s.crashed = True


@commitment.transition()
def restart(s: Commitment) -> None:
    require(s.crashed and not s.scope.bug)
    s.crashed = False


@commitment.recoverable()
def can_finish(s: Commitment) -> bool:
    """Everybody can learn the decision."""
    return all(vote == "commit" for vote in s.votes.values())


@commitment.eventually()
def finishes(s: Commitment) -> bool:
    """Everybody learns the decision."""
    return all(vote == "commit" for vote in s.votes.values())


commitment.variant("blocking", "the manager stays away after a crash", caught_by=("can_finish", "finishes"))(
    break_it
)
