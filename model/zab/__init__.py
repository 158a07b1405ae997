"""Zab with an election oracle, state for state what Apache ZooKeeper publishes as ``Zab.tla``.

The protocol is that of the DSN'11 paper: *discovery* of a new epoch and of the most recent history, its
*synchronization* to a quorum, *broadcast* of new transactions. The comments name the paper's steps (f.1.1 is
the first step of the follower in phase 1, l.1.1 the leader's) or, for what the paper leaves out, the
specification's action. A step is one server processing one message; a broken connection is noticed by both
sides at once.

What differs from the specification changes no state and no step:

- ``recorder.pc``, the label of the last action, is left out;
- a transaction's ``epoch`` is that of its zxid, and no field of its own;
- ``violatedInvariants`` are assertions, which the checker keeps with the state;
- FilterNonexistentMessage is taken once for each sender.

=====================  =======================================================
`scope`                bounds, and what functions range over
`history`, `messages`  values
`state`                servers, channels, and what only properties look at
`rules`, `variants`    the decisions of the protocol, and other ways to decide
`election` … `faults`  the transitions, by phase
`checks`               what must not happen in the middle of a step
`order`, `logs`        properties that a state decides
`guarantees`           properties that need the past, which `ghosts` records
`published`            weaker forms, as the specification has them
`goals`, `final`       what must be reached, and where a run may end
=====================  =======================================================
"""

# In the order in which people see what these register:
# isort: off
from zabcheck.model.zab import election, discovery, synchronization, broadcast, faults
from zabcheck.model.zab import guarantees, order, logs, published, goals, final, variants
# isort: on

from zabcheck.model.zab.rules import Rules
from zabcheck.model.zab.scope import Scope, model
from zabcheck.model.zab.state import State, initial

__all__ = [
    "Rules",
    "Scope",
    "State",
    "broadcast",
    "discovery",
    "election",
    "faults",
    "final",
    "goals",
    "guarantees",
    "initial",
    "logs",
    "model",
    "order",
    "published",
    "synchronization",
    "variants",
]
