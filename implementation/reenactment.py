"""A run of the model, taken by an ensemble of real servers step by step, and compared with the model after each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker.values import render
from zabcheck.checker.vocabulary import NotEnabled, set_run
from zabcheck.implementation.reenacted import OnDisk, Reenactment
from zabcheck.implementation.staged_ensemble import StagedEnsemble, data_of
from zabcheck.implementation.staged_server import epochs_in, stored_in
from zabcheck.implementation.writes import as_modelled
from zabcheck.model.zookeeper import steps as steps_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from zabcheck.checker.evaluate import Evaluator
    from zabcheck.checker.evaluate import State as Values
    from zabcheck.checker.model import Instance
    from zabcheck.checker.trace import Taken
    from zabcheck.model.zookeeper.ensemble import State
    from zabcheck.model.zookeeper.scope import Scope


class _Script:
    """What the functions speak to: the options that the run took, and the assertions that fail."""

    def __init__(self) -> None:
        self.choices: list[int] = []
        self.failed: set[str] = set()

    def choose(self, count: int) -> int:
        """The option that was taken."""
        choice = self.choices.pop(0) if self.choices else 0
        return min(choice, count - 1)

    def fail(self, name: str) -> None:
        """Note what failed; the step goes on, as in the model."""
        self.failed.add(name)


def obstacle(scope: Scope) -> str:
    """Why no servers can do as the model does in this scope; empty if they can."""
    if not scope.switches.logs_what_was_proposed:
        return "a transaction of real servers is bytes, and cannot be mangled as the variant does it"
    return ""


def reenact(
    evaluator: Evaluator, path: Sequence[Taken], states: Sequence[Values], folder: Path
) -> Reenactment:
    """Let real servers, each with its files in ``folder``, take ``path``; ``states`` are those of the model."""
    script = _Script()
    before = set_run(script)
    ensemble: StagedEnsemble | None = None
    try:
        ensemble = StagedEnsemble(evaluator.scope, folder)
        steps, wrong = 0, _difference(evaluator, ensemble, states[0])
        for taken, state in zip(path, states[1:], strict=True):
            if wrong:
                break
            script.choices = list(taken.choices)
            try:
                wrong = _held(ensemble, taken.instance)
                taken.instance.function(ensemble, *taken.instance.arguments)
            except NotEnabled:
                wrong = "the servers cannot take this step"
            else:
                ensemble.settle()
                wrong = wrong or _difference(evaluator, ensemble, state)
            if wrong:
                wrong = f"step {steps + 1}, {taken.instance}: {wrong}"
            else:
                steps += 1
    finally:
        set_run(before)
        if ensemble is not None:
            ensemble.end()
    return Reenactment(steps, wrong, frozenset(script.failed), _rows(evaluator, states[steps], folder))


def _held(ensemble: StagedEnsemble, instance: Instance) -> str:
    """Hold the election that a step stands for; what is wrong with its outcome, empty if nothing is."""
    if instance.function is steps_of.elect:
        leader, supporters = instance.arguments
        return "" if ensemble.elect(leader, *supporters) else f"the votes do not elect server {leader}"
    if instance.function is steps_of.join:
        ensemble.join(*instance.arguments)
    return ""


def _difference(evaluator: Evaluator, ensemble: StagedEnsemble, state: Values) -> str:
    """The first field in which the servers are not as the model says, or what on disk is not as they say."""
    real = evaluator.shape.flatten(ensemble)
    for field, theirs, said in zip(evaluator.shape.fields[:-1], real, state, strict=False):
        found = as_modelled(theirs)
        if found != said:
            return f"{field.label} is {render(found)}, in the model {render(said)}"
    return ensemble.difference()


def _rows(evaluator: Evaluator, state: Values, folder: Path) -> tuple[OnDisk, ...]:
    """What the model says of each disk, beside what the files say, read anew."""
    said: State = evaluator.view(state)
    rows = []
    for sid, me in said.servers.items():
        accepted, current = epochs_in(data_of(folder, sid))
        stored = stored_in(data_of(folder, sid), told_apart=evaluator.scope.tells_files_apart)
        pairs: list[tuple[str, Any, Any]] = [
            ("acceptedEpoch", me.accepted_epoch, accepted),
            ("currentEpoch", me.current_epoch, current),
            ("last zxid", me.disk.zxid, stored.zxid),
            ("transactions", me.disk.log, as_modelled(stored.log)),
        ]
        rows += [OnDisk(sid, what, render(model), render(files)) for what, model, files in pairs]
    return tuple(rows)
