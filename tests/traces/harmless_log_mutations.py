"""Changes of text logs after which they are still logs of the same run, or of less of it."""

from __future__ import annotations

import gzip
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.traces import artefacts as a
from tests.traces.mutation import mutation

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

STAMP = "%Y-%m-%d %H:%M:%S"


def _some(folder: Path, random: Random) -> int:
    return random.choice(a.servers(folder))


@mutation("log", "A server sends its vote again when nothing comes for a while.", legal=True)
def own_vote_sent_again(folder: Path, random: Random) -> bool:
    election = a.pick(random, [e for e in a.elections(folder) if e.own])
    if election:
        text = a.lines(folder, election.sid)
        number = election.own[-1].number
        text.insert(number + 1, text[number])
        a.write_lines(folder, election.sid, text)
    return election is not None


@mutation("log", "A peer sends its vote again when nothing comes to it for a while.", legal=True)
def last_vote_of_a_peer_again(folder: Path, random: Random) -> bool:
    options = []
    for election in a.elections(folder):
        last = {v["sender"]: v for v in election.heard if v["state"] == "LOOKING"}
        options += [(election, vote) for vote in last.values() if vote["round"] == election.own[-1]["round"]]
    option = a.pick(random, options)
    if option:
        election, vote = option
        text = a.lines(folder, election.sid)
        text.insert(vote.number + 1, text[vote.number])
        a.write_lines(folder, election.sid, text)
    return option is not None


@mutation(
    "log", "Other programs write to the same file, and exceptions have lines without a head.", legal=True
)
def foreign_lines(folder: Path, random: Random) -> bool:
    sid = _some(folder, random)
    text = a.lines(folder, sid)
    for _ in range(30):
        number = random.randrange(len(text))
        text[number:number] = random.choice(
            (
                [
                    "java.lang.IllegalStateException: example",
                    "\tat java.base/java.lang.Thread.run(Thread.java:840)",
                ],
                ["OpenJDK 64-Bit Server VM warning: something"],
                ["", "### rotated by cron ###"],
                ["2026-01-01 00:00:00,000 - INFO  [example:Example@1] - New election of the example"],
            )
        )
    a.write_lines(folder, sid, text)
    return True


@mutation("log", "Clocks of servers are not trusted: no order is taken from them.", legal=True)
def clock_of_one_server_shifted(folder: Path, random: Random) -> bool:
    sid = _some(folder, random)
    by = timedelta(minutes=random.randrange(-600, 600))
    text = []
    for line in a.lines(folder, sid):
        stamp = re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line)
        if stamp:
            moved = datetime.strptime(stamp[0], STAMP) + by  # noqa: DTZ007 - logs name no zone
            line = moved.strftime(STAMP) + line[stamp.end() :]  # noqa: PLW2901
        text.append(line)
    a.write_lines(folder, sid, text)
    return True


@mutation("log", "A file that went through Windows has other line ends.", legal=True)
def windows_line_ends(folder: Path, random: Random) -> bool:
    for sid in a.servers(folder):
        a.write_lines(folder, sid, a.lines(folder, sid), "\r\n")
    return True


@mutation("log", "Old lines were removed to save space.", legal=True, loses=True)
def log_cut_at_the_beginning(folder: Path, random: Random) -> bool:
    sid = _some(folder, random)
    text = a.lines(folder, sid)
    a.write_lines(folder, sid, text[random.randrange(1, len(text) - 1) :])
    return True


@mutation("log", "The log was copied earlier than everything else.", legal=True, loses=True)
def log_cut_at_the_end(folder: Path, random: Random) -> bool:
    path = a.log_path(folder, _some(folder, random))
    data = path.read_bytes()
    path.write_bytes(data[: random.randrange(len(data) // 4, len(data))])
    return True


@mutation("log", "A log that is rotated and compressed says the same.", legal=True)
def log_rotated(folder: Path, random: Random) -> bool:
    path = a.log_path(folder, _some(folder, random))
    whole = path.read_bytes().splitlines(keepends=True)
    one, two = sorted(random.sample(range(1, len(whole)), 2))
    path.with_name("zookeeper.log.2.gz").write_bytes(gzip.compress(b"".join(whole[:one])))
    path.with_name("zookeeper.log.1").write_bytes(b"".join(whole[one:two]))
    path.write_bytes(b"".join(whole[two:]))
    return True


@mutation("log", "Only the logs of some servers were collected.", legal=True, loses=True)
def log_of_one_server_removed(folder: Path, random: Random) -> bool:
    sid = _some(folder, random)
    for path in (folder / f"s{sid}").glob("zookeeper*.log"):
        path.unlink()
    return True


@mutation("log", "No log was collected.", legal=True, loses=True)
def all_logs_removed(folder: Path, random: Random) -> bool:
    for path in folder.glob("s*/zookeeper*.log"):
        path.unlink()
    return True


@mutation("log", "A log at INFO is that at TRACE without some lines.", legal=True)
def low_levels_removed(folder: Path, random: Random) -> bool:
    found = list(folder.glob("s*/zookeeper_trace.log"))
    for path in found:
        kept = re.sub(rb"(?m)^\d{4}-\S+ \S+ - (?:DEBUG|TRACE) .*\n", b"", path.read_bytes())
        path.write_bytes(kept)
    return bool(found)


@mutation("log", "Upstream's layout names the server in every line.", legal=True)
def layout_with_myid(folder: Path, random: Random) -> bool:
    for sid in a.servers(folder):
        stamp = r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) - "
        text = [re.sub(stamp, rf"\1 [myid:{sid}] - ", line) for line in a.lines(folder, sid)]
        a.write_lines(folder, sid, text)
    return True


@mutation("log", "Logback shortens packages where log4j leaves them out.", legal=True)
def layout_of_logback(folder: Path, random: Random) -> bool:
    sid = _some(folder, random)
    head = r"^(\S+ \S+) - (\w+ +\[.*?):(\w[\w$]*@\d+\] - )"
    text = [re.sub(head, r"\1 [myid:] - \2:o.a.z.s.q.\3", line) for line in a.lines(folder, sid)]
    a.write_lines(folder, sid, text)
    return True
