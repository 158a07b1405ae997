"""Hypothesis strategies: values that fields may hold, and random protocols.

A random protocol is a `Program`: data that says which transitions and properties there are. `build` turns it into a
model of plain Python closures, written as a user would write them. Its ids are interchangeable, so every program is
also a test of symmetry.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from itertools import permutations
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


Statement = Do | If | Check


@dataclass(frozen=True)
class Rule:
    """A transition: for ``nothing``, each node, each pair of nodes, or each number."""

    over: str
    guards: tuple[Condition, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Claim:
    """A property: ``never`` for an invariant, ``once`` for a goal, ``grows`` and so on for step properties."""

    kind: str
    over: str
    conditions: tuple[Condition, ...] = ()
    what: Read = Read("a")
    explained: bool = False


@dataclass(frozen=True)
class Program:
    rules: tuple[Rule, ...]
    claims: tuple[Claim, ...] = ()
    final: Condition | None = None
    starts: int = 1


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

    return {"nothing": with_nothing, "node": with_node, "pair": with_pair, "number": with_number}[over]


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
        model.transition(name=f"rule{number}", over=DOMAINS[rule.over])(transition(rule, assertion))
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

GLOBAL = ("a", "b", "last", "total", "half", "net", "said", "votes", "busy", "got")
LOCAL = ("x", "vote", "phase", "inbox", "link")
HAS_NODES = ("node", "pair")


@cache
def reads(over: str) -> st.SearchStrategy[Read]:
    """What may be read: of nodes only where there is one as parameter."""
    everywhere = st.sampled_from(GLOBAL).map(Read)
    return everywhere | st.builds(Read, st.sampled_from(LOCAL), st.booleans()) if over in HAS_NODES else everywhere


@cache
def expressions(over: str) -> st.SearchStrategy[Expression]:
    return (
        st.sampled_from([Number(n) for n in range(4)])
        | reads(over)
        | st.builds(Sum, reads(over), st.sampled_from([Number(1), Number(2)]))
    )


@cache
def comparisons(over: str, operators: tuple[str, ...], least: int) -> st.SearchStrategy[Condition]:
    few = st.sampled_from([Number(n) for n in range(least, 4)])
    return st.builds(Compare, reads(over), st.sampled_from(operators), few)


@cache
def conditions(over: str) -> st.SearchStrategy[Condition]:
    """Often true at the beginning, when every number is 0."""
    options: list[st.SearchStrategy[Condition]] = [
        comparisons(over, ("<",), 1),
        comparisons(over, ("<", "!="), 1),
        comparisons(over, ("==", "!=", "<"), 0),
        st.builds(Compare, reads(over), st.sampled_from(("==", "<")), reads(over)),
        st.builds(lambda number: Not(Said(number)), expressions(over)),
        st.builds(Said, expressions(over)),
    ]
    if over in HAS_NODES:
        options.append(st.builds(Ready, st.booleans()))
        options.append(st.builds(lambda *heard: Not(Heard(*heard)), expressions(over), st.booleans()))
        options.append(st.builds(Both, comparisons(over, ("<",), 1), comparisons(over, ("==", "!="), 0)))
    return st.one_of(options)


@cache
def oddities(over: str) -> st.SearchStrategy[Condition]:
    """Never true at the beginning; how soon one can be is another matter."""
    rare = comparisons(over, ("==",), 1)
    options = [rare, rare, st.builds(Said, expressions(over))]
    if over in HAS_NODES:
        options += [st.builds(Heard, expressions(over), st.booleans()), st.builds(Ready, st.booleans())]
    return st.builds(Both, rare, st.one_of(options))


@cache
def statements(over: str, *, nested: bool = True) -> st.SearchStrategy[Statement]:
    local = over in HAS_NODES
    number, peer = expressions(over), st.booleans()
    targets = ("a", "b", "total", *(("x", "vote", "phase", "last") if local else ()))
    channels = ("net", *(("inbox", "link") if local else ()))
    plain = ("net", *(("inbox",) if local else ()))
    grow = st.builds(
        lambda target, peer: Do("assign", Sum(Read(target, peer), Number(1)), target, peer),
        st.sampled_from(targets),
        peer,
    )
    options: list[st.SearchStrategy[Statement]] = [
        grow,
        grow,
        st.builds(Do, st.just("assign"), number, st.sampled_from(targets), peer),
        st.builds(Do, st.just("send"), number, st.sampled_from(channels), peer),
        st.builds(Do, st.just("receive"), number, st.sampled_from(channels), peer),
        st.builds(Do, st.sampled_from(("add", "say", "unsay", "pick", "recall")), number),
        st.builds(Do, st.just("clear"), number, st.sampled_from(plain), peer),
    ]
    if local:
        options.append(st.builds(Do, st.sampled_from(("bump", "forget")), number, st.just(""), peer))
    if nested:
        inner = bodies(over, nested=False)
        options.append(st.builds(If, conditions(over), inner, inner))
        options.append(oddities(over).map(lambda odd: Check(Not(odd))))
    return st.one_of(options)


@cache
def bodies(over: str, *, nested: bool = True) -> st.SearchStrategy[tuple[Statement, ...]]:
    return st.lists(statements(over, nested=nested), min_size=1, max_size=3).map(tuple)


@cache
def rules(over: str) -> st.SearchStrategy[Rule]:
    return st.builds(Rule, st.just(over), st.lists(conditions(over), max_size=2).map(tuple), bodies(over))


@cache
def claims(over: str) -> st.SearchStrategy[Claim]:
    kind = st.sampled_from(("never", "once", "once"))
    several = st.lists(oddities(over), min_size=1, max_size=2).map(tuple)
    return st.builds(Claim, kind, st.just(over), several, explained=st.booleans())


@cache
def step_claims() -> st.SearchStrategy[Claim]:
    kind = st.sampled_from(("only", "creeps", "grows"))
    several = st.lists(oddities("nothing"), min_size=1, max_size=2).map(tuple)
    return st.builds(Claim, kind, st.just("nothing"), several, reads("nothing"))


def programs() -> st.SearchStrategy[Program]:
    """Random protocols: some stop at once, some deadlock, many violate something, some have thousands of states."""
    overs = ("node", "nothing", "pair", "number")
    return st.builds(
        Program,
        rules=st.lists(st.one_of([rules(over) for over in overs]), min_size=3, max_size=7).map(tuple),
        claims=st.lists(
            st.one_of(*[claims(over) for over in overs[:3]], step_claims()), max_size=4
        ).map(tuple),
        final=st.none() | conditions("nothing"),
        starts=st.integers(1, 3),
    )
