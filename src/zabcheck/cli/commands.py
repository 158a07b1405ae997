"""The commands, each in a module of its own that is imported when it runs."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from zabcheck import __version__
from zabcheck.checker.errors import CheckerError
from zabcheck.cli.arguments import HelpShown
from zabcheck.cli.guess import closest
from zabcheck.cli.interruption import EndNow
from zabcheck.cli.output import printing
from zabcheck.cli.status import Status, complain
from zabcheck.reports.encoding import forgive_encoding

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "check": "explore a model exhaustively and decide its properties",
    "simulate": "take random walks through a model, looking for violations",
    "replay": "take a counterexample again, and let servers with real files take it",
    "graph": "write all states of a small scope, and the steps between them, as a graph",
    "explore": "go through a model, a counterexample or a recording in a browser",
    "gate": "ask a matrix of checks and validations, as a gate in CI",
    "validate": "hold a recording of a real ensemble against the model",
    "trace": "turn a recording into events, or print it as a timeline",
    "quorum": "prove that any two quorums of a zoo.cfg intersect, or show two that do not",
    "prove": "prove the safety of ZAB for any number of servers, epochs and transactions",
    "refine": "follow a model with the protocol that is proved safe, step by step",
    "server": "run a ZooKeeper server, as its zoo.cfg says",
    "run": "run an ensemble of ZooKeeper servers on this machine",
    "models": "list the models, or describe one",
    "properties": "list the properties of a model",
    "variants": "list the variants of a model: known ambiguities, bugs and mutants",
    "bugs": "list the known bugs of ZooKeeper that the model can have",
    "releases": "list the releases of ZooKeeper by what they do differently",
    "demo": "play worked examples of elections and recoveries",
}

HELP = f"""usage: zabcheck COMMAND ...

Explore models of the protocols of ZooKeeper, or your own, state by state.

commands:
{chr(10).join(f"  {name:<12}{sentence}" for name, sentence in COMMANDS.items())}

  zabcheck COMMAND --help   says more about a command
  zabcheck --version        prints the version

exit status: 0 everything asked holds, 1 a property is violated,
             2 wrong usage or bad input, 3 not decided (limit reached or interrupted)
"""


def run(arguments: Sequence[str]) -> int:
    """Run the command that ``arguments`` name; mistakes end in one line and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            forgive_encoding(stream)
    try:
        return _dispatch(arguments)
    except HelpShown:
        return Status.HOLDS
    except EndNow as end:
        return end.status
    except CheckerError as error:
        complain(str(error))
        return Status.BAD_INPUT
    except SystemExit as error:
        complain(f"the model tried to end the process: SystemExit({error.code!r})")
        return Status.BAD_INPUT
    except MemoryError:
        complain("out of memory: set --max-memory, or a smaller scope")
        return Status.UNDECIDED
    except (
        Exception
    ) as error:  # a defect of zabcheck: one line, and no status that could be taken for a verdict
        if os.environ.get("ZABCHECK_DEBUG"):
            raise
        complain(f"internal error: {type(error).__name__}: {error} (ZABCHECK_DEBUG=1 shows where)")
        return Status.BAD_INPUT


def _dispatch(arguments: Sequence[str]) -> int:
    name, *rest = arguments or [""]
    if name in ("", "-h", "--help", "help"):
        with printing() as stream:
            stream.write(HELP)
        return Status.HOLDS if name else Status.BAD_INPUT
    if name == "--version":
        with printing() as stream:
            stream.write(f"zabcheck {__version__}\n")
        return Status.HOLDS
    if name not in COMMANDS:
        what = "option" if name.startswith("-") else "command"
        complain(f"unknown {what} {name}{closest(name, COMMANDS)}; zabcheck --help lists them")
        return Status.BAD_INPUT
    module = import_module(f"zabcheck.cli.{name}")
    status: int = module.run(rest)
    return status
