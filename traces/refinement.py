"""A recording of a model's own steps, as the validator speaks of any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.traces.event import Step
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property
from zabcheck.traces.outcome import Covered, Judged, Outcome
from zabcheck.traces.stepwise import validate_steps

if TYPE_CHECKING:
    from zabcheck.checker.model import Model
    from zabcheck.checker.search import Limits
    from zabcheck.traces.event import Base
    from zabcheck.traces.stepwise import Outcome as Found

RUN = Property(
    "Refinement",
    "The recorded steps, with those that were not observed filled in, are a run of the model.",
    "steps of the model",
)


def refined(model: Model[Any], events: list[Base], limits: Limits) -> Outcome:
    """Look for a run of ``model`` that explains the steps among ``events``, and judge the model's properties on it."""
    steps = [event for event in events if isinstance(event, Step)]
    found = validate_steps(model, model.scope(), events, limits)
    seen = {step.transition for step in steps if step.transition} | {
        taken.instance.name for taken in found.path
    }
    verdicts = {"accepted": "conforms", "inconclusive": "inconclusive"}
    run = {"rejected": "violated", "inconclusive": "inconclusive"}.get(found.verdict, "holds")
    return Outcome(
        verdict=verdicts.get(found.verdict, "violates"),  # type: ignore[arg-type]
        reason=found.reason or f"a run of the model explains it; {found.states} states were visited",
        properties=(
            Judged(RUN, run, len(steps)),  # type: ignore[arg-type]
            *(
                Judged(
                    _property(model, name), "violated" if found.verdict == "violates" else "inconclusive", 1
                )
                for name in found.properties
            ),
        ),
        findings=tuple(_findings(model, found, steps)),
        anomalies=(),
        events=len(events),
        kinds={"Step": len(steps)},
        tracks=found.tracks,
        coverage=Covered(
            seen=tuple(name for name in model.transitions if name in seen),
            never=tuple(name for name in model.transitions if name not in seen),
            phases=(),
            never_in=(),
        ),
        seconds=found.seconds,
    )


def _property(model: Model[Any], name: str) -> Property:
    return Property(name, model.properties[name].sentence, RUN.needs)


def _findings(model: Model[Any], found: Found, steps: list[Step]) -> list[Finding]:
    """What was found out as findings: a step that no run allows, or a property that every run violates."""
    if found.rejection is not None:
        first = found.rejection.blocked[0]
        reasons = [line for candidate in first.candidates for line in candidate.lines()]
        alternatives = ", ".join(first.alternatives) or "nothing"
        return [
            Finding(
                property=RUN.name,
                server=first.event.server if first.event else None,
                observed=f"event {first.number} of {first.track} is {first.name}",
                allowed=f"there, on this track: {alternatives}",
                guard="; ".join(reasons) or found.rejection.headline,
                events=(first.event,) if first.event else (),
            )
        ]
    doubt = found.reason if found.verdict == "inconclusive" else None
    return [
        Finding(
            property=name,
            server=None,
            observed=f"{name} is false: {where}",
            allowed=model.properties[name].sentence,
            guard="the property must hold in every state of the run",
            events=tuple(steps[-1:]),
            doubt=doubt,
        )
        for name, where in found.properties.items()
    ]
