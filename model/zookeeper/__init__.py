"""FastLeaderElection and Zab 1.0 as ZooKeeper's releases run them.

What one server does with one input is a function of its record, the input and an outbox, and of nothing else.
The transitions of the whole say who may act, and call these functions; a real server can call them as well.
Names are those of the Java code, which the comments cite.

================================  =======================================================
`switches`, `releases`            what releases do differently
`scope`                           bounds, and what functions range over
`log`, `files`, `messages`        values: transactions on disk and in memory, packets, votes
`server`, `events`                the record of one server, its outbox, what it tells of itself
`election`                        FastLeaderElection
`learner`, `leader`               the two sides of discovery, synchronization and broadcast
`synchronization`, `commitment`   DIFF, TRUNC or SNAP; counting acknowledgements
`threads`                         the log and commit threads; shutdown, crash and start
`ensemble`                        all servers, what is between them, what properties look at
`steps`, `candidates`, `faults`   the transitions
`checks`                          what must not happen in the middle of a step
`guarantees`, `order`             properties of the whole
`local`, `votes`, `liveness`      of one server, of elections, of what follows when faults stop
`goals`, `final`                  what must be reached, and where a run may end
`variants`                        known bugs, mutants, single switches
`prepared`, `examples`            worked examples
================================  =======================================================
"""

# In the order in which people see what these register:
# isort: off
from zabcheck.model.zookeeper import steps, candidates, faults
from zabcheck.model.zookeeper import guarantees, order, local, votes, goals, final, liveness, variants
# isort: on

from zabcheck.model.zookeeper.ensemble import State, initial
from zabcheck.model.zookeeper.scope import Scope, model

__all__ = [
    "Scope",
    "State",
    "candidates",
    "faults",
    "final",
    "goals",
    "guarantees",
    "initial",
    "liveness",
    "local",
    "model",
    "order",
    "steps",
    "variants",
    "votes",
]
