"""A model checker for protocols written as ordinary Python functions. It knows nothing of ZAB.

A *model* (`Model`) registers functions: initial states, transitions, properties. A *state* is a tree of mutable
dataclasses, dicts and cells, whose leaves are immutable values. A *problem* is a model in a scope. An *engine*
answers it: `interpreted` runs the functions in plain Python and defines what they mean; `native` runs each
function once for every local situation, remembers the outcome, and explores in C.

Rule of the house: nothing here imports a protocol, and a model imports only the names listed here.
"""

from zabcheck.checker.errors import CheckerError, CheckpointError, ContractError, UsageError
from zabcheck.checker.model import Model, option
from zabcheck.checker.result import CheckResult
from zabcheck.checker.run import check, native_available, simulate
from zabcheck.checker.script import Act, Claim, Do, Let, Script, play
from zabcheck.checker.search import Limits, Options
from zabcheck.checker.simulate import Simulation
from zabcheck.checker.stateful import state_machine
from zabcheck.checker.values import Id
from zabcheck.checker.vocabulary import (
    Assertion,
    Cell,
    Channel,
    SetOf,
    because,
    choose,
    constant,
    durable,
    require,
)

__all__ = [
    "Act",
    "Assertion",
    "Cell",
    "Channel",
    "CheckResult",
    "CheckerError",
    "CheckpointError",
    "Claim",
    "ContractError",
    "Do",
    "Id",
    "Let",
    "Limits",
    "Model",
    "Options",
    "Script",
    "SetOf",
    "Simulation",
    "UsageError",
    "because",
    "check",
    "choose",
    "constant",
    "durable",
    "native_available",
    "option",
    "play",
    "require",
    "simulate",
    "state_machine",
]
