"""What a ZooKeeper server says in its text log, as events.

At INFO that is its life: starts, elections with every vote that it received, phases, how learners were synchronized,
who acknowledged NEWLEADER. At DEBUG and TRACE single transactions are added. `log_table` knows the lines; here is
what depends on more than one of them, because a log has several lives in it and many threads write it:

- which learner a thread of the leader serves, and what that thread said before;
- that one loss of a role is told in up to five lines, and is one event;
- that a process announces itself in several lines, and starts once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from zabcheck.traces import event as e
from zabcheck.traces.log_lines import Line, Tally
from zabcheck.traces.log_table import TEXT_LIMIT, address, recognise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from zabcheck.traces.event import Hex, RoleName
    from zabcheck.traces.track import Track

MYID = re.compile(r"\[myid[=:](\d{1,18})\]")
STARTING = re.compile(r"Starting quorum peer, myid=(\d{1,18})$")
OWN_ACK = re.compile(r"SyncThread:(\d{1,18})$")

MOST_THREADS = 10_000
"""How many threads are remembered; a leader has two for each learner."""


def sid_of(lines: Iterable[Line]) -> int | None:
    """The server that wrote these lines, from the first that names it.

    That is the line of its start, the name of a thread, or what the layout prints as ``[myid:N]``.
    """
    return next((sid for line in lines if (sid := _named_in(line)) is not None), None)


def read(lines: Iterable[Line], track: Track, tally: Tally | None = None) -> Iterator[e.Event]:
    """The events of the log of one server, whose files may follow one another in ``lines``.

    Lines of other classes than `log_table.CLASSES` are ignored, so ``lines`` may be limited to those. A log that does
    not begin with a start gives `event.Missing` first. If the track has no server yet, it gets the one that the log
    names, for the events from there on; `sid_of` finds it beforehand.

    Three things to know of these events. A DIFF from disk, and a TRUNC from there, are announced before the leader
    has gone through its log: if it then finds a gap, `event.SyncSent` with SNAP follows for the same learner, and
    only that was sent. Most TRUNCs have no line at the leader at INFO. An `event.Counted` is an acknowledgement that
    arrived, even if the transaction was already committed.
    """
    reader = _Reader(track, Tally() if tally is None else tally)
    for line in lines:
        yield from reader.line(line)
    yield from reader.end()


def _named_in(line: Line) -> int | None:
    found = STARTING.match(line.text) or MYID.search(line.thread)
    if found:
        return int(found[1])
    return int(line.myid) if line.myid.isascii() and line.myid.isdigit() and len(line.myid) <= 18 else None


@dataclass(slots=True)
class _Learner:
    """What a thread of a leader has said of the learner that it serves."""

    sid: int | None = None
    peer_last: Hex | None = None
    in_step: bool = False
    """whether the learner has what the leader has, so that the DIFF is empty"""
    source: Literal["memory", "disk"] | None = None
    crosses_epoch: bool = False


@dataclass(slots=True)
class _Life:
    """What is known, at this point of the log, of the process that writes it."""

    announced: set[str] = field(default_factory=set)
    """which of its lines of introduction were there"""
    role: RoleName | None = None
    role_known: bool = False
    """whether `role` is that; a log may begin in the middle of a role"""
    synchronizing: bool = False
    elected: int | None = None
    cause: str | None = None
    refused: bool = False
    learners: dict[str, _Learner] = field(default_factory=dict)
    """by the name of the thread"""

    def settle(self, role: RoleName | None) -> None:
        """It has this role from here on."""
        self.role, self.role_known, self.synchronizing, self.cause = role, True, False, None

    def learner(self, line: Line) -> _Learner:
        """The learner that the thread of this line serves."""
        if len(self.learners) >= MOST_THREADS:
            self.learners.clear()
        return self.learners.setdefault(line.thread, _Learner())


class _Reader:
    """Goes through a log line by line. Its methods named as words of `log_table` do what these words mean."""

    def __init__(self, track: Track, tally: Tally) -> None:
        self.track = track
        self.tally = tally
        self.life = _Life()
        self.begun = False
        self.out: list[e.Event] = []
        self.start: tuple[Line, str | None] | None = None
        """line and release of an `event.Started` that is kept back, since the release comes later"""
        self.taken: tuple[Line, RoleName] | None = None
        """line and role of an `event.RoleTaken` that is kept back, since the leader comes later, if at all"""
        self.apply: tuple[Line, Hex] | None = None
        """line and zxid of an `event.Applied` that is kept back, since the digest comes later"""

    def line(self, line: Line) -> list[e.Event]:
        """The events that this line completes."""
        if self.track.server is None:
            self.track.server = _named_in(line)
        self.out = []
        if recognised := recognise(line.outer, line.text):
            self.tally.recognised += 1
            row, fields = recognised
            if row.meaning in INTRODUCTIONS:
                self.introduce(line, row.meaning, fields.get("release"))
            else:
                self.understand(line, row.meaning, fields)
        return self.out

    def end(self) -> list[e.Event]:
        """The events that were kept back."""
        self.out = []
        self.release()
        return self.out

    def release(self) -> None:
        """Nothing is kept back any longer."""
        self.release_start()
        self.release_role()
        self.release_apply()

    def understand(self, line: Line, meaning: type[e.Base] | str, fields: dict[str, Any]) -> None:
        """Take in a line that is no introduction."""
        if not self.begun:
            self.begun = True
            self.emit(e.Missing, line, what="the log begins in the middle of a life")
        if isinstance(meaning, str):
            MEANINGS[meaning](self, line, **fields)
        elif meaning is e.Alarm:
            self.emit(meaning, line, text=line.text[:TEXT_LIMIT], **fields)
        else:
            self.emit(meaning, line, **fields)

    def emit(self, kind: type[e.Base], line: Line, **fields: Any) -> None:
        """Add an event, after those that had to be before it."""
        self.release_start()
        self.release_role()
        if self.apply and self.apply[0].thread == line.thread:
            self.release_apply()
        self.out.append(self.track.event(kind, line.at, wall=line.wall, **fields))  # type: ignore[arg-type]

    # Starts

    def introduce(self, line: Line, word: str, release: str | None) -> None:
        """A line that a process writes once, at its beginning. It is of a new one if this one has had it."""
        late = self.start is None and word == "release"
        if not self.begun or word in self.life.announced or not (self.start or late):
            self.begun = True
            self.release()
            self.life = _Life(role_known=True)
            self.start = (line, None)
        self.life.announced.add(word)
        if self.start and release:
            self.start = (self.start[0], release)

    def release_start(self) -> None:
        """The start that was kept back is complete."""
        if self.start:
            (line, release), self.start = self.start, None
            self.emit(e.Started, line, release=release)

    def refused(self, line: Line) -> None:
        """The server found something on its disk that it cannot go on with."""
        if not self.life.refused:
            self.life.refused = True
            self.emit(e.Refused, line, reason=_exception(line) or line.text[:TEXT_LIMIT])

    # Roles

    def looking(self, line: Line) -> None:
        """It has no role; that it left one was told before, unless those lines are missing."""
        if self.life.role is not None:
            self.leave(line)
        self.life.role_known = True
        self.life.elected = None
        self.emit(e.Looking, line)

    def elected(self, _line: Line, leader: int) -> None:
        """It will lead, or follow this one; an election says so at its end, when it has set the role."""
        self.life.elected = leader
        self.release_role()

    def role(self, line: Line, role: RoleName) -> None:
        """It has this role; told up to three times."""
        if self.life.role != role:
            self.release_start()
            self.release_role()
            self.life.settle(role)
            self.taken = (line, role)

    def release_role(self) -> None:
        """The role that was kept back is complete."""
        if self.taken:
            (line, role), self.taken = self.taken, None
            self.emit(e.RoleTaken, line, role=role, leader=self.life.elected)

    def phase(
        self,
        line: Line,
        role: RoleName,
        phase: e.PhaseName | None = None,
        mode: e.ModeName | None = None,
    ) -> None:
        """Its detailed state. The mode is printed with what changes next, so it may be that of an earlier time.

        It is sure when the phase was synchronization before: then it is what has just been set.
        """
        if role == "looking":
            self.life.synchronizing = False
            self.emit(e.PhaseEntered, line, phase="election", role=role)
        elif phase is None:
            self.role(line, role)
        elif self.life.role == role or not self.life.role_known:
            self.life.role, self.life.role_known = role, True
            self.emit(
                e.PhaseEntered, line, phase=phase, role=role, mode=mode if self.life.synchronizing else None
            )
            self.life.synchronizing = phase == "synchronization"

    def cause(self, line: Line) -> None:
        """Why it is going to leave its role."""
        self.life.cause = line.text[:TEXT_LIMIT]

    def leave(self, line: Line, role: RoleName | None = None, reason: str | None = None) -> None:
        """It gives up its role; the first line that says so makes the event."""
        if self.life.role is not None or not self.life.role_known:
            reason = self.life.cause or _exception(line) or reason
            self.release_apply()
            self.emit(e.Left, line, role=self.life.role or role, reason=reason)
        if _stumbled_over_commit(line):
            self.emit(e.Alarm, line, what="null proposal", text=line.more[0][:TEXT_LIMIT])
        self.life.role, self.life.role_known, self.life.synchronizing, self.life.cause = (
            None,
            True,
            False,
            None,
        )

    def leave_by_exception(self, line: Line) -> None:
        """An exception ended something; an election may also end like that."""
        if self.life.role is not None:
            self.leave(line)

    # Learners of a leader

    def learner(self, line: Line, learner: int, info: str = "") -> None:
        """FOLLOWERINFO or OBSERVERINFO arrived."""
        self.life.learners.pop(line.thread, None)
        self.life.learner(line).sid = learner
        place = line.thread.removeprefix("LearnerHandler-")
        self.emit(
            e.LearnerCame,
            line,
            learner=learner,
            observer=":observer" in info,
            address=address(place) if place != line.thread else None,
        )

    def inputs(self, line: Line, learner: int, **zxids: Hex) -> None:
        """What the leader decides by."""
        state = self.life.learner(line)
        state.sid = learner
        state.peer_last = zxids["peer_last"]
        state.in_step = zxids["peer_last"] == zxids["last_processed"]
        state.source, state.crosses_epoch = None, False
        self.emit(e.SyncInputs, line, learner=learner, **zxids)

    def source(self, line: Line, source: Literal["memory", "disk"]) -> None:
        """Where the proposals for this learner come from."""
        self.life.learner(line).source = source

    def diff(self, line: Line, learner: int, zxid: Hex) -> None:
        """DIFF."""
        state = self.life.learner(line)
        source = state.source or ("nothing" if state.in_step else None)
        self.emit(e.SyncSent, line, learner=learner, mode="diff", zxid=zxid, source=source)

    def trunc(self, line: Line, learner: int, zxid: Hex) -> None:
        """TRUNC, or an empty DIFF that is not sent.

        Releases 3.6 to 3.8 print this text for both (``LearnerHandler.queueCommittedProposals``). A learner whose last
        zxid is the beginning of an epoch never gets TRUNC, and the others never this DIFF. It is not sent because such
        a leader has no record on disk that follows the learner's last; it then finds a gap and sends SNAP.
        """
        peer_last = self.life.learner(line).peer_last
        if peer_last is not None and peer_last & 0xFFFFFFFF:
            self.emit(e.SyncSent, line, learner=learner, mode="trunc", zxid=zxid)

    def crosses_epoch(self, line: Line, learner: int) -> None:
        """TRUNC is not possible; SNAP will follow."""
        state = self.life.learner(line)
        state.sid, state.crosses_epoch = learner, True

    def snap(self, line: Line, zxid: Hex) -> None:
        """SNAP; the line does not name the learner."""
        state = self.life.learner(line)
        if state.sid is not None:
            crosses_epoch, state.crosses_epoch = state.crosses_epoch, False
            self.emit(
                e.SyncSent, line, learner=state.sid, mode="snap", zxid=zxid, crosses_epoch=crosses_epoch
            )

    def learner_lost(self, line: Line, address: str) -> None:
        """The last words of a thread that served a learner."""
        learner = self.life.learners.pop(line.thread, _Learner())
        self.emit(e.LearnerLost, line, learner=learner.sid, address=address)

    def acknowledged(self, line: Line, zxid: Hex) -> None:
        """An ACK. That of UPTODATE has the beginning of the epoch as its zxid, where no transaction is."""
        if zxid & 0xFFFFFFFF:
            own = OWN_ACK.match(line.thread)
            sender = int(own[1]) if own else self.life.learners.get(line.thread, _Learner()).sid
            self.emit(e.Counted, line, zxid=zxid, sender=sender)

    # The rest

    def connected(self, line: Line, address: str) -> None:
        """A learner reached its leader."""
        self.emit(e.Connected, line, address=address, leader=self.life.elected)

    def applying(self, line: Line, zxid: Hex) -> None:
        """A transaction reaches the end of the pipeline."""
        self.release_apply()
        self.release_start()
        self.apply = (line, zxid)

    def applied(self, line: Line, zxid: Hex, digest: int) -> None:
        """It changed the tree, with this result."""
        if self.apply and self.apply[1] == zxid:
            self.apply = None
        self.emit(e.Applied, line, zxid=zxid, digest=digest)

    def release_apply(self) -> None:
        """The application that was kept back has no digest."""
        if self.apply:
            (line, zxid), self.apply = self.apply, None
            self.emit(e.Applied, line, zxid=zxid)


INTRODUCTIONS = ("configured", "started", "release")

MEANINGS: dict[str, Callable[..., None]] = {
    method.__name__: method
    for method in (
        _Reader.refused,
        _Reader.looking,
        _Reader.elected,
        _Reader.role,
        _Reader.phase,
        _Reader.cause,
        _Reader.leave,
        _Reader.leave_by_exception,
        _Reader.learner,
        _Reader.inputs,
        _Reader.source,
        _Reader.diff,
        _Reader.trunc,
        _Reader.crosses_epoch,
        _Reader.snap,
        _Reader.learner_lost,
        _Reader.acknowledged,
        _Reader.connected,
        _Reader.applying,
        _Reader.applied,
    )
}
"""What each word of the table does."""


def _exception(line: Line) -> str | None:
    """The exception that was printed with a line, without the reason's wrapping in 3.5."""
    if not line.more:
        return None
    text = line.more[0].strip()
    return re.sub(r"^java\.lang\.Exception: (?:shutdown Leader! reason: )?", "", text)[:TEXT_LIMIT] or None


def _stumbled_over_commit(line: Line) -> bool:
    """Whether a learner ended because a COMMIT came for which it had no proposal (ZOOKEEPER-4394)."""
    return (
        bool(line.more)
        and line.more[0].startswith("java.lang.NullPointerException")
        and any('"pif" is null' in more or "Learner.syncWithLeader" in more for more in line.more[:2])
    )
