"""What the log lines of a server mean: one row for each kind of line, as data.

Read from the sources of releases 3.5 to 3.9 and of what will be 3.10, class by class; the texts are checked against
real logs. Where releases differ there is one row for each text, which may then share its meaning.

A row whose `Row.meaning` is a class of `event` says all by itself: what its pattern captures are the fields. Where it
is a word, the meaning depends on what was before, and `server_log` knows what to do.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from zabcheck.traces import event as e
from zabcheck.traces.event import Hex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Convert = Callable[[str], Any]

TEXT_LIMIT = 400
"""How much of a text that the server wrote is kept in an event."""


class Row(NamedTuple):
    """A kind of line."""

    classes: tuple[str, ...]
    """that print it, without nested classes"""
    start: str
    """what the text begins with"""
    meaning: type[e.Base] | str
    pattern: re.Pattern[str]
    """of what follows the start"""
    fields: Mapping[str, Convert]
    """for each group of the pattern, what makes a field of it"""
    constants: Mapping[str, Any]
    """fields that are the same for all lines of this kind"""

    def read(self, text: str) -> dict[str, Any] | None:
        """The fields that this text has, or nothing if it is of another kind, or if a number is too large to be one."""
        found = self.pattern.match(text, len(self.start))
        if found is None:
            return None
        try:
            return {
                **self.constants,
                **{
                    name: convert(found[name])
                    for name, convert in self.fields.items()
                    if found[name] is not None
                },
            }
        except ValueError:
            return None


def number(written: str) -> int:
    """A signed 64-bit number."""
    value = int(written)
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(written)
    return value


def zxid(written: str) -> Hex:
    """A zxid, a round or an epoch in hexadecimal; at most 16 digits are captured."""
    return Hex(int(written, 16))


def decimal_zxid(written: str) -> Hex:
    """A zxid that is printed as Java prints a ``long``."""
    return Hex(number(written) % (1 << 64))


def epoch_of(written: str) -> Hex:
    """The epoch of a zxid."""
    return Hex(int(written, 16) >> 32)


def decimal_epoch(written: str) -> Hex:
    """An epoch that is printed in decimal."""
    return decimal_zxid(written)


def name(written: str) -> str:
    """The name of a state, as events have it."""
    return written.lower()


def sids(written: str) -> tuple[int, ...]:
    """A set of servers, such as ``1, 3``."""
    return tuple(sorted({number(sid) for sid in written.replace(",", " ").split()}))


def address(written: str) -> str:
    """A socket address without the host name that Java puts before it."""
    host, _, rest = written.rpartition("/")
    return host + rest.removeprefix("<unresolved>") if rest.startswith("<") else rest


def last_part(written: str) -> str:
    """The name of a file without its folders."""
    return written.rpartition("/")[2]


def limited(written: str) -> str:
    """A text of the server, not all of it if it is long."""
    return written[:TEXT_LIMIT]


def h(group: str) -> str:
    """Pattern of a hexadecimal number with ``0x``."""
    return rf"0x(?P<{group}>[0-9a-f]{{1,16}})(?![0-9a-f])"


def d(group: str) -> str:
    """Pattern of a decimal number."""
    return rf"(?P<{group}>-?\d{{1,20}})(?!\d)"


def row(
    classes: str,
    start: str,
    meaning: type[e.Base] | str,
    pattern: str = "",
    constants: Mapping[str, Any] | None = None,
    /,
    **fields: Convert,
) -> Row:
    """A row of the table; ``classes`` are separated by spaces."""
    return Row(tuple(classes.split()), start, meaning, re.compile(pattern), fields, constants or {})


STATES = "LOOKING|FOLLOWING|LEADING|OBSERVING"
# A request that changes nothing has no zxid, which is printed as -2.
REQUEST = (
    r"sessionid:0x[0-9a-f]{1,16} type:\S{1,40} cxid:0x[0-9a-f]{1,16} zxid:(?!0xf{15})"
    + h("zxid")
    + " txntype:"
)

START = (
    row("QuorumPeerConfig", "Reading configuration from: ", "configured"),
    row("QuorumPeerMain", "Starting quorum peer", "started", rf"(?:, myid={d('sid')})?$", sid=number),
    row(
        "Environment", "Server environment:zookeeper.version=", "release",
        r"(?P<release>[\d.]{1,40}(?:-(?:SNAPSHOT|alpha|beta))?)", release=str,
    ),
    row("QuorumPeerMain", "Unable to access datadir, exiting abnormally", "refused"),
    row("QuorumPeer", "Unable to load database on disk", "refused"),
    row("ZKDatabase", "Snapshot loaded in ", e.Loaded,
        rf"\d+ ms, highest zxid is {h('zxid')}, digest is {d('digest')}$", zxid=zxid, digest=number),
    row("QuorumPeer", "currentEpoch not found! Creating with a reasonable default of ", e.EpochSet, d("epoch"),
        epoch=decimal_epoch),
    row("QuorumPeer", "", e.EpochSet, rf"\S{{1,4000}} found\. Setting current epoch to {d('epoch')}\.$",
        epoch=decimal_epoch),
)  # fmt: skip

ELECTION = (
    row("FastLeaderElection", "New election. My id = ", e.ElectionBegan, rf" ?-?\d+, proposed zxid={h('zxid')}$",
        zxid=zxid),
    row("FastLeaderElection", "Notification: my state:", e.Notified,
        rf"(?P<my_state>{STATES}); n\.sid:{d('sender')}, n\.state:(?P<state>{STATES}), n\.leader:{d('leader')}, "
        rf"n\.round:{h('round')}, n\.peerEpoch:{h('epoch')}, n\.zxid:{h('zxid')}(?:,|$)",
        my_state=name, sender=number, state=name, leader=number, round=zxid, epoch=zxid, zxid=zxid),
    # until 3.5; "peerEPoch" with or without a comma after it
    row("FastLeaderElection", "Notification: ", e.Notified,
        rf"(?:[0-9a-fx]{{1,18}} \(message format version\), )?{d('leader')} \(n\.leader\), {h('zxid')} \(n\.zxid\), "
        rf"{h('round')} \(n\.round\), (?P<state>{STATES}) \(n\.state\), {d('sender')} \(n\.sid\), "
        rf"{h('epoch')} \(n\.peerEPoch\),? (?P<my_state>{STATES}) \(my state\)".replace("EPoch", "E[pP]och"),
        my_state=name, sender=number, state=name, leader=number, round=zxid, epoch=zxid, zxid=zxid),
    row("FastLeaderElection", "Notification time out: ", e.VoteTimeout, rf"{d('milliseconds')}(?: ms)?$",
        milliseconds=number),
    row("FastLeaderElection", "Sending Notification: ", e.NotificationSent,
        rf"{d('leader')} \(n\.leader\), {h('zxid')} \(n\.zxid\), {h('round')} \(n\.round\), {d('to')} \(recipient\), "
        rf"-?\d+ \(myid\), {h('epoch')} \(n\.peerEpoch\)",
        leader=number, zxid=zxid, round=zxid, to=number, epoch=zxid),
    # later releases of 3.8, and 3.9
    row("FastLeaderElection", "Sending Notification: ", e.NotificationSent,
        rf"{d('leader')} \(n\.leader\), {h('zxid')} \(n\.zxid\), {h('epoch')} \(n\.peerEpoch\), {h('round')} "
        rf"\(n\.round\), {d('to')} \(recipient\)",
        leader=number, zxid=zxid, round=zxid, to=number, epoch=zxid),
    row("FastLeaderElection", "About to leave FLE instance: leader=", "elected", d("leader"), leader=number),
)  # fmt: skip

ROLE = (
    row("QuorumPeer", "LOOKING", "looking", "$"),
    row("QuorumPeer", "", "role", r"(?P<role>FOLLOWING|LEADING|OBSERVING)$", role=name),
    row("Leader Follower", "", "role", r"(?P<role>FOLLOWING|LEADING) - LEADER ELECTION TOOK - ", role=name),
    row("QuorumPeer", "Peer state changed: ", "phase",
        r"(?P<role>looking|following|leading|observing)(?: - (?P<phase>election|discovery|synchronization|broadcast))?"
        r"(?: - (?P<mode>diff|snap|trunc))?$",
        role=str, phase=str, mode=str),
    row("Leader", "Quit leading due to voter changed mind", "cause"),
    row("Leader", "Shutdown called", "leave", r"(?:\. For the reason (?P<reason>.*))?", {"role": "leading"},
        reason=limited),
    row("Follower", "Exception when following the leader", "leave", "", {"role": "following"}),
    row("Observer", "Exception when observing the leader", "leave", "", {"role": "observing"}),
    row("Follower", "Disconnected from leader", "leave", "", {"role": "following", "reason": "disconnected"}),
    row("Observer", "Disconnected from leader", "leave", "", {"role": "observing", "reason": "disconnected"}),
    row("Follower", "shutdown ", "leave", "(?:called|Follower)", {"role": "following"}),
    row("Observer", "shutdown ", "leave", "(?:called|Observer)", {"role": "observing"}),
    row("QuorumPeer", "Unexpected exception", "leave_by_exception", "$"),
    row("QuorumPeer", "PeerState set to LOOKING", "leave"),
)  # fmt: skip

AT_LEADER = (
    row("LearnerHandler", "Follower sid: ", "learner",
        rf"{d('learner')}(?: : info : (?P<info>.*)| not in the current config)", learner=number, info=str),
    row("LearnerHandler", "Synchronizing with ", "inputs",
        rf"(?:Learner|Follower) sid: {d('learner')} maxCommittedLog={h('max_committed')} "
        rf"minCommittedLog={h('min_committed')} lastProcessedZxid={h('last_processed')} peerLastZxid={h('peer_last')}",
        learner=number, max_committed=zxid, min_committed=zxid, last_processed=zxid, peer_last=zxid),
    row("LearnerHandler", "Using committedLog for peer sid: ", "source", "", {"source": "memory"}),
    row("LearnerHandler", "Use txnlog and committedLog for peer sid: ", "source", "", {"source": "disk"}),
    row("LearnerHandler", "Sending DIFF zxid=", "diff", rf"{h('zxid')} {{1,2}}for peer sid: {d('learner')}$",
        zxid=zxid, learner=number),
    row("LearnerHandler", "Sending TRUNC zxid=", "trunc", rf"{h('zxid')} {{1,2}}for peer sid: {d('learner')}$",
        zxid=zxid, learner=number),
    # at DEBUG
    row("LearnerHandler", "Sending TRUNC to follower zxidToSend=", e.SyncSent,
        rf"{h('zxid')} for peer sid: ?{d('learner')}$", {"mode": "trunc"}, zxid=zxid, learner=number),
    row("LearnerHandler", "Cannot send TRUNC to peer sid: ", "crosses_epoch", d("learner"), learner=number),
    row("LearnerHandler", "Sending snapshot last zxid of peer is ", "snap",
        rf"0x[0-9a-f]+,? zxid of leader is 0x[0-9a-f]+,? sen[dt] zxid of db as {h('zxid')}", zxid=zxid),
    row("LearnerHandler", "******* GOODBYE ", "learner_lost", r"(?P<address>.*?) \*{8}$", address=address),
    row("Leader", "Have quorum of supporters, sids: [", e.Activated,
        r"\[?(?P<supporters>[\d, ]{0,9999})\][^;]{0,9999}; starting up and setting last processed zxid: " + h("epoch"),
        supporters=sids, epoch=epoch_of),
    row("Leader", "NEWLEADER ACK from sid: ", e.Alarm, ".* is from a different epoch ",
        {"what": "foreign acknowledgement"}),
    row("Leader", "Going to commit null", e.Alarm, "", {"what": "null proposal"}),
    # at DEBUG and TRACE
    row("Leader", "Proposing:: ", e.Proposed, REQUEST, zxid=zxid),
    row("Leader", "Ack zxid: ", "acknowledged", h("zxid") + "$", zxid=zxid),
)  # fmt: skip

AT_LEARNER = (
    row("Observer", "Observing new leader sid=", "elected", d("leader"), leader=number),
    row("Learner", "Successfully connected to leader, using address: ", "connected", r"(?P<address>\S{1,300})$",
        address=address),
    row("Learner", "Getting a diff from the leader ", e.SyncReceived, h("zxid"), {"mode": "diff"}, zxid=zxid),
    row("Learner", "Getting a snapshot from leader ", e.SyncReceived, h("zxid"), {"mode": "snap"}, zxid=zxid),
    row("Learner", "Truncating log to get in sync with the leader ", e.SyncReceived, h("zxid"), {"mode": "trunc"},
        zxid=zxid),
    row("Learner", "Learner received NEWLEADER message", e.NewleaderReceived),
    # from 3.8.5 and 3.9.2
    row("Learner", "Set the current epoch to ", e.EpochSet, d("epoch") + "$", epoch=decimal_epoch),
    row("Learner", "Sent NEWLEADER ack to leader with zxid ", e.NewleaderAcked, r"(?P<epoch>[0-9a-f]{1,16})$",
        epoch=epoch_of),
    row("Learner", "Learner received UPTODATE message", e.UptodateReceived),
    # The learner expects 1 after 0, which it takes for the last one when it joins.
    row("Learner Follower", "Got zxid ", e.FirstProposal, rf"{h('zxid')} expected 0x1$", zxid=zxid),
    # from 3.9.4
    row("Learner", "DIFF sync got first proposal ", e.FirstProposal, h("zxid") + "$", zxid=zxid),
    row("Learner", "Committing ", e.Alarm, r"\S+ but got no proposal", {"what": "null proposal"}),
    row("FollowerZooKeeperServer", "Committing ", e.Alarm, r"\S+ without seeing txn", {"what": "null proposal"}),
)  # fmt: skip

STORAGE = (
    row("FileTxnSnapLog", "Snapshotting: ", e.SnapshotTaken, rf"{h('zxid')} to (?P<file>.{{1,4000}})$",
        zxid=zxid, file=last_part),
    row("FileTxnLog", "Creating new log file: log.", e.LogFileOpened, "(?P<zxid>[0-9a-f]{1,16})$", zxid=zxid),
    row("FileTxnLog", "Current zxid ", e.LoggedAgain, rf"{d('zxid')} is <= {d('last')} for ",
        zxid=decimal_zxid, last=decimal_zxid),
    row("ZooKeeperCriticalThread", "Severe unrecoverable error, from thread : SyncThread:", e.Alarm, "",
        {"what": "log thread died"}),
    row("FileTxnSnapLog", "Highest txn zxid ", e.Alarm, r"\S+ is not covering the snapshot digest zxid ",
        {"what": "replay failed"}),
    row("DataTree", "First digest mismatch on txn: ", e.Alarm, "", {"what": "digest mismatch"}),
    row("RateLogger", "Message:Digests are not matching. Value is Zxid.", e.Alarm, "",
        {"what": "digest mismatch"}),
    # at DEBUG
    row("CommitProcessor", "Committing request:: ", e.Committed, REQUEST, zxid=zxid),
    row("FinalRequestProcessor", "Processing request:: ", "applying", REQUEST, zxid=zxid),
    row("DataTree", "Digests are matching for Zxid: ", "applied",
        rf"(?P<zxid>[0-9a-f]{{1,16}}), Digest in log and actual tree: {d('digest')}$", zxid=zxid, digest=number),
)  # fmt: skip

TABLE = START + ELECTION + ROLE + AT_LEADER + AT_LEARNER + STORAGE

BY_CLASS = {
    outer: tuple(r for r in TABLE if outer in r.classes)
    for outer in sorted({c for r in TABLE for c in r.classes})
}
"""The rows that a line of a class may be of."""

STARTS = {outer: tuple(r.start for r in rows) for outer, rows in BY_CLASS.items()}
"""How the lines of a class that are of any kind begin; most lines of a log do not."""

CLASSES = frozenset(outer.encode() for outer in BY_CLASS)
"""The classes whose lines are worth reading, for `log_lines`."""


def recognise(outer: str, text: str) -> tuple[Row, dict[str, Any]] | None:
    """What kind of line this text of this class is, and the fields in it."""
    if text.startswith(STARTS.get(outer, ())):
        for kind in BY_CLASS[outer]:
            if text.startswith(kind.start) and (fields := kind.read(text)) is not None:
                return kind, fields
    return None
