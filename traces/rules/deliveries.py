"""Votes on their way: what a server receives is what its sender has in its own log.

A server that looks for a leader sends each vote to itself as well, and that copy is in its log. So a vote that another
server has from it, or a capture, must be there. What may be missing is the last one before its death, and what came
behind the end of its log, or before its beginning if older files are gone. Hence a vote is judged only if a later one
from the same sender, received in the same place, is in the sender's log; and an earlier one too, unless the log shows
the sender's very first start.

A server that does not vote is told the leader of the election before, in the new round, by those that look for the
next one, and for a moment even by those that have just found him (``WorkerReceiver.run``). Of that no log has a copy.
For that moment those that vote are told, too, of the leader before, in his round: by a server that has its new role
already, and the old vote still (``QuorumPeer.setCurrentVote``).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from zabcheck.traces.event import Activated, Ballot, ElectionBegan, EpochSet, Notified, RoleTaken, Started
from zabcheck.traces.finding import Finding
from zabcheck.traces.ledger import Property, Rule
from zabcheck.traces.members import is_unset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from zabcheck.traces.event import Base
    from zabcheck.traces.ledger import Ledger

DELIVERED = "VoteDelivery"
NAMED = "LeaderNamed"


class Cast(NamedTuple):
    """Whom a vote is for."""

    leader: int
    zxid: int
    epoch: int


Seen: TypeAlias = Notified | Ballot


@dataclass
class Voter:
    """The votes in a server's own log."""

    votes: dict[int, set[Cast]] = field(default_factory=lambda: defaultdict(set))
    """by round, those of it and the last of the round before: an answer may have the new round and the old vote"""
    newborn: bool = False
    """its log begins with its very first start: it had no epoch on disk"""
    last: Cast | None = None
    round: int = 0
    looks: bool = False
    waits: bool = False
    """none of its votes in this election has come back to it"""
    unsure: int | None = None
    """it died before its votes had come back: of this round or a later one its log may lack a vote"""

    def died(self) -> None:
        """Its process is over, and what it sent at the end may not be in its log."""
        if (self.looks or self.waits) and (self.unsure is None or self.round < self.unsure):
            self.unsure = self.round
        self.looks, self.waits, self.round, self.last = False, False, 0, None

    def voted(self, cast: Cast, round_: int) -> None:
        """Its own copy of a vote."""
        if round_ != self.round and self.last is not None:
            self.votes[round_].add(self.last)
        self.votes[round_].add(cast)
        self.last, self.round, self.waits = cast, round_, False

    def serves(self, epoch: int) -> None:
        """Its role has an epoch now, and so has its vote; who leaves the role may answer with that once more."""
        if self.last is not None:
            self.votes[self.round].add(self.last._replace(epoch=epoch))

    def has(self, event: Seen) -> bool:
        """Whether a vote is in its log, or one that a server may make of what is."""
        return _cast(event) in self.votes.get(event.round, ())

    def may_lack(self, event: Seen) -> bool:
        """Whether it may have died before it had its own copy of a vote."""
        return self.unsure is not None and event.round >= self.unsure


class Deliveries(Rule):
    """Votes received, and captured, against those sent."""

    properties = (
        Property(
            DELIVERED,
            "A vote that a server receives is in the log of its sender.",
            "logs of two servers, or of one and a packet capture",
        ),
        Property(
            NAMED,
            "A server that leads names itself, one that follows names another.",
            "logs of servers, or a packet capture",
        ),
    )

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._voters: dict[int, Voter] = defaultdict(Voter)
        self._seen: dict[tuple[str, int], list[Seen]] = defaultdict(list)
        """by place and sender, the votes of servers that look for a leader; those sent again left out"""
        self._rounds: dict[tuple[str, int], int] = defaultdict(int)
        """by place and sender, the highest round that it was in"""

    def handlers(self) -> Mapping[type[Base], Callable[[Any], None]]:
        """By votes, and what ends the life or the search of a server."""
        return {
            Started: lambda e: self._voters[e.server or 0].died(),
            EpochSet: self._epoch_set,
            Activated: lambda e: self._voters[e.server or 0].serves(int(e.epoch)),
            ElectionBegan: self._began,
            RoleTaken: self._decided,
            Notified: self._notified,
            Ballot: lambda e: self._vote(e, e.server, e.to),
        }

    def _epoch_set(self, event: EpochSet) -> None:
        voter = self._voters[event.server or 0]
        voter.newborn |= event.epoch == 0 and not voter.votes
        voter.serves(int(event.epoch))

    def _began(self, event: ElectionBegan) -> None:
        voter = self._voters[event.server or 0]
        voter.looks = voter.waits = True

    def _decided(self, event: RoleTaken) -> None:
        self._voters[event.server or 0].looks = False

    def _notified(self, event: Notified) -> None:
        if event.sender != event.server:
            self._vote(event, event.sender, event.server)
        elif event.state == "looking":
            self._voters[event.sender].voted(_cast(event), event.round)

    def _vote(self, event: Seen, sender: int | None, to: int | None) -> None:
        if sender not in self.members.voters or to not in self.members.voters:
            return
        if event.state in ("leading", "following"):
            self._settled(event, sender)
        if not is_unset(event.round):
            self._rounds[event.track, sender] = max(self._rounds[event.track, sender], event.round)
        if event.state != "looking":
            return
        votes = self._seen[event.track, sender]
        if not votes or _cast(votes[-1]) != _cast(event) or votes[-1].round != event.round:
            votes.append(event)

    def _settled(self, event: Seen, sender: int) -> None:
        if is_unset(event.round) or event.round < self._rounds[event.track, sender]:
            return
        named = event.leader == sender
        self.ledger.judge(
            NAMED,
            named == (event.state == "leading"),
            lambda: Finding(
                property=NAMED,
                server=sender,
                observed=f"server {sender} says that it is {event.state}, with leader {event.leader}",
                allowed="a leader that names itself, a follower that names another",
                guard=f"(leader == sender) == (it leads): {named} == {event.state == 'leading'}",
                events=(event,),
            ),
        )

    def finish(self) -> None:
        """Look for every vote in its sender's log, at the end of which a vote may not have come back either."""
        for ended in self._voters.values():
            ended.died()
        for (_, sender), votes in self._seen.items():
            voter = self._voters.get(sender)
            if voter is None or not voter.votes or self.ledger.lacks("log", sender):
                continue
            known = [place for place, vote in enumerate(votes) if voter.has(vote)]
            for vote in votes[0 if voter.newborn else known[0] : known[-1]] if known else ():
                if not voter.may_lack(vote):
                    self.ledger.judge(
                        DELIVERED,
                        voter.has(vote),
                        lambda vote=vote, sender=sender, voter=voter: self._unsent(vote, sender, voter),  # type: ignore[misc]
                    )

    def _unsent(self, vote: Seen, sender: int, voter: Voter) -> Finding:
        sent = sorted(voter.votes.get(vote.round, ()))
        words = " or ".join(f"{c.leader} ({hex(c.zxid)}, epoch {c.epoch})" for c in sent) or "nobody"
        return Finding(
            property=DELIVERED,
            server=sender,
            observed=f"a vote of server {sender} for {vote.leader} ({vote.zxid}, epoch {int(vote.epoch)}) in round "
            f"{int(vote.round)} arrives",
            allowed=f"in round {int(vote.round)} it votes, by its own log, for {words}",
            guard=f"the vote must be in the log of server {sender}, as a later one is: it is not",
            events=(vote,),
        )


def _cast(event: Seen) -> Cast:
    return Cast(event.leader, int(event.zxid), int(event.epoch))
