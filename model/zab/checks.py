"""What must not happen in the middle of a step: the specification's ``violatedInvariants``.

A server of the real ZooKeeper meets such a situation with an exception or an exit.
"""

from __future__ import annotations

from zabcheck.model.zab.scope import model

state_consistent = model.assertion(
    "StateConsistent",
    "A server gets each message of discovery and synchronization in the phase that expects it.",
    "Zab.tla stateInconsistent; Remix I-11",
)
proposal_consistent = model.assertion(
    "ProposalConsistent",
    "A follower is proposed its next transaction or one it has, and told to deliver only what it has.",
    "Zab.tla proposalInconsistent; Remix I-13",
)
commit_consistent = model.assertion(
    "CommitConsistent",
    "A leader commits in order, and a follower is told to commit exactly the next transaction of its log.",
    "Zab.tla commitInconsistent; Remix I-14",
)
ack_consistent = model.assertion(
    "AckConsistent",
    "A leader gets acknowledgements only of what it has, from each follower in order and without gaps.",
    "Zab.tla ackInconsistent; Remix I-12",
)
message_legal = model.assertion(
    "MessageLegal",
    "No message waits for a server that can never handle it.",
    "Zab.tla messageIllegal",
)
