"""All mutations, and what the validator says of a recording after one of them.

Each class has its own argument why what it makes can or cannot be a recording of a correct ensemble. None of the
arguments is that the validator says so.
"""

from __future__ import annotations

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from tests.traces import (
    client_mutations,
    disk_mutations,
    event_mutations,
    evidence_mutations,
    harmless_log_mutations,
    log_mutations,
    wire_mutations,
)
from tests.traces.mutation import MUTATIONS, Mutation
from zabcheck.traces.recording import open_recording
from zabcheck.traces.validator import Validator, combined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zabcheck.traces.outcome import Outcome, Verdict

RECORDINGS = Path(__file__).parents[1] / "data" / "recordings"
MODULES = (
    log_mutations,
    harmless_log_mutations,
    disk_mutations,
    client_mutations,
    wire_mutations,
    event_mutations,
    evidence_mutations,
)
"""Where mutations are declared; importing them has filled `MUTATIONS`."""


@dataclass(frozen=True)
class Mutant:
    """A recording after a mutation, and the verdict on it."""

    recording: str
    mutation: Mutation
    seed: int
    verdict: Verdict
    outcome: Outcome


def unpacked(folder: Path) -> list[Path]:
    """The recordings of the test data, each in its own folder, the smallest first."""
    for packed in sorted(RECORDINGS.glob("*.tar.gz"), key=lambda p: p.stat().st_size):
        with tarfile.open(packed) as archive:
            archive.extractall(folder, filter="data")
    names = [p.name.removesuffix(".tar.gz") for p in RECORDINGS.glob("*.tar.gz")]
    size = {name: (RECORDINGS / f"{name}.tar.gz").stat().st_size for name in names}
    return [folder / name for name in sorted(names, key=lambda name: size[name])]


def validate(folder: Path) -> Outcome:
    """What the validator says of a folder, every view of it."""
    whole = open_recording([str(folder)])
    outcomes = []
    for view in range(whole.views):
        validator = Validator(whole.members)
        validator.feed(whole.events(view))
        outcomes.append(validator.outcome())
    return combined(outcomes)


def mutant(recording: Path, mutation: Mutation, seed: int, scratch: Path) -> Mutant | None:
    """Apply a mutation to a copy of a recording in ``scratch``; nothing if there is nothing to change."""
    copy = scratch / recording.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(recording, copy)
    if not mutation.apply(copy, Random(f"{recording.name} {mutation.name} {seed}")):
        return None
    outcome = validate(copy)
    return Mutant(recording.name, mutation, seed, outcome.verdict, outcome)


def mutants(
    recordings: Iterable[Path], mutations: Iterable[Mutation], seeds: int, scratch: Path
) -> Iterable[Mutant]:
    """Every mutation of every recording, with each seed."""
    for recording in recordings:
        for each in mutations:
            for seed in range(seeds):
                made = mutant(recording, each, seed, scratch)
                if made is not None:
                    yield made


__all__ = ["MUTATIONS", "Mutant", "Mutation", "mutant", "mutants", "unpacked", "validate"]
