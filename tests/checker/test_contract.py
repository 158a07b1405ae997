"""A model that breaks the contract is told so: what, file and line, and what to do. In both engines."""

from __future__ import annotations

import inspect
import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.checker.agreement import ENGINES, native, needs_core
from zabcheck.checker import (
    Channel,
    ContractError,
    Limits,
    Model,
    Options,
    SetOf,
    check,
    choose,
    option,
    require,
)
from zabcheck.checker.vocabulary import Cell

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Scope:
    most: int = option(3, "how far to count")


@dataclass
class Part:
    x: int = 0


@dataclass
class State:
    n: int = 0
    value: Any = 0
    part: Part = field(default_factory=Part)
    parts: dict[Any, Part] = field(default_factory=lambda: {1: Part(), 2: Part()})
    votes: dict[int, int] = field(default_factory=lambda: {1: 0, 2: 0})
    cell: Cell[Any] = field(default_factory=lambda: Cell(0))
    channel: Channel[Any] = field(default_factory=Channel)
    said: SetOf[Any] = field(default_factory=SetOf)


class Opaque:
    """Compared by identity."""


class Unhashable:
    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Anonymous:
    n: int = 0


def to_list(value: Any) -> list[Any]:
    return [value]


def to_opaque(value: Any) -> Opaque:
    return Opaque()


def outer() -> None:
    raise LookupError("somewhere below")


Break = "Callable[[Model[Scope]], None]"
BROKEN: dict[str, tuple[Any, str]] = {}


def breaks(message: str) -> Callable[[Any], Any]:
    """Register a function that adds to a model what breaks it, in the line that ends with ``# here``."""

    def register(function: Any) -> Any:
        BROKEN[function.__name__] = (function, message)
        return function

    return register


# -- values --


@breaks("value was given a mutable list (use ints, strings, enums, tuples, frozensets or frozen dataclasses")
def mutable_value(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = [s.n]  # here


@breaks("value was given a mutable set")
def mutable_value_inside(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = ((1, {2}),)  # here


@breaks("value was given a mutable Part")
def record_as_value(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = (Part(),)  # here


@breaks("value was given a Unhashable, which is not a value the checker knows")
def unhashable_value(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = Unhashable()  # here


@breaks("value was given a Opaque, which is not a value the checker knows")
def value_with_an_identity(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = Opaque()  # here


@breaks("value was given a Anonymous, which compares by identity")
def frozen_dataclass_without_equality(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = Anonymous()  # here


@breaks("value was given a float, which is not a value the checker knows")
def float_equal_to_a_whole_number(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = 1
        s.value = 1.0  # here


@breaks("votes[1] was given a mutable list")
def mutable_member_of_a_family(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.votes[1] = []  # type: ignore[assignment]  # here


@breaks("channel was given a mutable list")
def mutable_message(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.channel.send([s.n])  # here


@breaks("said was given a Opaque")
def member_with_an_identity(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.said.add(Opaque())  # here


@breaks("list")
def membership_of_something_mutable(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        require([1] in s.said)  # here


@breaks("cell was given a mutable list")
def mutable_result_of_an_operation(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.cell.apply(to_list)  # here, or at the operation


@breaks("cell was given a Opaque")
def operation_whose_result_is_read_at_once(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.cell.apply(to_opaque)  # here, or at the operation
        require(s.cell.value)


@breaks("the view to_list returned a mutable list")
def mutable_result_of_a_view(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        require(s.cell.view(to_list))  # there


@breaks("the view sorted returned a mutable list")
def view_that_is_not_written_in_python(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        require(s.channel.view(sorted))  # there


# -- hidden state --


@breaks("State.secret cannot be assigned")
def attribute_that_is_not_declared(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.secret = 1  # type: ignore[attr-defined]  # here


@breaks("Part.secret cannot be assigned")
def attribute_of_a_record_that_is_not_declared(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.parts[1].secret = 1  # type: ignore[attr-defined]  # here


@breaks("secret cannot be assigned")
def attribute_of_a_cell(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.channel.secret = 1  # type: ignore[attr-defined]  # here


@breaks("has no attribute 'secret'")
def attribute_of_a_family(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.votes.secret = 1  # type: ignore[attr-defined]  # here


@breaks("State.part cannot be assigned")
def another_record_in_its_place(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.part = Part(1)  # here


@breaks("the keys of a family are fixed by the initial state")
def new_key_of_a_family_of_fields(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.votes[3] = 1  # here


@breaks("the keys of a family are fixed by the initial state")
def new_key_of_a_family_of_records(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.parts[3] = Part()  # here


@breaks("the keys of a family are fixed by the initial state")
def deleted_key(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        del s.parts[1]  # here


# -- exceptions --


@breaks(
    "step raised ZeroDivisionError: integer division or modulo by zero (guard with require(), or mend the function"
)
def transition_that_raises(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        s.value = 1 // s.n  # here


@breaks("step raised LookupError: somewhere below")
def transition_that_raises_in_a_helper(model: Model[Scope]) -> None:
    @model.transition()
    def step(s: State) -> None:
        outer()  # there


@breaks("step recursed without end")
def transition_without_end(model: Model[Scope]) -> None:
    @model.transition()  # here
    def step(s: State) -> None:
        step(s)


@breaks("claim raised KeyError: 3")
def invariant_that_raises(model: Model[Scope]) -> None:
    count(model)

    @model.invariant()
    def claim(s: State) -> bool:
        return s.votes[s.n] == 0 if s.n else True  # here


@breaks("aim raised RuntimeError: choose() was called outside a run of the checker")
def goal_that_chooses(model: Model[Scope]) -> None:
    count(model)

    @model.goal()
    def aim(s: State) -> bool:
        return choose((True, False))  # here


@breaks("Deadlock raised AttributeError")
def final_predicate_that_raises(model: Model[Scope]) -> None:
    count(model)

    @model.final
    def end(s: State) -> bool:
        return s.no_such_thing  # type: ignore[attr-defined, no-any-return]  # here


@breaks("change raised ZeroDivisionError")
def step_property_that_raises(model: Model[Scope]) -> None:
    count(model)

    @model.step_property()
    def change(before: State, after: State) -> bool:
        return after.n // before.n > 0  # here


@breaks("the initial state raised ZeroDivisionError")
def initial_state_that_raises(model: Model[Scope]) -> None:
    count(model)

    @model.initial
    def initial(scope: Scope) -> State:
        return State(1 // 0)  # here


@breaks("the domain of step raised ZeroDivisionError")
def domain_that_raises(model: Model[Scope]) -> None:
    @model.transition(over=lambda scope: range(1 // 0))  # here
    def step(s: State, i: int) -> None: ...


@breaks("step raised TypeError")
def transition_with_another_number_of_parameters(model: Model[Scope]) -> None:
    @model.transition(over=lambda scope: range(3))  # here
    def step(s: State) -> None: ...


# -- answers --


@breaks("step returned False (a transition returns nothing; state guards with require(condition))")
def transition_that_answers(model: Model[Scope]) -> None:
    @model.transition()  # here
    def step(s: State) -> bool:
        return s.n > 0


@breaks("claim raised TypeError: a property may not change the state")
def invariant_that_writes(model: Model[Scope]) -> None:
    count(model)

    @model.invariant()
    def claim(s: State) -> bool:
        s.n = 0  # here
        return True


@breaks("claim raised TypeError: a property may not change the state")
def invariant_that_writes_to_a_family(model: Model[Scope]) -> None:
    count(model)

    @model.invariant()
    def claim(s: State) -> bool:
        s.votes[1] = 1  # here
        return True


@breaks("aim raised TypeError: a property may not change the state")
def goal_that_sends(model: Model[Scope]) -> None:
    count(model)

    @model.goal()
    def aim(s: State) -> bool:
        s.channel.send(1)  # here
        return True


@breaks("change raised TypeError: a property may not change the state")
def step_property_that_writes_before(model: Model[Scope]) -> None:
    count(model)

    @model.step_property()
    def change(before: State, after: State) -> bool:
        before.n = 1  # here
        return True


@breaks("change raised TypeError: a property may not change the state")
def step_property_that_writes_after(model: Model[Scope]) -> None:
    count(model)

    @model.step_property()
    def change(before: State, after: State) -> bool:
        after.part.x = 1  # here
        return True


def count(model: Model[Scope]) -> None:
    """A transition that is as it should be."""

    @model.transition()
    def step(s: State) -> None:
        require(s.n < 3)
        s.n += 1


def made(breaking: Any) -> Model[Scope]:
    model = Model("broken", "a model with a fault", Scope)
    model.initial(lambda scope: State())
    breaking(model)
    return model


def complaint(model: Model[Any], engine: str) -> ContractError:
    with pytest.raises(ContractError) as raised:
        check(model, Scope(), Options(cache=False, limits=Limits(states=100)), engine=engine)
    error = raised.value
    assert str(error).startswith(f"{error.where}: ")
    assert str(error).endswith(f"({error.remedy})")
    assert "\n" not in str(error)
    assert error.remedy
    return error


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_wrong_where_and_what_to_do(fault: str, engine: str) -> None:
    breaking, message = BROKEN[fault]
    error = complaint(made(breaking), engine)
    assert message in str(error)
    lines, first = inspect.getsourcelines(breaking)
    marked = {number for number, line in enumerate(lines, first) if "# here" in line}
    if any("or at the operation" in line for line in lines):
        marked |= {inspect.getsourcelines(operation)[1] for operation in (to_list, to_opaque)}
    if marked:
        assert error.where in {f"{__file__}:{number}" for number in marked}


def test_an_exception_in_a_helper_is_located_there() -> None:
    error = complaint(made(transition_that_raises_in_a_helper), "interpreted")
    assert error.where == f"{__file__}:{inspect.getsourcelines(outer)[1] + 1}"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_view_is_located_where_it_is_written(engine: str) -> None:
    error = complaint(made(mutable_result_of_a_view), engine)
    assert error.where == f"{__file__}:{inspect.getsourcelines(to_list)[1]}"


# -- initial states --

INITIAL: dict[str, tuple[Any, str]] = {
    "none at all": ((), "there is no initial state"),
    "a frozen record": (
        Scope(),
        "the initial state is a Scope (make it an instance of an ordinary (not frozen) datacl",
    ),
    "a dict": ({"n": 1}, "the initial state is a dict"),
    "a mutable value": (State(value=[]), "value was given a mutable list"),
    "an unhashable value": (State(value=Unhashable()), "value was given a Unhashable"),
    "a value with an identity": (State(value=(Opaque(),)), "value was given a Opaque"),
    "a mutable value in a cell": (State(cell=Cell({})), "cell was given a mutable dict"),
    "a mutable value in the second": ([State(), State(value={1})], "value was given a mutable set"),
    "other keys": ([State(), State(votes={1: 0, 3: 0})], "an initial state has another shape at votes[3]"),
    "fewer keys": ([State(), State(parts={1: Part()})], "an initial state has another shape at"),
    "more keys": ([State(), State(votes={1: 0, 2: 0, 3: 0})], "an initial state has another shape at"),
    "a key that is no value": (State(parts={Opaque(): Part()}), "a key of parts is a Opaque"),
    "records among values": (
        State(value={1: Part(), 2: 0}),
        "value mixes plain values with records, cells or famil",
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("fault", INITIAL)
def test_initial_states_that_are_no_good(fault: str, engine: str) -> None:
    states, message = INITIAL[fault]
    model = made(count)
    model.initial(lambda scope: states)
    error = complaint(model, engine)
    assert message in str(error)
    assert error.where == "model broken"


@pytest.mark.parametrize("engine", ENGINES)
def test_guards_have_no_place_in_the_initial_state(engine: str) -> None:
    model = made(count)

    @model.initial
    def initial(scope: Scope) -> State:
        require(scope.most > 5)
        return State()

    assert "the initial state used require() (guards belong into transitions" in str(complaint(model, engine))


def test_no_initial_state() -> None:
    model = Model("empty", "nothing", Scope)
    count(model)
    assert str(complaint(model, "interpreted")) == (
        "model empty: there is no initial state (decorate the function that makes it with @model.initial)"
    )


def test_no_transition() -> None:
    model = Model("still", "nothing moves", Scope)
    model.initial(lambda scope: State())
    assert "model still: there is no transition (" in str(complaint(model, "interpreted"))


# -- names --


def test_two_transitions_with_one_name() -> None:
    model = made(count)
    with pytest.raises(
        ContractError, match=r"step is declared twice \(give one of them another name\)"
    ) as error:
        count(model)
    assert error.value.where == f"{__file__}:{inspect.getsourcelines(count)[1] + 3}"


def test_two_properties_with_one_name() -> None:
    model = made(count)
    model.assertion("claim", "never wrong")
    with pytest.raises(ContractError, match="claim is declared twice"):
        model.invariant(name="claim")(lambda s: True)
    with pytest.raises(ContractError, match="claim is declared twice"):
        model.goal(name="claim")(lambda s: True)


def test_two_final_predicates() -> None:
    model = made(count)
    model.final(lambda s: True)
    with pytest.raises(ContractError, match="Deadlock is declared twice"):
        model.final(lambda s: False)


# -- what only learned tables show --

COUNTER = itertools.count()
KEPT: list[int] = []


def by_chance(s: State) -> None:
    s.n = random.randrange(1_000)


def by_a_global_counter(s: State) -> None:
    s.n = next(COUNTER)


def by_a_list_outside_the_state(s: State) -> None:
    KEPT.append(s.n)
    s.n = len(KEPT) % 7


@needs_core
@pytest.mark.parametrize("function", [by_chance, by_a_global_counter, by_a_list_outside_the_state])
def test_a_transition_that_depends_on_something_else(function: Any) -> None:
    error = complaint(made(lambda model: model.transition(name="step")(function)), "native")
    assert "step gave two different outcomes in the same situation" in str(error)
    assert "use choose() for nondeterminism" in error.remedy
    assert error.where == f"{__file__}:{inspect.getsourcelines(function)[1]}"


@needs_core
@pytest.mark.parametrize("kind", ["invariant", "goal"])
def test_a_property_that_depends_on_something_else(kind: str) -> None:
    answers = itertools.cycle((True, False, False))
    model = made(count)
    getattr(model, kind)(name="claim")(lambda s: next(answers))
    assert "claim gave two different outcomes in the same situation" in str(complaint(model, "native"))


@needs_core
def test_dependence_that_shows_only_later() -> None:
    """The first hundreds of evaluations agree with each other; samples of them are repeated at the end."""
    calls = itertools.count()
    model = made(lambda _: None)

    @model.transition()
    def step(s: State) -> None:
        require(s.n < 400)
        s.n += 1
        s.value = int(next(calls) > 600)

    with pytest.raises(ContractError, match="step gave two different outcomes in the same situation"):
        native(model, Scope())


def a_function_of_a_function() -> Callable[[Any], Any]:
    def local(value: Any) -> Any:
        return value

    return local


@needs_core
@pytest.mark.parametrize("where", ["view", "apply"])
@pytest.mark.parametrize(
    "function", [lambda value: value, a_function_of_a_function()], ids=["lambda", "local"]
)
def test_a_function_made_at_run_time_cannot_be_remembered(where: str, function: Any) -> None:
    model = made(lambda _: None)
    model.transition(name="step")(lambda s: ignore(getattr(s.cell, where)(function)))
    error = complaint(model, "native")
    assert f"{function.__qualname__} is given to view() or apply()" in str(error)
    assert error.remedy.startswith("use a module-level function")
    assert error.where.startswith(f"{__file__}:")


def ignore(value: Any) -> None:
    """Nothing to return."""


@needs_core
def test_a_step_property_that_does_not_allow_stuttering() -> None:
    model = made(count)

    @model.transition()
    def other(s: State) -> None:
        s.value = 1

    @model.step_property()
    def grows(before: State, after: State) -> bool:
        return after.n > before.n

    error = complaint(model, "native")
    assert "grows is false of a step that changes nothing it reads" in str(error)
    assert "must allow stuttering" in error.remedy
    assert error.where == f"{__file__}:{inspect.getsourcelines(grows)[1]}"
