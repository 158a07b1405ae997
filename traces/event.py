"""What a recording says: events, one class per kind, each with only what was observed.

An event belongs to a *track*: one thing that was written in order, such as the log of a server, what is on its disk,
one direction of a connection, the history of a client. Inside a track events are ordered and numbered without gaps,
so that a lost one shows. Nothing else is ordered: what is on two tracks is related by what the events say (a vote, a
packet, a zxid), never by clocks. Only the tracks of one capture, ``wire/...``, come in the order of its frames.

Zxids, rounds and session ids are hexadecimal strings in JSON (``0x100000003``), as in ZooKeeper's logs, and integers
here: the upper 32 bits of a zxid are the epoch. ``None`` means that a field was not observed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = 1
"""The version of the schema. It grows when a field or a kind changes its meaning or goes away."""


class Hex(int):
    """An integer that is written in hexadecimal."""

    def __str__(self) -> str:
        return hex(self)

    __repr__ = __str__


RoleName = Literal["looking", "following", "leading", "observing"]
PhaseName = Literal["election", "discovery", "synchronization", "broadcast"]
ModeName = Literal["diff", "trunc", "snap"]


class Base(
    msgspec.Struct,
    tag_field="kind",
    tag=lambda name: "".join("_" * (i > 0) + c.lower() if c.isupper() else c for i, c in enumerate(name)),
    omit_defaults=True,
    forbid_unknown_fields=True,
    kw_only=True,
):
    """What every event has."""

    track: str
    """which sequence it belongs to; by custom ``s1/log``, ``s1/disk``, ``wire/3``, ``client/a``"""
    seq: int
    """its number in the track: 0, 1, 2, ... without a gap"""
    server: int | None = None
    """the server (sid) that it is about"""
    wall: float | None = None
    """a clock: seconds since 1970 as the writer took them, in its own time zone. Orders nothing."""
    at: str = ""
    """where it was found: file and line, or file and byte"""


class Recording(Base):
    """First event of a recording that is kept: what was recorded."""

    schema: int = SCHEMA
    release: str | None = None
    voters: tuple[int, ...] = ()
    observers: tuple[int, ...] = ()
    groups: dict[int, tuple[int, ...]] = {}
    """members of each group of a hierarchical quorum"""
    weights: dict[int, int] = {}
    made_by: str | None = None
    model: str | None = None
    """for a recording of a model's own steps: which one"""
    bounds: dict[str, int | str] = {}
    """and the options of its scope"""


class Unrecognised(Base):
    """Something of the source that no reader understands."""

    what: str


class Missing(Base):
    """From here on the source lacks something: a log that begins in the middle, a file that was rotated away."""

    what: str


# The life of a server, from its log


class Started(Base):
    """A process began. What was before ended somehow: in a stop or in a crash."""

    release: str | None = None


class Refused(Base):
    """A server did not start, because of what it found on its disk."""

    reason: str


class Loaded(Base):
    """The database was read from disk: at a start, or again after TRUNC. ``zxid`` is the last one there."""

    zxid: Hex
    digest: int | None = None


class Looking(Base):
    """A server looks for a leader; it had none, or left its role."""


class ElectionBegan(Base):
    """A new round begins, with this zxid in the vote for oneself (``lookForLeader``)."""

    zxid: Hex


class Notified(Base):
    """A server received a notification; from itself too: that is the record of its own votes."""

    sender: int
    state: RoleName
    """of the sender"""
    leader: int
    zxid: Hex
    epoch: Hex
    """``peerEpoch``"""
    round: Hex
    my_state: RoleName | None = None
    """of the receiver"""


class NotificationSent(Base):
    """A server sent a notification, or put it in the queue for another."""

    to: int
    leader: int
    zxid: Hex
    epoch: Hex
    round: Hex
    state: RoleName | None = None


class VoteTimeout(Base):
    """Nothing came for a while, so the current vote was sent again."""

    milliseconds: int


class RoleTaken(Base):
    """An election is over, with this role."""

    role: RoleName
    leader: int | None = None


class PhaseEntered(Base):
    """A server is in this phase of its role (``QuorumPeer.ZabState``)."""

    phase: PhaseName
    role: RoleName | None = None
    mode: ModeName | None = None


class Connected(Base):
    """A learner reached its leader."""

    address: str | None = None
    leader: int | None = None


class LearnerCame(Base):
    """A leader got FOLLOWERINFO or OBSERVERINFO."""

    learner: int
    observer: bool = False
    address: str | None = None


class SyncInputs(Base):
    """What a leader decides by how to synchronize a learner."""

    learner: int
    max_committed: Hex
    min_committed: Hex
    last_processed: Hex
    peer_last: Hex


class SyncSent(Base):
    """How a leader synchronizes a learner."""

    learner: int
    mode: ModeName
    zxid: Hex | None = None
    """end of the DIFF, where to cut, or the database that is sent"""
    source: Literal["nothing", "memory", "disk"] | None = None
    """of a DIFF: it is empty, the proposals are kept in memory, or read from the log on disk"""
    crosses_epoch: bool = False
    """SNAP because a TRUNC would have cut across the beginning of an epoch"""


class SyncReceived(Base):
    """How a learner is synchronized."""

    mode: ModeName
    zxid: Hex


class NewleaderReceived(Base):
    """A learner got NEWLEADER."""

    epoch: Hex | None = None


class EpochSet(Base):
    """A server wrote its current epoch."""

    epoch: Hex


class NewleaderAcked(Base):
    """A learner acknowledged NEWLEADER."""

    epoch: Hex | None = None


class Activated(Base):
    """A quorum acknowledged NEWLEADER: the leader's epoch is established."""

    epoch: Hex
    supporters: tuple[int, ...] = ()
    """the leader among them"""


class UptodateReceived(Base):
    """A learner got UPTODATE: it serves clients from now on."""


class FirstProposal(Base):
    """The first proposal after joining, which the log names."""

    zxid: Hex


class Left(Base):
    """A server gave up its role."""

    role: RoleName | None = None
    reason: str | None = None


class LearnerLost(Base):
    """A leader lost a learner."""

    learner: int | None = None
    address: str | None = None


class SnapshotTaken(Base):
    """A snapshot was begun at this zxid."""

    zxid: Hex
    file: str | None = None


class LogFileOpened(Base):
    """A file of the transaction log was begun, with this zxid as its first."""

    zxid: Hex


class LoggedAgain(Base):
    """A record was logged whose zxid is not larger than the last one's."""

    zxid: Hex
    last: Hex


class Alarm(Base):
    """The server itself says that something is wrong."""

    what: Literal[
        "log thread died",
        "digest mismatch",
        "foreign acknowledgement",
        "replay failed",
        "null proposal",
        "failed check",
    ]
    text: str | None = None


# Single transactions, from a log at a low level or from an implementation that records itself


class Proposed(Base):
    """A leader proposed a transaction."""

    zxid: Hex
    body: Hex | None = None
    """checksum of the record, see `Record`"""


class Logged(Base):
    """A server has a transaction on disk."""

    zxid: Hex
    body: Hex | None = None


class Counted(Base):
    """A leader counted an acknowledgement; its own has its own sid as ``sender``."""

    zxid: Hex
    sender: int | None = None


class Committed(Base):
    """A server learned that a transaction is committed; a leader decided it."""

    zxid: Hex


class Applied(Base):
    """A server applied a transaction to its tree."""

    zxid: Hex
    digest: int | None = None
    """of the tree afterwards"""


# What is on a disk


class Image(Base):
    """What follows on this track is what was on a disk at one moment: at the end, or in a named copy taken earlier."""

    name: str = ""
    """of the copy; empty for the final state"""


class Snapshot(Base):
    """A snapshot on disk. ``zxid`` is where its writing began; effects of later ones may be in it."""

    zxid: Hex
    valid: bool = True
    digest: int | None = None
    """of the tree at ``digest_zxid``"""
    digest_zxid: Hex | None = None


class LogFile(Base):
    """A file of the transaction log; its records follow."""

    zxid: Hex
    """in its name"""


class Record(Base):
    """A record of a transaction log."""

    zxid: Hex
    body: Hex
    """a checksum of its bytes (Adler-32 and length, as one number), the same for the same record everywhere"""
    type: int | None = None
    session: Hex | None = None
    cxid: int | None = None
    digest: int | None = None
    """of the tree, as the leader foresaw it"""
    path: str | None = None
    value: Hex | None = None
    """a checksum of the data written, as `body`; only for what a client history is compared with"""


class Torn(Base):
    """The last record of a file is cut off or was never written whole. A server ignores it."""


class Epochs(Base):
    """The epoch files."""

    accepted: int | None = None
    current: int | None = None
    updating: bool = False
    """whether the current epoch was about to be written: the next start takes the accepted one for it"""


# Packets between servers


class Handshake(Base):
    """The first message on an election connection: who connects."""

    sender: int
    address: str | None = None


class Sent(Base):
    """A packet on a quorum connection, seen between the two: ``server`` sent it to ``to``.

    Its track is one direction of one connection, so packets of a track arrived in this order.
    """

    connection: str
    """the same for both directions of a connection"""
    type: str
    """as in ``Leader.java``: FOLLOWERINFO, LEADERINFO, ACKEPOCH, DIFF, ... ; a number if it is none of those"""
    to: int | None = None
    zxid: Hex | None = None
    epoch: int | None = None
    """of ACKEPOCH: the current epoch, or -1"""
    body: Hex | None = None
    """checksum of a proposal's bytes, see `Record`"""


class Ballot(Base):
    """A notification on an election connection, seen between the two."""

    state: RoleName
    leader: int
    zxid: Hex
    epoch: Hex
    round: Hex
    to: int | None = None


class Closed(Base):
    """A connection ended, seen from outside."""

    connection: str


# Clients


class Operation(Base):
    """What a client asked for and what it was told. ``server`` is the one it was connected to."""

    client: str
    op: str
    start: float | None = None
    end: float | None = None
    ok: bool | None = None
    """``None``: the client does not know whether it happened"""
    path: str | None = None
    value: str | None = None
    """written, or read"""
    version: int | None = None
    zxid: Hex | None = None
    """of the write that this was"""
    seen: Hex | None = None
    """zxid in the header of the reply: the latest that the server had applied"""
    mzxid: Hex | None = None
    """of a read: the write that it saw"""
    czxid: Hex | None = None
    error: str | None = None
    session: Hex | None = None


class SessionState(Base):
    """A client's connection changed its state."""

    client: str
    state: str
    session: Hex | None = None


# The model itself


class Step(Base):
    """A step of the model, written by a simulation or by an implementation that runs the model's functions.

    It is on the track of who takes it (`zabcheck.traces.steps`). A number that is left out is a step that was not
    observed; so is a step without a transition, which says that there was one at the end of a track.
    """

    transition: str | None = None
    arguments: dict[str, str] = {}
    """by the names of the transition's parameters, values as shown; those that were observed"""
    choices: tuple[int, ...] | None = None
    """which of the options it took, where the model leaves it open"""
    seen: dict[str, str] = {}
    """fields of the state after the step that were observed: path in the state, and value as shown"""


LIFE = (
    Started | Refused | Loaded | Looking | ElectionBegan | Notified | NotificationSent | VoteTimeout | RoleTaken
    | PhaseEntered | Connected | LearnerCame | SyncInputs | SyncSent | SyncReceived | NewleaderReceived | EpochSet
    | NewleaderAcked | Activated | UptodateReceived | FirstProposal | Left | LearnerLost | SnapshotTaken
    | LogFileOpened | LoggedAgain | Alarm
)  # fmt: skip
TRANSACTIONS = Proposed | Logged | Counted | Committed | Applied
DISK = Image | Snapshot | LogFile | Record | Torn | Epochs
WIRE = Handshake | Sent | Ballot | Closed
CLIENT = Operation | SessionState
Event = Recording | Unrecognised | Missing | LIFE | TRANSACTIONS | DISK | WIRE | CLIENT | Step
