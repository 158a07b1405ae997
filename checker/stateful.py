"""Any model as a state machine of Hypothesis: it draws the steps, and shrinks a run that violates a property.

Hypothesis is not needed for anything else in this package, so it is loaded when a machine is asked for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zabcheck.checker.evaluate import State
    from zabcheck.checker.model import Instance, Model

_KEPT = 4096
"""States whose steps are remembered."""


def state_machine(
    model: Model[Any],
    scope: Any = None,
    *,
    variant: str | Sequence[str] = (),
    properties: Iterable[str] = (),
) -> Any:
    """A `RuleBasedStateMachine` that takes the steps of ``model`` in ``scope``.

    ``state_machine(model).TestCase`` is what pytest and unittest collect. Its rule ``take`` draws an instance of a
    transition that is enabled, and what it chooses. After each step, every property that a state or a step can
    violate must be true (of ``properties``, or of all); goals and liveness are not decided by single runs.

    Args:
        model: what to walk through.
        scope: the bounds, an instance of ``model.scope``; its defaults if left out.
        variant: the name of a variant of the model, or several, applied in turn.
        properties: the names of those to check; all when empty.

    Raises:
        UsageError: Hypothesis is not installed, an unknown name, or a scope that makes no sense.
    """
    try:
        from hypothesis import stateful  # noqa: PLC0415 - optional
        from hypothesis import strategies as st  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("state_machine() needs Hypothesis: pip install hypothesis") from error
    variants = (variant,) if isinstance(variant, str) else tuple(variant)
    walk = Walk(model, model.scope() if scope is None else scope, properties, variants)
    instances = walk.evaluator.selection.transitions

    @lru_cache(_KEPT)
    def ways(state: State) -> dict[Instance, dict[str, State]]:
        """The steps that are enabled: for each instance their names, and the states that they lead to."""
        found: dict[Instance, dict[str, State]] = {}
        for move in walk.moves(state):
            found.setdefault(move.taken.instance, {})[move.name] = move.after
        return found

    @st.composite
    def steps(draw: Any) -> str:
        # One rule, and a draw from all instances rather than from those that are enabled: what was drawn means the
        # same after an earlier step is left out, so that shrinking comes down to the steps that matter.
        enabled = ways(draw(st.runner()).state)
        instance = draw(st.sampled_from(instances).filter(enabled.__contains__))
        return str(draw(st.sampled_from(list(enabled[instance]))))

    class Machine(stateful.RuleBasedStateMachine):
        """One run of the model: the state it has come to."""

        def __init__(self) -> None:
            super().__init__()
            self.state: State = walk.initial[0]

        @stateful.precondition(lambda self: bool(ways(self.state)))
        @stateful.rule(step=steps())
        def take(self, step: str) -> None:
            """Take a step by its name."""
            self.state = walk.move(self.state, step).after

        @stateful.precondition(lambda self: not ways(self.state))
        @stateful.rule()
        def nothing_is_enabled(self) -> None:
            """Let a run end where the model has no step."""

        @stateful.invariant()
        def properties_hold(self) -> None:
            """Refuse a state, or a step, that violates a property."""
            if false := [str(judgement) for judgement in walk.judgements(self.state) if judgement.violated]:
                raise AssertionError("; ".join(false))

    if len(walk.initial) > 1:

        def begin(self: Any, root: int) -> None:
            self.state = walk.initial[root]

        choosing = stateful.initialize(root=st.sampled_from(range(len(walk.initial))))
        Machine.begin = choosing(begin)
    return Machine
