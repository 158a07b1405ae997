"""A small theory for tests: lamps in a row, of which none is lit behind an unlit one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.checker.proof.formula import Relation, Sort, exists, forall
from zabcheck.checker.proof.theory import Mutant, Named, Step, Theory, transition

if TYPE_CHECKING:
    from zabcheck.checker.proof.formula import Term

Lamp = Sort("lamp", order=True)
x, y = Lamp.variables("x y")
lit = Relation("lit", (Lamp,), "the lamp is lit")
touched = Relation("touched", (Lamp,), "the lamp was lit once")


def light(step: Step, x: Term) -> None:
    """Light a lamp whose predecessors are lit."""
    step.require("those before are lit", forall(y, (y < x) >> lit(y)))
    step.ensure("NoneBehind", forall(y, (lit(y) & (x < y)) >> lit(x)), "No lamp behind is lit.")
    step.insert(lit, x)
    step.insert(touched, x)


def darken(step: Step, x: Term) -> None:
    """Put out a lamp and all behind it."""
    step.assign(lit, y, value=lit(y) & (y < x))


THEORY = Theory(
    name="lamps",
    sentence="Lamps in a row",
    sorts=(Lamp,),
    functions=(),
    relations=(lit, touched),
    axioms=(),
    initially=(),
    transitions={"light": transition(light, {"x": x}), "darken": transition(darken, {"x": x})},
    invariant=(
        Named("no-gap", forall((x, y), (lit(y) & (x < y)) >> lit(x)), "No gap.", "Lit in order."),
        Named("lit-touched", forall(x, lit(x) >> touched(x)), "Lit were touched.", "By lighting."),
    ),
    safety=(Named("Touched", forall(y, lit(y) >> exists(x, touched(x) & (x <= y))), "Somebody was here."),),
)
CARELESS = Mutant(
    "careless",
    "Any lamp may be lit.",
    "NoneBehind",
    without_guards=(("light", "those before are lit"),),
    script=(("light", "1"), ("light", "0")),
)
