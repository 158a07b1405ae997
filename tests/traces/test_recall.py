"""How much of what is wrong the validator finds, and that it finds nothing wrong in what is legal."""

from __future__ import annotations

import shutil
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.traces.evidence_mutations import PARTS, keep
from tests.traces.mutations import MUTATIONS, Mutation, mutant, unpacked, validate

if TYPE_CHECKING:
    from pathlib import Path

SEED = 1
"""Another than that of the quick test."""
LEGAL = [m for m in MUTATIONS if m.legal]
WRONG = [m for m in MUTATIONS if not m.legal]

MISSED = {
    "record-of-an-epoch-that-nobody-began",
    "snapshot-with-a-changed-node",
    "received-vote-with-another-zxid",
    "received-vote-for-another",
    "vote-that-was-never-sent",
}
"""Classes that are not always found; ``benchmarks/recall.py`` counts how often."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return unpacked(tmp_path_factory.mktemp("recordings"))


def allowed(mutation: Mutation) -> set[str]:
    """The verdicts that are right."""
    if mutation.legal:
        return {"conforms", "inconclusive"} if mutation.loses else {"conforms"}
    return {"violates", "inconclusive", "conforms"} if mutation.missed else {"violates"}


def test_there_are_enough_classes() -> None:
    assert len({m.name for m in MUTATIONS}) == len(MUTATIONS) >= 100
    assert len(WRONG) >= 60
    assert all(m.why.endswith(".") for m in MUTATIONS)
    assert {m.name for m in MUTATIONS if m.missed} == MISSED


def test_the_recordings_conform(recordings: list[Path]) -> None:
    assert [validate(folder).verdict for folder in recordings] == ["conforms"] * len(recordings)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_a_mutant_of_each_class(mutation: Mutation, recordings: list[Path], tmp_path: Path) -> None:
    made = next((m for r in recordings if (m := mutant(r, mutation, 0, tmp_path)) is not None), None)
    assert made is not None, "there is no recording that can be changed so"
    assert made.verdict in allowed(mutation), [f.observed for f in made.outcome.findings]


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_every_mutant(mutation: Mutation, recordings: list[Path], tmp_path: Path) -> None:
    for recording in recordings:
        if (made := mutant(recording, mutation, SEED, tmp_path)) is not None:
            assert made.verdict in allowed(mutation), (recording.name, made.outcome.findings)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: m.name)
def test_less_evidence_contradicts_nothing(
    mutation: Mutation, recordings: list[Path], tmp_path: Path
) -> None:
    """What a part of the evidence proves, all of it proves; and no part of a legal recording proves anything."""
    if mutation.kind == "event":
        pytest.skip("it is one file")
    for recording in recordings[:1]:
        copy = tmp_path / recording.name
        shutil.copytree(recording, copy)
        if not mutation.apply(copy, Random(f"{recording.name} {mutation.name} 0")):
            continue
        rejected = validate(copy).verdict == "violates"
        for kind in PARTS:
            part = tmp_path / f"{recording.name}-{kind}"
            shutil.copytree(copy, part)
            keep(part, kind)
            if any(part.glob(pattern) for pattern in PARTS[kind]) and _is_there(part, kind):
                assert validate(part).verdict != "violates" or (rejected and not mutation.legal), kind


def _is_there(folder: Path, kind: str) -> bool:
    return any(True for pattern in PARTS[kind] for _ in folder.glob(pattern))
