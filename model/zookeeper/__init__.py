"""FastLeaderElection and Zab 1.0 as ZooKeeper's releases run them."""

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
