"""Small protocols, each with what makes it worth checking, and the numbers that are known of it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from zabcheck.checker import Channel, Model, SetOf, because, choose, option, require
from zabcheck.checker.vocabulary import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Scope:
    """How many, and whether the bug is in."""

    size: int = option(3, "how many", minimum=1)
    bug: bool = False


def break_it(scope: Scope) -> Scope:
    return dataclasses.replace(scope, bug=True)


# -- philosophers: a family of plain fields, a deadlock --


class Hands(Enum):
    EMPTY = 0
    LEFT = 1
    BOTH = 2


@dataclass
class Table:
    scope: Scope
    hands: dict[int, Hands]
    taken: dict[int, bool]


philosophers = Model("philosophers", "Dijkstra's dining philosophers; each takes the left fork first", Scope)


def seats(scope: Scope) -> range:
    return range(scope.size)


@philosophers.initial
def laid(scope: Scope) -> Table:
    return Table(scope, dict.fromkeys(seats(scope), Hands.EMPTY), dict.fromkeys(seats(scope), False))


@philosophers.transition(over=seats)
def take_left(s: Table, i: int) -> None:
    require(s.hands[i] is Hands.EMPTY and not s.taken[i])
    require(s.scope.bug or sum(hands is not Hands.EMPTY for hands in s.hands.values()) < s.scope.size - 1)
    s.taken[i] = True
    s.hands[i] = Hands.LEFT


@philosophers.transition(over=seats)
def take_right(s: Table, i: int) -> None:
    right = (i + 1) % s.scope.size
    require(s.hands[i] is Hands.LEFT)
    require(not s.taken[right])
    s.taken[right] = True
    s.hands[i] = Hands.BOTH


@philosophers.transition(over=seats)
def put_down(s: Table, i: int) -> None:
    require(s.hands[i] is Hands.BOTH)
    s.hands[i] = Hands.EMPTY
    for fork in (i, (i + 1) % s.scope.size):
        s.taken[fork] = False


@philosophers.final
def never(s: Table) -> because:
    """Dinner goes on for ever."""
    return because("everybody waits")


philosophers.variant("crowded", "nobody keeps the last seat free", caught_by=("Deadlock",))(break_it)


# -- alternating bit: records with methods, channels, losses by choose() --


@dataclass
class Sender:
    bit: int = 0
    sent: int = 0

    def turn(self) -> None:
        self.bit = 1 - self.bit
        self.sent += 1


@dataclass
class Receiver:
    bit: int = 0
    items: tuple[int, ...] = ()

    def take(self, item: int) -> None:
        self.items = (*self.items, item)
        self.bit = 1 - self.bit


class Lossy(Channel[tuple[int, ...]]):
    """A channel that loses what there is no room for, and sometimes what there is."""

    def put(self, message: tuple[int, ...]) -> None:
        require(self.view(has_room, 2))
        if choose(("arrives", "is lost")) == "arrives":
            self.send(message)


def has_room(items: tuple[object, ...], most: int) -> bool:
    return len(items) < most


@dataclass
class Line:
    scope: Scope
    sender: Sender = field(default_factory=Sender)
    receiver: Receiver = field(default_factory=Receiver)
    data: Lossy = field(default_factory=Lossy)
    acks: Lossy = field(default_factory=Lossy)


alternating_bit = Model(
    "alternating-bit", "Bartlett, Scantlebury and Wilkinson's protocol over lossy channels", Scope
)


@alternating_bit.initial
def quiet(scope: Scope) -> Line:
    return Line(scope)


@alternating_bit.transition()
def transmit(s: Line) -> None:
    require(s.sender.sent < s.scope.size)
    s.data.put((s.sender.sent, s.sender.bit))


@alternating_bit.transition()
def accept(s: Line) -> None:
    item, bit = s.data.receive()
    if bit == s.receiver.bit or s.scope.bug:
        s.receiver.take(item)
    s.acks.put((bit,))


@alternating_bit.transition()
def hear(s: Line) -> None:
    (bit,) = s.acks.receive()
    if bit == s.sender.bit:
        s.sender.turn()


@alternating_bit.invariant()
def in_order(s: Line) -> bool | because:
    """Every item arrives once and in order."""
    if s.receiver.items != tuple(range(len(s.receiver.items))):
        return because(f"{s.receiver.items[-1]} arrived again")
    return True


@alternating_bit.step_property()
def only_appended(before: Line, after: Line) -> bool:
    """What has arrived stays."""
    return after.receiver.items[: len(before.receiver.items)] == before.receiver.items


@alternating_bit.goal()
def all_arrived(s: Line) -> bool:
    return len(s.receiver.items) == s.scope.size


@alternating_bit.final
def all_acknowledged(s: Line) -> bool:
    return s.sender.sent == s.scope.size


alternating_bit.variant("credulous", "the receiver does not look at the bit", caught_by=("in_order",))(
    break_it
)


# -- gossip: families of families of cells, sets, a step property over pairs --


@dataclass
class Village:
    scope: Scope
    knows: dict[int, dict[int, SetOf[int]]]
    calls: int = 0


gossip = Model("gossip", "everybody has a secret of each colour; a call shares what both know of one", Scope)


def callers(scope: Scope) -> list[tuple[int, int, int]]:
    people = range(scope.size)
    return [(a, b, colour) for a in people for b in people if a < b for colour in (0, 1)]


@gossip.initial
def secrets(scope: Scope) -> Village:
    return Village(scope, {a: {c: SetOf(frozenset({a})) for c in (0, 1)} for a in range(scope.size)})


@gossip.transition(over=callers)
def call(s: Village, a: int, b: int, colour: int) -> None:
    one, other = s.knows[a][colour], s.knows[b][colour]
    require(one.value != other.value)
    one.value = other.value = one.value | other.value
    s.calls = (s.calls + 1) % 2


def people(scope: Scope) -> range:
    return range(scope.size)


@gossip.step_property(over=people)
def nothing_is_forgotten(before: Village, after: Village, a: int) -> bool:
    return all(before.knows[a][c].value <= after.knows[a][c].value for c in (0, 1))


@gossip.goal()
def everybody_knows_everything(s: Village) -> bool:
    return all(len(known.value) == s.scope.size for colours in s.knows.values() for known in colours.values())


@gossip.invariant(over=people)
def own_secret(s: Village, a: int) -> bool:
    return all(a in s.knows[a][c] for c in (0, 1))


# -- lottery: several initial states, nested choices, assertions --


@dataclass
class Drum:
    balls: frozenset[int]
    drawn: tuple[int, ...] = ()


lottery = Model("lottery", "balls are drawn from one of several drums, sometimes two at once", Scope)
fair = lottery.assertion("fair", "no two drawn balls follow each other")


@lottery.initial
def drums(scope: Scope) -> Iterator[Drum]:
    for balls in range(1, scope.size + 1):
        yield Drum(frozenset(range(balls)))
    yield Drum(frozenset({0}))  # once more


@lottery.transition()
def draw(s: Drum) -> None:
    for _ in range(choose((1, 2))):
        ball = choose(sorted(s.balls))
        s.balls = s.balls - {ball}
        fair.check(not s.drawn or s.drawn[-1] + 1 != ball or len(s.drawn) < 3)
        s.drawn = (*s.drawn, ball)


@lottery.transition()
def draw_nothing(s: Drum) -> None:
    """Not enabled: there is nothing to choose from."""
    choose(())


@lottery.goal()
def reversed_order(s: Drum) -> bool:
    return s.drawn == (2, 1, 0)


# -- switches: more transitions and properties than fit a machine word --


@dataclass
class Wall:
    scope: Scope
    on: dict[int, bool]
    count: Cell[int] = field(default_factory=lambda: Cell(0))


switches = Model("switches", "switches, of which two may be on at a time", Scope)


@switches.initial
def off(scope: Scope) -> Wall:
    return Wall(scope, dict.fromkeys(range(scope.size), False))


def plus(value: int, more: int) -> int:
    return value + more


def below(value: int, limit: int) -> bool:
    return value < limit


@switches.transition(over=people)
def switch_on(s: Wall, i: int) -> None:
    require(not s.on[i])
    require(s.count.view(below, 2))
    s.on[i] = True
    s.count.apply(plus, 1)


@switches.transition(over=people)
def switch_off(s: Wall, i: int) -> None:
    require(s.on[i])
    s.on[i] = False
    s.count.apply(plus, -1)


@switches.invariant(over=people)
def counted(s: Wall, i: int) -> bool:
    return not s.on[i] or s.count.value in (1, 2)


@switches.goal(over=lambda scope: [(i, i + 1) for i in range(scope.size - 1)])
def neighbours(s: Wall, i: int, j: int) -> bool:
    return s.on[i] and s.on[j]


# -- odometer: wheels that turn on their own; levels wide enough for several workers --

DIGITS = 10


@dataclass
class Wheel:
    digit: int = 0


@dataclass
class Odometer:
    scope: Scope
    wheels: dict[int, Wheel]


odometer = Model(
    "odometer",
    "independent wheels: every number is reached, by as many steps as the sum of its digits",
    Scope,
)


@odometer.initial
def zeros(scope: Scope) -> Odometer:
    return Odometer(scope, {i: Wheel() for i in range(scope.size)})


@odometer.transition(over=people)
def turn(s: Odometer, i: int) -> None:
    require(s.scope.bug or s.wheels[i].digit + 1 < DIGITS)
    s.wheels[i].digit = (s.wheels[i].digit + 1) % DIGITS


@odometer.goal()
def all_nines(s: Odometer) -> bool:
    return all(wheel.digit == DIGITS - 1 for wheel in s.wheels.values())


odometer.variant("endless", "9 is followed by 0")(break_it)
