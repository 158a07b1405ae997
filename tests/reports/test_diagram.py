"""Diagrams as pictures, on the terminal, and for other tools."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from zabcheck.checker import play
from zabcheck.checker.result import Message
from zabcheck.model.zookeeper import examples
from zabcheck.model.zookeeper import model as zookeeper
from zabcheck.reports.console import PlainConsole
from zabcheck.reports.diagram import itf, mermaid, shiviz, svg
from zabcheck.reports.diagram.events import of_finding
from zabcheck.reports.diagram.lines import show_diagram
from zabcheck.reports.diagram.runs import of_performance, of_trace
from zabcheck.reports.legible import bounded, legible
from zabcheck.traces import itf as itf_reader
from zabcheck.traces.context import around
from zabcheck.traces.event import Activated, Hex, Looking, NotificationSent, Notified
from zabcheck.traces.finding import Finding

if TYPE_CHECKING:
    from tests.reports.conftest import Samples
    from zabcheck.reports.diagram.data import Diagram

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</title><script>x</script>\x1b[31m\u202e\x00\ud800;%%{init}%%\nend"


@pytest.fixture(scope="module")
def orphan() -> Diagram:
    return of_performance(play(zookeeper, examples.EXAMPLES["orphan-discarded"]))


def run(samples: Samples, text: str = "hello") -> Diagram:
    """Three rows: one sends two, the second is received, the third loses the other in a crash."""
    base = samples.trace.steps[0]
    steps = (
        dataclasses.replace(base, lanes=("s1",), durable=("servers[s1].role",)),
        dataclasses.replace(base, transition="take", lanes=("s2",), changes=()),
        dataclasses.replace(base, transition="crash", lanes=("s1",), fault=True, down=("s1",), changes=()),
        dataclasses.replace(
            base, transition="storm", lanes=("s1", "s2"), environment=True, down=("s1",), changes=()
        ),
    )
    messages = (
        Message("s1", "s2", text, "c", 1, 2, received=True),
        Message("s1", "s2", "gone", "c", 1, 3),
        Message("s2", "s1", "late", "c", 2),
    )
    return of_trace(dataclasses.replace(samples.trace, lanes=("s1", "s2"), steps=steps, messages=messages))


def drawn(diagram: Diagram, width: int = 80) -> list[str]:
    stream = io.StringIO()
    show_diagram(PlainConsole(stream, width), diagram)
    return stream.getvalue().splitlines()


def test_a_picture_is_xml_with_a_row_for_each_step(orphan: Diagram) -> None:
    picture = ET.fromstring(svg.drawn(orphan))  # noqa: S314 - our own
    assert len(picture.findall(f"{SVG}g[@class='row']")) == len(orphan.rows) == 34
    arrows = picture.findall(f"{SVG}g[@class='message']")
    assert [(a.get("data-sent"), a.get("data-ended")) for a in arrows] == [
        (str(a.sent), str(a.ended)) for a in orphan.arrows
    ]
    assert len(picture.findall(f".//{SVG}g[@class='write']")) == sum(bool(row.writes) for row in orphan.rows)


def test_the_terminal_shows_arrows_crashes_and_losses(samples: Samples) -> None:
    assert [line.rstrip() for line in drawn(run(samples))[2:]] == [
        "          s1                                s2",
        "1  elect  ◆                                 │",
        "2  take   │───────────── hello ────────────▶●",
        "3  crash  ✕                                 │ ╳ gone",
        "4  storm  ●╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌●",
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(orphan: Diagram, width: int) -> None:
    assert max(map(len, drawn(orphan, width))) <= width


def test_a_lasso_shows_its_loop(samples: Samples) -> None:
    lasso = dataclasses.replace(run(samples), cycle_from=2)
    assert "repeated for ever" in svg.drawn(lasso)
    assert drawn(lasso)[5].strip() == "then for ever:"
    assert "    loop for ever" in mermaid.document(lasso)
    stops = dataclasses.replace(lasso, cycle_from=4)
    assert "nothing more has to happen" in svg.drawn(stops)
    assert json.loads(itf.document(lasso))["loop"] == 2


def test_mermaid(samples: Samples) -> None:
    assert mermaid.document(run(samples)).splitlines()[:8] == [
        "sequenceDiagram",
        "    participant p0 as s1",
        "    participant p1 as s2",
        "    Note over p0: 1 elect (writes to disk)",
        "    p0->>p1: hello",
        "    Note over p1: 2 take",
        "    p0--xp1: gone",
        "    Note over p0: 3 crash ✕",
    ]


def test_shiviz_clocks_follow_the_messages(samples: Samples) -> None:
    lines = shiviz.document(run(samples)).splitlines()
    assert lines[:2] == [shiviz.PARSER, ""]
    assert lines[2:6] == [
        's1 {"s1": 1}',
        "1 elect leader = s1",
        's2 {"s1": 1, "s2": 1}',
        "2 take leader = s1",
    ]
    assert lines[6] == 's1 {"s1": 2}'


def test_itf_is_what_our_reader_reads(samples: Samples) -> None:
    steps = list(itf_reader.read(itf.document(run(samples)).encode(), "x.itf.json"))
    assert [step.transition for step in steps][:2] == ["init", "elect(leader = s1)"]
    assert steps[1].seen["s1.role"] == "LEADING"


def test_hostile_text_cannot_get_out(samples: Samples) -> None:
    diagram = run(samples, HOSTILE)
    picture = svg.drawn(diagram)
    tags = {element.tag for element in ET.fromstring(picture).iter()}  # noqa: S314 - that is the question
    assert f"{SVG}script" not in tags
    for made in (picture, mermaid.document(diagram), shiviz.document(diagram), "\n".join(drawn(diagram))):
        assert not {"\x1b", "\x00", "\u202e", "\ud800"} & set(made)
        made.encode()
    assert "<script>" not in mermaid.document(diagram)
    assert "%%" not in mermaid.document(diagram)


def test_legible_keeps_lengths_and_shows_everything() -> None:
    assert legible("a\x1b\n\u202e\u200b\ud800é⟨→") == "a␛␊\ufffd\ufffd\ufffdé⟨→"
    assert bounded("x" * 3000) == "x" * 2000 + "… (3,000 characters)"


def test_a_finding_has_its_votes_as_arrows_and_its_place_marked() -> None:
    vote: dict[str, Any] = {"leader": 2, "zxid": Hex(1), "epoch": Hex(1), "round": Hex(1)}
    sent = NotificationSent(track="s1/log", seq=5, server=1, to=2, **vote)
    got = Notified(track="s2/log", seq=7, server=2, sender=1, state="looking", **vote)
    before = Looking(track="s2/log", seq=5, server=2)
    place = Activated(track="s2/log", seq=8, server=2, epoch=Hex(2))
    far = Looking(track="s2/log", seq=60, server=2)
    finding = Finding("P", 2, "seen", "allowed", "guard", (got, place))
    context = around(finding, [sent, before, got, place, far])
    assert context == [before, got, place]
    diagram = of_finding(finding, [sent, *context])
    assert diagram.lanes == ("s1", "s2")
    assert [(row.kind, row.fault) for row in diagram.rows] == [
        ("context", False),
        ("context", False),
        ("event", False),
        ("event", True),
    ]
    assert [(a.sender, a.receiver, a.sent, a.ended) for a in diagram.arrows] == [(0, 1, 1, 3)]
    assert around(finding, [got]) == []
