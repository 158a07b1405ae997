"""Counterexamples of the known bugs, taken by servers with real files: all is as in the model, on disk too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from tests.implementation.test_peers import validated
from zabcheck.checker import Options, check
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.rerun import Rerun, rerun
from zabcheck.checker.trace import Taken
from zabcheck.implementation import entries, epoch_files
from zabcheck.implementation.database import Database
from zabcheck.implementation.reenactment import reenact
from zabcheck.implementation.staged_ensemble import data_of
from zabcheck.implementation.staged_server import stored_in
from zabcheck.implementation.transaction_log import TransactionLog
from zabcheck.implementation.writes import as_modelled, entry_of
from zabcheck.model.zookeeper import threads
from zabcheck.model.zookeeper.scope import Scope, model

if TYPE_CHECKING:
    from pathlib import Path

    from zabcheck.implementation.reenacted import Reenactment


@dataclass(frozen=True)
class Case:
    """A bug, the property that it violates, and what the validator finds in the recording, if it can see it."""

    bug: str
    violates: str
    seen: str = ""
    more: tuple[tuple[str, int | str], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.bug, self.violates, *(str(value) for _, value in self.more)])

    @property
    def scope(self) -> Scope:
        """The bounds in which it shows."""
        needed: dict[str, Any] = dict(model.variants[self.bug].needs)
        scope: Scope = model.variants[self.bug].apply(Scope(**{**needed, **dict(self.more)}))
        return scope


CASES = [
    Case("ZOOKEEPER-335", "Leadership2"),
    Case("ZOOKEEPER-790", "Leadership2", seen="VoteTruth"),
    Case("ZOOKEEPER-962", "ProposalConsistent"),
    Case("ZOOKEEPER-975", "DecisionSupport", seen="DecisionSupport"),
    Case("ZOOKEEPER-1136", "CommittedLogDurability", seen="P1s"),
    Case("ZOOKEEPER-1154", "P2", seen="P2"),
    Case("ZOOKEEPER-1277", "LogContiguity", seen="EpochFiles", more=(("counter", 1),)),
    Case("ZOOKEEPER-1419", "VoteOrder"),
    Case("ZOOKEEPER-1514", "OwnRound", seen="DecisionSupport"),
    Case("ZOOKEEPER-1653", "LogEpoch", seen="EpochFiles", more=(("window", 1),)),
    Case("ZOOKEEPER-2307", "EpochOrder", seen="EpochFiles"),
    Case("ZOOKEEPER-2355", "MemDisk"),
    Case("ZOOKEEPER-2418", "ProposalConsistent", more=(("window", 1), ("crashes", 0))),
    Case("ZOOKEEPER-2845", "P1s"),
    Case("ZOOKEEPER-3642", "MemDisk", more=(("window", 1),)),
    Case("ZOOKEEPER-3911", "AckDurability"),
    Case("ZOOKEEPER-4646", "AckDurability"),
    Case("ZOOKEEPER-4646", "AckDurability", more=(("storage", "fine"),)),
    Case("ZOOKEEPER-4646", "AckDurability", more=(("grain", "coarse"),)),
    Case("ZOOKEEPER-4685", "AckConsistent"),
    Case("ZOOKEEPER-4712", "ProcessConsistency"),
    Case("ZOOKEEPER-4882", "LogContiguity"),
]


@cache
def violation(case: Case) -> Rerun:
    """A shortest counterexample, taken again in the model."""
    options = Options(properties=(case.violates,), liveness=False)
    result = check(model, case.scope, options)
    assert result.counterexample is not None, result.verdict
    again = rerun(model, case.scope, result.counterexample)
    assert again.result.trace == result.counterexample
    return again


def taken(again: Rerun, folder: Path) -> Reenactment:
    """The same by servers."""
    return reenact(again.evaluator, again.path, again.states, folder)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_servers_take_the_counterexample_of_a_bug(case: Case, tmp_path: Path) -> None:
    again = violation(case)
    played = taken(again, tmp_path)
    assert played.difference == ""
    assert played.agrees
    assert played.steps == len(again.path)
    assert {row.what for row in played.rows} == {"acceptedEpoch", "currentEpoch", "last zxid", "transactions"}
    if model.properties[case.violates].kind.value == "assertion":
        assert case.violates in played.failed
    outcome = validated(tmp_path)
    violated = {each.property.name for each in outcome.properties if each.verdict == "violated"}
    assert (case.seen in violated) if case.seen else not violated, (violated, outcome.reason)


@pytest.mark.parametrize("case", [case for case in CASES if case.seen], ids=str)
def test_without_the_bug_the_same_steps_are_no_violation(case: Case, tmp_path: Path) -> None:
    again = violation(case)
    assert again.result.trace is not None
    mended = rerun(model, replace(case.scope, changed=(), release="mended"), again.result.trace)
    assert mended.result.trace is None
    assert mended.result.reason
    played = taken(mended, tmp_path)
    assert played.agrees, played.difference
    outcome = validated(tmp_path)
    assert outcome.verdict == "conforms", [outcome.reason, *map(str, outcome.findings)]


LONGER = Case("ZOOKEEPER-1136", "CommittedLogDurability")


@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        pytest.param(Database, "apply", lambda *_: None, id="nothing is applied"),
        pytest.param(TransactionLog, "commit", lambda *_: None, id="nothing is logged"),
        pytest.param(epoch_files, "write", lambda *_: None, id="epochs are not written"),
        pytest.param(entries, "encoded", lambda txn: b"?" * 32, id="proposals are other bytes"),
    ],
)
def test_a_defect_of_files_or_bytes_is_found(
    where: Any, name: str, broken: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = violation(LONGER)
    monkeypatch.setattr(where, name, broken)
    try:
        played = taken(again, tmp_path)
    except ValueError:
        return  # the bytes are no packet
    assert not played.agrees
    assert played.difference


def test_a_server_that_does_something_else_is_found_at_its_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = violation(LONGER)
    monkeypatch.setattr(threads, "load", lambda me: None)
    played = taken(again, tmp_path)
    assert not played.agrees
    assert played.steps < len(again.path)


def test_a_crash_leaves_nothing_but_files(tmp_path: Path) -> None:
    again = violation(LONGER)
    taken(again, tmp_path)
    said = again.evaluator.view(again.states[-1])
    for sid, me in said.servers.items():
        files = stored_in(data_of(tmp_path, sid), told_apart=False)
        assert as_modelled(files.log) == me.disk.log
    assert any(step.instance.name == "crash" for step in again.path)


@pytest.mark.parametrize("number", [1, 12, -1])
def test_a_write_is_a_transaction_and_comes_back(number: int) -> None:
    assert as_modelled(entry_of(number)) == number


def walk(seed: int, scope: Scope, length: int) -> tuple[Evaluator, list[Taken], list[Any]]:
    """A random run of the model, faults among its steps."""
    random = Random(seed)
    evaluator = Evaluator(model, scope, select(model, scope, ("P1s",)))
    states, path = [evaluator.initial[0]], list[Taken]()
    while len(path) < length:
        instances = list(evaluator.selection.transitions)
        random.shuffle(instances)
        for instance in instances:
            found = list(evaluator.successors(states[-1], instance))
            if found and (not model.transitions[instance.name].fault or random.random() < 0.3):
                choices, after = random.choice(found)
                path.append(Taken(instance, choices))
                states.append(after)
                break
        else:
            break
    return evaluator, path, states


BOUNDS: dict[str, Any] = {"crashes": 2, "transactions": 2, "partitions": 1}


@pytest.mark.parametrize("seed", [1, 2, 9])
@pytest.mark.parametrize(
    "scope",
    [
        Scope(**BOUNDS, timeouts=1),
        Scope(**BOUNDS, election="fine", rounds=5),
        Scope(**BOUNDS, window=1, observers=1, release="3.5.3", grain="coarse"),
        Scope(**BOUNDS, window=1, storage="fine"),
    ],
    ids=["fine", "election", "coarse, with an observer", "storage"],
)
def test_servers_take_any_run(seed: int, scope: Scope, tmp_path: Path) -> None:
    evaluator, path, states = walk(seed, scope, 60)
    played = reenact(evaluator, path, states, tmp_path)
    assert played.difference == ""
    assert played.agrees
