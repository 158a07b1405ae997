"""Two-phase commit (Gray and Lamport): a transaction manager asks resource managers to commit or abort."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from enum import Enum

from zabcheck.checker import Id, Model, SetOf, because, option, require


@dataclass(frozen=True)
class Scope:
    """The bounds, and what may be changed on purpose."""

    rms: int = option(3, "resource managers", minimum=1)
    hasty: bool = False


class Rm(Enum):
    """What a resource manager has decided."""

    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass
class Manager:
    """One resource manager."""

    state: Rm = Rm.WORKING


@dataclass
class State:
    """The whole system: managers, the transaction manager's decision, and all messages ever sent."""

    scope: Scope
    managers: dict[Id, Manager]
    decision: str = "init"
    prepared: SetOf[Id] = field(default_factory=SetOf)
    messages: SetOf[str | tuple[str, Id]] = field(default_factory=SetOf)


model = Model("two-phase-commit", "Gray and Lamport's two-phase commit with one transaction manager", Scope)


@model.identities
def managers(scope: Scope) -> tuple[Id, ...]:
    """The resource managers."""
    return tuple(Id(f"rm{i + 1}") for i in range(scope.rms))


@model.initial
def initial(scope: Scope) -> State:
    """Everybody is working, nothing has been said."""
    return State(scope, {rm: Manager() for rm in managers(scope)})


@model.transition(over=managers)
def prepare(s: State, rm: Id) -> None:
    """A working manager promises to commit."""
    require(s.managers[rm].state is Rm.WORKING)
    s.managers[rm].state = Rm.PREPARED
    s.messages.add(("prepared", rm))


@model.transition(over=managers)
def choose_to_abort(s: State, rm: Id) -> None:
    """A working manager gives up on its own."""
    require(s.managers[rm].state is Rm.WORKING)
    s.managers[rm].state = Rm.ABORTED


@model.transition(over=managers)
def hear_prepared(s: State, rm: Id) -> None:
    """The transaction manager learns of a promise."""
    require(s.decision == "init")
    require(("prepared", rm) in s.messages)
    s.prepared.add(rm)


@model.transition()
def decide_commit(s: State) -> None:
    """The transaction manager commits when all have promised."""
    require(s.decision == "init")
    promised = len(s.prepared.value)
    require(promised == len(s.managers) or (s.scope.hasty and promised))
    s.decision = "commit"
    s.messages.add("commit")


@model.transition()
def decide_abort(s: State) -> None:
    """The transaction manager aborts, at any time before it has decided."""
    require(s.decision == "init")
    s.decision = "abort"
    s.messages.add("abort")


@model.transition(over=managers)
def hear_commit(s: State, rm: Id) -> None:
    """A manager does as the decision says."""
    require("commit" in s.messages)
    s.managers[rm].state = Rm.COMMITTED


@model.transition(over=managers)
def hear_abort(s: State, rm: Id) -> None:
    """A manager does as the decision says."""
    require("abort" in s.messages)
    s.managers[rm].state = Rm.ABORTED


def pairs(scope: Scope) -> list[tuple[Id, Id]]:
    """Every manager with every other."""
    return [(a, b) for a in managers(scope) for b in managers(scope) if a != b]


@model.invariant(over=pairs)
def consistent(s: State, a: Id, b: Id) -> bool | because:
    """No manager has committed while another has aborted."""
    if s.managers[a].state is Rm.COMMITTED and s.managers[b].state is Rm.ABORTED:
        return because(f"{a} has committed, {b} has aborted")
    return True


@model.goal()
def all_committed(s: State) -> bool:
    """Every manager has committed."""
    return all(manager.state is Rm.COMMITTED for manager in s.managers.values())


@model.variant("hasty", "the transaction manager commits after the first promise", caught_by=("consistent",))
def hasty(scope: Scope) -> Scope:
    """Weaken the guard of decide_commit."""
    return dataclasses.replace(scope, hasty=True)
