"""What must not happen in the middle of a step: the exceptions and error messages of the code (I-11 to I-14)."""

from __future__ import annotations

from zabcheck.model.zookeeper.scope import model

state_consistent = model.assertion(
    "StateConsistent",
    "A server gets each packet of discovery and synchronization in the phase it belongs to, and a leader hears "
    "that a learner serves only when that has applied its initial history.",
    source="Remix I-11; ZOOKEEPER-3023",
)
ack_consistent = model.assertion(
    "AckConsistent",
    "The first acknowledgement that a leader's handler gets is that of NEWLEADER, later ones are of proposals it "
    "has made.",
    source="Remix I-12; LearnerHandler.run, Leader.waitForNewLeaderAck, ZOOKEEPER-4685",
)
proposal_consistent = model.assertion(
    "ProposalConsistent",
    "A follower is proposed the successor of its last proposal, and told to cut its log where it has an entry.",
    source="Remix I-13; Learner.enforceContinuousProposal, ZKDatabase.truncateLog",
)
commit_consistent = model.assertion(
    "CommitConsistent",
    "A follower is told to commit exactly its next proposal.",
    source="Remix I-14; Learner.syncWithLeader, FollowerZooKeeperServer.commit, ZOOKEEPER-4394",
)
ack_durability = model.assertion(
    "AckDurability",
    "A learner acknowledges NEWLEADER only when all that the leader committed before is on its disk.",
    source="paper, f.2.1; ZOOKEEPER-3911, ZOOKEEPER-4646",
)
leadership = model.assertion(
    "Leadership2",
    "No epoch is begun twice.",
    source="Zab.tla Leadership2; Remix I-1",
)
initial_history_integrity = model.assertion(
    "InitialHistoryIntegrity",
    "The initial history of an established epoch begins with that of each earlier established epoch.",
    source="paper, initial history integrity; Remix I-8",
)
decision_support = model.assertion(
    "DecisionSupport",
    "A server ends an election only with a candidate that a quorum votes for.",
    source="FLE F2",
)
own_round = model.assertion(
    "OwnRound",
    "A server takes itself for the leader only by votes of its own round.",
    source="FLE F4; ZOOKEEPER-1514",
)
no_false_election = model.assertion(
    "NoFalseElection",
    "A server that starts while a quorum follows a leader does not elect itself while they still do, unless a quorum "
    "has voted for it: an old vote may be sent again.",
    source="FLE F7; ZOOKEEPER-975",
)
