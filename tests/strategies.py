"""Hypothesis strategies: values that fields may hold, and random protocols.

A random protocol is a `Program`: data that says which transitions and properties there are. `build` turns it into a
model of plain Python closures, written as a user would write them. Its ids are interchangeable, so every program is
also a test of symmetry.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from zabcheck.checker import Assertion, Channel, Id, Model, SetOf, because, choose, option, require
from zabcheck.checker.vocabulary import Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IDS = tuple(Id(name) for name in ("p", "q", "r"))

# -- values --


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Ballot:
    """A message, say."""

    number: int
    voter: Any


def values(*, ids: bool = True) -> st.SearchStrategy[Any]:
    """Whatever a field may hold, nested."""
    scalars: list[st.SearchStrategy[Any]] = [
        st.none(),
        st.booleans(),
        st.integers(-3, 12),
        st.integers(),
        st.text("ab:1", max_size=3),
        st.text(max_size=4),
        st.binary(max_size=3),
        st.sampled_from(Colour),
    ]
    if ids:
        scalars.append(st.sampled_from(IDS))
    return st.recursive(
        st.one_of(scalars),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(tuple),
            st.frozensets(inner, max_size=3),
            st.builds(Ballot, st.integers(0, 2), inner),
        ),
        max_leaves=6,
    )


# -- the state of a random protocol --


class Phase(Enum):
    IDLE = 0
    BUSY = 1
    DONE = 2


@dataclass(frozen=True)
class Scope:
    nodes: int = option(2, "nodes", minimum=1)


@dataclass
class Node:
    x: int = 0
    phase: Phase = Phase.IDLE
    inbox: Channel[int] = field(default_factory=Channel)

    @property
    def ready(self) -> bool:
        return self.phase is Phase.IDLE and self.x > 0

    def bump(self, by: int) -> None:
        self.x = (self.x + by) % 3


@dataclass
class State:
    scope: Scope
    nodes: dict[Id, Node]
    votes: dict[Id, int]
    links: dict[Id, dict[Id, Channel[tuple[int, Id]]]]
    a: int = 0
    b: int = 0
    last: tuple[int, Id | None] = (0, None)
    total: Cell[int] = field(default_factory=lambda: Cell(0))
    net: Channel[int] = field(default_factory=Channel)
    said: SetOf[int] = field(default_factory=SetOf)
    heard: SetOf[tuple[int, Id]] = field(default_factory=SetOf)


RANGE = {"a": 5, "b": 3, "x": 3, "vote": 3, "phase": 3, "total": 6, "last": 3}
"""How many values an assignment may give each field."""

MESSAGES = 3
"""How many different numbers are sent and said."""


def add_modulo(value: int, more: int, modulus: int) -> int:
    return (value + more) % modulus


def remainder(value: int, modulus: int) -> int:
    return value % modulus


def length(items: tuple[Any, ...]) -> int:
    return len(items)


# -- programs --


@dataclass(frozen=True)
class Number:
    value: int


@dataclass(frozen=True)
class Read:
    """A number read from the state; ``peer`` says of which node, where that makes a difference."""

    what: str
    peer: bool = False


@dataclass(frozen=True)
class Sum:
    left: Expression
    right: Expression


Expression = Number | Read | Sum


@dataclass(frozen=True)
class Compare:
    left: Expression
    operator: str
    right: Expression


@dataclass(frozen=True)
class Said:
    number: Expression


@dataclass(frozen=True)
class Heard:
    number: Expression
    peer: bool


@dataclass(frozen=True)
class Ready:
    peer: bool


@dataclass(frozen=True)
class Both:
    left: Condition
    right: Condition


@dataclass(frozen=True)
class Not:
    condition: Condition


Condition = Compare | Said | Heard | Ready | Both | Not


@dataclass(frozen=True)
class Do:
    """One statement: what it is called in `Situation.do`, and its operands."""

    what: str
    number: Expression = Number(0)
    target: str = ""
    peer: bool = False


@dataclass(frozen=True)
class If:
    condition: Condition
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...]


@dataclass(frozen=True)
class Check:
    condition: Condition


@dataclass(frozen=True)
class Need:
    """A guard in the middle, perhaps after something was chosen."""

    condition: Condition


Statement = Do | If | Check | Need


@dataclass(frozen=True)
class Rule:
    """A transition: for ``nothing``, each node, each pair of nodes, or each number."""

    over: str
    guards: tuple[Condition, ...]
    body: tuple[Statement, ...]
    fault: bool = False
    fair: bool = True


@dataclass(frozen=True)
class Claim:
    """A property: ``never`` for an invariant, ``once`` for a goal, ``grows`` and so on for step properties.

    ``again`` and ``finally`` are for liveness, demanded where ``when`` is true, or everywhere.
    """

    kind: str
    over: str
    conditions: tuple[Condition, ...] = ()
    what: Read = Read("a")
    explained: bool = False
    when: Condition | None = None


@dataclass(frozen=True)
class Program:
    rules: tuple[Rule, ...]
    claims: tuple[Claim, ...] = ()
    final: Condition | None = None
    starts: int = 1
    nodes: int = 2


# -- what they mean --


class Situation:
    """The state, the parameters and the local variable ``got`` that a program's function works with."""

    def __init__(self, state: State, me: Id, peer: Id, got: int = 0) -> None:
        self.s = state
        self.me = me
        self.peer = peer
        self.got = got

    def number(self, expression: Expression) -> int:
        s = self.s
        match expression:
            case Number(value):
                return value
            case Sum(left, right):
                return self.number(left) + self.number(right)
            case Read("a" | "b" as name):
                result: int = getattr(s, name)
                return result
            case Read("x", peer):
                return s.nodes[self.who(peer)].x
            case Read("phase", peer):
                return s.nodes[self.who(peer)].phase.value
            case Read("inbox", peer):
                return s.nodes[self.who(peer)].inbox.view(length)
            case Read("vote", peer):
                return s.votes[self.who(peer)]
            case Read("votes"):
                return sum(s.votes.values())
            case Read("busy"):
                return sum(node.phase is Phase.BUSY for node in s.nodes.values())
            case Read("link", peer):
                return s.links[self.who(peer)][self.who(not peer)].view(length)
            case Read("last"):
                return s.last[0]
            case Read("total"):
                return s.total.value
            case Read("half"):
                return s.total.view(remainder, 2)
            case Read("net"):
                return s.net.view(length)
            case Read("said"):
                return len(s.said.value)
        return self.got

    def who(self, peer: bool) -> Id:  # noqa: FBT001 - a field of the program
        return self.peer if peer else self.me

    def true(self, condition: Condition) -> bool:
        match condition:
            case Compare(left, operator, right):
                one, other = self.number(left), self.number(right)
                return one == other if operator == "==" else one != other if operator == "!=" else one < other
            case Said(number):
                return self.number(number) % MESSAGES in self.s.said
            case Heard(number, peer):
                return (self.number(number) % MESSAGES, self.who(peer)) in self.s.heard
            case Ready(peer):
                return self.s.nodes[self.who(peer)].ready
            case Both(left_condition, right_condition):
                return self.true(left_condition) and self.true(right_condition)
            case Not(inner):
                return not self.true(inner)

    def run(self, body: tuple[Statement, ...], assertion: Assertion) -> None:
        for statement in body:
            match statement:
                case If(condition, then, otherwise):
                    self.run(then if self.true(condition) else otherwise, assertion)
                case Check(condition):
                    assertion.check(self.true(condition))
                case Need(condition):
                    require(self.true(condition))
                case Do(what, number, target, peer):
                    getattr(self, what)(number, target, peer)

    # -- statements; each takes (number, target, peer) --

    def assign(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        value = self.number(number) % RANGE[target]
        s, who = self.s, self.who(peer)
        if target == "x":
            s.nodes[who].x = value
        elif target == "phase":
            s.nodes[who].phase = Phase(value)
        elif target == "vote":
            s.votes[who] = value
        elif target == "last":
            s.last = (value, who)
        elif target == "total":
            s.total.value = value
        else:
            setattr(s, target, value)

    def bump(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.s.nodes[self.who(peer)].bump(self.number(number))

    def add(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.s.total.apply(add_modulo, self.number(number), RANGE["total"])

    def send(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        message = self.number(number) % MESSAGES
        if target == "link":
            link = self.s.links[self.who(peer)][self.who(not peer)]
            require(link.view(length) < 1)
            link.send((message, self.me))
        else:
            channel = self.channel(target, peer)
            require(channel.view(length) < 2)
            channel.send(message)

    def receive(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        if target == "link":
            self.got, sender = self.s.links[self.who(peer)][self.who(not peer)].receive()
            self.s.heard.add((self.got, sender))
        else:
            self.got = self.channel(target, peer).receive()

    def clear(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.channel(target, peer).clear()

    def channel(self, target: str, peer: bool) -> Channel[int]:  # noqa: FBT001
        return self.s.nodes[self.who(peer)].inbox if target == "inbox" else self.s.net

    def say(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.s.said.add(self.number(number) % MESSAGES)

    def unsay(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.s.said.discard(self.number(number) % MESSAGES)

    def forget(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.s.heard.discard((self.number(number) % MESSAGES, self.who(peer)))

    def pick(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.got = choose(range(self.number(number) % 3 + 1))

    def recall(self, number: Expression, target: str, peer: bool) -> None:  # noqa: FBT001
        self.got = choose(sorted(self.s.said.value))


def ids(scope: Scope) -> tuple[Id, ...]:
    return IDS[: scope.nodes]


def pairs(scope: Scope) -> list[tuple[Id, Id]]:
    return list(permutations(ids(scope), 2))


def numbers(scope: Scope) -> range:
    return range(MESSAGES)


def nothing(scope: Scope) -> list[tuple[()]]:
    return [()]


DOMAINS: dict[str, Callable[[Scope], Any]] = {
    "nothing": nothing,
    "node": ids,
    "pair": pairs,
    "number": numbers,
}


def situated(over: str, use: Callable[[Situation], Any]) -> Callable[..., Any]:
    """A function with the parameters that ``over`` says, as a user would declare it."""

    def with_nothing(s: State) -> Any:
        # reading nothing but constants, so that the function is the same for all nodes
        return use(Situation(s, IDS[0], IDS[0]))

    def with_node(s: State, me: Id) -> Any:
        return use(Situation(s, me, me))

    def with_pair(s: State, me: Id, peer: Id) -> Any:
        return use(Situation(s, me, peer))

    def with_number(s: State, got: int) -> Any:
        return use(Situation(s, IDS[0], IDS[0], got))

    functions: dict[str, Callable[..., Any]] = {
        "nothing": with_nothing,
        "node": with_node,
        "pair": with_pair,
        "number": with_number,
    }
    return functions[over]


def build(program: Program) -> Model[Scope]:
    """The model that a program describes."""
    model = Model("random", "a random protocol", Scope)
    model.identities(ids)

    @model.initial
    def initial(scope: Scope) -> Iterator[State]:
        nodes = ids(scope)
        for a in range(program.starts):
            links: dict[Id, dict[Id, Channel[tuple[int, Id]]]]
            links = {i: {j: Channel() for j in nodes} for i in nodes}
            yield State(scope, {i: Node() for i in nodes}, dict.fromkeys(nodes, 0), links, a=a)

    assertion = model.assertion("Checked", "what a random transition checks")
    for number, rule in enumerate(program.rules):
        declared = model.transition(
            name=f"rule{number}", over=DOMAINS[rule.over], fault=rule.fault, fair=rule.fair
        )
        declared(transition(rule, assertion))
    for number, claim in enumerate(program.claims):
        declare(model, f"claim{number}", claim)
    if program.final is not None:
        final = program.final
        model.final(situated("nothing", lambda situation: situation.true(final)))
    return model


def transition(rule: Rule, assertion: Assertion) -> Callable[..., None]:
    def body(situation: Situation) -> None:
        for guard in rule.guards:
            require(situation.true(guard))
        situation.run(rule.body, assertion)

    return situated(rule.over, body)


def declare(model: Model[Scope], name: str, claim: Claim) -> None:
    over = DOMAINS[claim.over]

    def every(situation: Situation) -> bool:
        return all(situation.true(condition) for condition in claim.conditions)

    def never(situation: Situation) -> bool | because:
        if every(situation):
            return because(f"all of it, for {situation.me}") if claim.explained else False
        return True

    if claim.kind == "never":
        model.invariant(name=name, over=over)(situated(claim.over, never))
    elif claim.kind == "once":
        model.goal(name=name, over=over)(situated(claim.over, every))
    elif claim.kind in ("again", "finally"):
        condition = claim.when
        when = situated(claim.over, lambda situation: situation.true(condition)) if condition else None
        register = model.recoverable if claim.kind == "again" else model.eventually
        register(name=name, over=over, when=when)(situated(claim.over, every))
    else:
        model.step_property(name=name)(step_property(claim))


def step_property(claim: Claim) -> Callable[[State, State], bool]:
    """What is true of a step that changes nothing: growing, changing little, changing only in some situation."""

    def holds(before: State, after: State) -> bool:
        was, now = Situation(before, IDS[0], IDS[1]), Situation(after, IDS[0], IDS[1])
        if claim.kind == "grows":
            return now.number(claim.what) >= was.number(claim.what)
        if claim.kind == "creeps":
            return abs(now.number(claim.what) - was.number(claim.what)) < 2
        return now.number(claim.what) == was.number(claim.what) or not all(map(was.true, claim.conditions))

    return holds


# -- strategies --

GLOBAL = ("a", "b", "last", "total", "half", "net", "said", "votes", "busy")
LOCAL = ("x", "vote", "phase", "inbox", "link")
HAS_NODES = ("node", "pair")


class Dice:
    """Makes the parts of a program from one number.

    Hypothesis decides which parts there are, and leaves out those that a failure does not need. Drawn by Hypothesis
    piece by piece, most programs would be minimal and alike.
    """

    def __init__(self, seed: int, over: str = "") -> None:
        self._random = Random(seed)
        self.over = over or self.among("nothing", "node", "node", "node", "pair", "pair", "number")
        self.has_nodes = self.over in HAS_NODES

    def among(self, *options: Any) -> Any:
        return self._random.choice(options)

    def one_of(self, *options: Condition) -> Condition:
        return self._random.choice(options)

    def chance(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def read(self) -> Read:
        if self.has_nodes and self.chance(65):
            return Read(self.among(*LOCAL), self.chance(50))
        return Read("got" if self.over == "number" and self.chance(30) else self.among(*GLOBAL))

    def expression(self) -> Expression:
        if self.chance(30):
            return Number(self.among(0, 1, 2, 3))
        read = self.read() if self.chance(70) else Read("got")
        return read if self.chance(50) else Sum(read, Number(self.among(1, 2)))

    def guard(self) -> Condition:
        """Mostly true at the beginning, when every number is 0."""
        if self.has_nodes and self.chance(15):
            heard = Heard(self.expression(), self.chance(50))
            return self.one_of(Ready(self.chance(50)), Not(heard), heard)
        if self.chance(20):
            said = Said(self.expression())
            return self.one_of(said, Not(said), Not(said))
        if self.chance(10):
            return Compare(self.read(), self.among("==", "<"), self.read())
        if self.chance(10):
            return Both(self.guard(), self.guard())
        read = Read("got") if self.chance(10) else self.read()
        return Compare(read, self.among("<", "<", "!=", "=="), Number(self.among(1, 1, 2, 3)))

    def oddity(self, parts: int) -> Condition:
        """Not true at the beginning; the more parts, the later it can be."""
        if parts > 1:
            return Both(self.oddity(1), self.oddity(parts - 1))
        if self.chance(20):
            return Said(self.expression())
        if self.has_nodes and self.chance(20):
            return self.one_of(Ready(self.chance(50)), Heard(Number(self.among(0, 1, 2)), self.chance(50)))
        return Compare(Number(self.among(0, 1, 1)), "<", self.read())

    def ending(self) -> Condition:
        return self.one_of(self.guard(), self.oddity(1), Not(self.guard()))

    def statement(self, *, nested: bool = True) -> Statement:
        number, peer = self.expression(), self.chance(50)
        targets = ("a", "b", "total") + (("x", "x", "vote", "phase", "last") if self.has_nodes else ())
        channels = ("net",) + (("inbox", "link", "link") if self.has_nodes else ())
        if nested and self.chance(12):
            return If(self.guard(), self.body(nested=False), self.body(nested=False))
        if nested and self.chance(6):
            return Check(Not(self.oddity(self.among(2, 3, 4))))
        if self.chance(12):
            return Need(self.guard())
        match self.among("set", "grow", "grow", "channel", "channel", "said", "choose", "other"):
            case "set":
                return Do("assign", number, self.among(*targets), peer)
            case "grow":
                target = self.among(*targets)
                return Do("assign", Sum(Read(target, peer), Number(1)), target, peer)
            case "channel":
                return Do(self.among("send", "send", "receive"), number, self.among(*channels), peer)
            case "said":
                return Do(self.among("say", "say", "unsay"), number)
            case "choose":
                return Do(self.among("pick", "pick", "recall"), number)
            case _ if self.has_nodes:
                return Do(
                    self.among("bump", "bump", "forget", "clear"), number, self.among("net", "inbox"), peer
                )
        return Do(self.among("add", "add", "clear"), number, "net")

    def body(self, *, nested: bool = True) -> tuple[Statement, ...]:
        return tuple(self.statement(nested=nested) for _ in range(self.among(1, 1, 2, 2, 3)))

    def rule(self) -> Rule:
        return Rule(self.over, tuple(self.guard() for _ in range(self.among(0, 0, 1, 1, 2))), self.body())

    def claim(self) -> Claim:
        if self.chance(25):
            self.over, self.has_nodes = "nothing", False
            kind = self.among("only", "creeps", "grows")
            return Claim(kind, "nothing", (self.oddity(2),), self.read())
        kind, parts = self.among("never", "once", "once"), self.among(1, 2, 2, 3, 3)
        return Claim(kind, self.over, (self.oddity(parts),), explained=self.chance(50))

    def demand(self) -> Claim:
        goal = self.among(self.ending(), self.oddity(1), self.oddity(2), Not(self.oddity(1)))
        when = self.ending() if self.chance(40) else None
        return Claim(self.among("again", "finally"), self.over, (goal,), when=when)


RULES, CLAIMS = 12, 8


def program(seed: int, rules: int, claims: int) -> Program:
    """The program of a seed, with those of its rules and claims whose bits are set."""
    dice = Dice(seed, "nothing")
    parts = [Dice(seed << 8 | number) for number in range(RULES + CLAIMS)]
    return Program(
        rules=tuple(part.rule() for bit, part in enumerate(parts[:RULES]) if rules >> bit & 1),
        claims=tuple(part.claim() for bit, part in enumerate(parts[RULES:]) if claims >> bit & 1),
        final=dice.ending() if dice.chance(35) else None,
        starts=dice.among(1, 1, 2, 3),
        nodes=dice.among(1, 2, 2, 3),
    )


def programs() -> st.SearchStrategy[Program]:
    """Random protocols: some stop at once, some deadlock, many violate something, some have thousands of states."""
    return st.builds(
        program,
        seed=st.integers(0, 2**24 - 1),
        rules=st.integers(1, 2**RULES - 1),
        claims=st.integers(0, 2**CLAIMS - 1),
    )


def living_program(program: Program, faults: int, unfair: int, demands: tuple[int, ...]) -> Program:
    """``program`` without what ends a search early, but with demands of liveness, one for each number.

    The bits of ``faults`` and ``unfair`` say which of its rules are that.
    """
    rules = tuple(
        replace(rule, fault=bool(faults >> bit & 1), fair=not unfair >> bit & 1)
        for bit, rule in enumerate(program.rules)
    )
    claims = tuple(Dice(number).demand() for number in demands)
    return replace(program, rules=rules, claims=claims, final=None)


def living_programs() -> st.SearchStrategy[Program]:
    """Random protocols of which liveness is demanded."""
    bits = st.integers(0, 2**RULES - 1)
    return st.builds(
        living_program,
        programs(),
        faults=st.builds(lambda a, b: a & b, bits, bits),
        unfair=st.builds(lambda a, b: a & b, bits, bits),
        demands=st.lists(st.integers(0, 2**24 - 1), min_size=1, max_size=4, unique=True).map(tuple),
    )
