"""Progress: redrawn on a terminal, lines in a log, nothing when it is not wanted or cannot be written."""

from __future__ import annotations

import dataclasses
import io
from typing import TextIO

import pytest

from zabcheck.checker.result import Progress
from zabcheck.reports.progress import LiveDisplay, LogLines, Silent, reporter_for


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(Terminal):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def search() -> list[Progress]:
    """A search of a minute: a hundred thousand states a second, twelve levels that grow and shrink."""
    levels: list[int] = []
    moments = []
    for second in range(1, 61):
        if second % 5 == 1:
            depth = len(levels) + 1
            levels.append(1000 * max(1, 40 - (depth - 6) ** 2))
        moments.append(
            Progress(
                seconds=second,
                distinct_states=second * 100_000,
                generated_states=second * 300_000,
                depth=len(levels),
                frontier=1000,
                remaining_in_level=10,
                memory_bytes=second * 2**20,
                evaluations=1234,
                states_by_depth=list(levels),
            )
        )
    return moments


def played(stream: TextIO, *, quiet: bool = False) -> None:
    with reporter_for(stream, "zab --servers 3", quiet=quiet) as reporter:
        for progress in search():
            reporter(progress)


@pytest.fixture(autouse=True)
def an_ordinary_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def test_lines_in_a_log() -> None:
    stream = io.StringIO()
    played(stream)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 12
    assert lines[0] == (
        "5.0 s  500,000 states  100 k/s  level 1  frontier 1.00 k  5.00 MiB  1.23 k evaluations  "
        "left unknown yet"
    )
    assert lines[3].endswith("left unknown, levels still grow ×1.29")
    assert "states left, " in lines[-1]
    assert "\x1b" not in stream.getvalue()


def test_redrawn_on_a_terminal() -> None:
    stream = Terminal()
    played(stream)
    text = stream.getvalue()
    assert "zab --servers 3" in text
    assert "  40 s · 4,000,000 states · 100 k/s · level 8" in text
    assert "█" in text
    assert text.endswith("\x1b[2K")


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_display_fits(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    display = reporter_for(Terminal(), "zab " + "--servers 3 " * 20)
    assert isinstance(display, LiveDisplay)
    for progress in search():
        display(progress)
        assert max(line.cell_len for line in display.drawn(progress).split("\n")) <= width


def test_random_walks_have_steps_only() -> None:
    walked = Progress(seconds=6.0, generated_states=600, memory_bytes=2**20)
    log = io.StringIO()
    LogLines(log)(walked)
    assert log.getvalue() == "6.0 s  600 steps  100 steps/s\n"
    display = reporter_for(Terminal(), "zab")
    assert isinstance(display, LiveDisplay)
    assert display.drawn(walked).plain == "zab\n  6.0 s · 600 steps · 100 steps/s"


def test_what_comes_after_the_search() -> None:
    after = dataclasses.replace(search()[-1], phase="building the graph")
    log = io.StringIO()
    LogLines(log)(after)
    assert log.getvalue() == "1:00  6,000,000 states  building the graph  60.0 MiB\n"
    display = reporter_for(Terminal(), "zab")
    assert isinstance(display, LiveDisplay)
    assert display.drawn(after).plain.splitlines()[1:] == [
        "  1:00 · 6,000,000 states · building the graph · 60.0 MiB"
    ]


def test_nothing_when_quiet() -> None:
    stream = io.StringIO()
    played(stream, quiet=True)
    assert stream.getvalue() == ""


def test_nothing_without_a_stream() -> None:
    assert isinstance(reporter_for(None, ""), Silent)
    closed = io.StringIO()
    closed.close()
    assert isinstance(reporter_for(closed, ""), Silent)


def test_dumb_terminal_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert isinstance(reporter_for(Terminal(), ""), LogLines)


def test_terminal_that_goes_away() -> None:
    played(Broken())
    LogLines(Broken())(search()[-1])
