"""A server that is told of twice in one folder is not seen to do everything twice."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.traces.mutations import unpacked
from tests.traces.story import Story, legal, vote
from zabcheck.traces import jsonl
from zabcheck.traces.event import Recording
from zabcheck.traces.recording import open_recording
from zabcheck.traces.validator import Validator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from zabcheck.traces.event import Base
    from zabcheck.traces.outcome import Outcome


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return next(f for f in unpacked(tmp_path_factory.mktemp("recordings")) if f.name == "zxid-rollover")


def validate(folder: Path) -> Outcome:
    whole = open_recording([str(folder)])
    validator = Validator(whole.members, list(whole.notes))
    validator.feed(whole.events())
    return validator.outcome()


def written(path: Path, events: Iterable[Base]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as stream:
        jsonl.write(events, stream)


def told(story: Story) -> list[Base]:
    """The events of a story, and first of all who is in it."""
    return [Recording(track="recording", seq=0, voters=(1, 2, 3)), *story.events()]


@pytest.mark.parametrize(
    "kept",
    [
        lambda track: True,
        lambda track: track == "s2/log",
        lambda track: track.endswith("/disk"),
        lambda track: track.startswith(("wire", "client")),
    ],
    ids=["everything", "a log", "the disks", "what is on no server"],
)
def test_artefacts_and_their_events(kept: Callable[[str], bool], recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "both"
    shutil.copytree(recorded, folder)
    whole = open_recording([str(recorded)])
    written(folder / "told.jsonl", (event for event in whole.events() if kept(event.track)))
    outcome = validate(folder)
    assert (outcome.verdict, outcome.findings) == ("conforms", ()), outcome.reason
    assert any("is not used, since" in note and "told.jsonl" in note for note in outcome.notes)


def test_the_earlier_half_of_a_log_beside_the_whole_is_an_incomplete_log(
    recorded: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "half"
    shutil.copytree(recorded, folder)
    events = [e for e in open_recording([str(recorded)]).events() if e.track == "s3/log"]
    written(folder / "half.jsonl", events[: len(events) // 2])
    assert validate(folder).verdict != "violates"


def test_a_recording_and_its_copy(tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(tmp_path / name / "events.jsonl", told(legal()))
    assert (outcome := validate(tmp_path)).verdict == "conforms", outcome.reason
    wrong = legal()
    vote(wrong, "s2/log", 2, 1, 0, 0)
    for name in ("one", "two"):
        written(tmp_path / name / "events.jsonl", told(wrong))
    assert validate(tmp_path).verdict == "violates"


def test_files_that_go_on_are_one_recording(tmp_path: Path) -> None:
    events = told(legal())
    written(tmp_path / "r" / "events-1.jsonl", events[:9])
    written(tmp_path / "r" / "events-2.jsonl", events[9:])
    whole = open_recording([str(tmp_path)])
    assert list(whole.events()) == events
