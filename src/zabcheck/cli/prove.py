"""``zabcheck prove``: the safety of abstract ZAB, for any number of servers, epochs and transactions."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.arguments import Parser
from zabcheck.cli.guess import require_known
from zabcheck.cli.interruption import Interruption
from zabcheck.cli.numbers import seconds, whole
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.status import Status

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

    from zabcheck.checker.proof.result import Judged
    from zabcheck.checker.proof.theory import Mutant, Theory

DESCRIPTION = """\
Have z3 prove that an invariant of abstract ZAB holds initially, is kept by every transition, and
implies the guarantees, without bounds on servers, quorums, epochs or transactions."""

EPILOG = """\
exit status: 0 all that was asked for is proved, 1 something is refuted, 2 wrong usage,
             3 something is unknown: z3 gave up or was interrupted"""

_STATUS = {"proved": Status.HOLDS, "refuted": Status.VIOLATED, "unknown": Status.UNDECIDED}


def parser() -> Parser:
    """The options of the command."""
    made = Parser("prove", DESCRIPTION, EPILOG)
    made.add_argument(
        "--obligation",
        action="append",
        default=[],
        metavar="NAME",
        help="only these: a stage, a claim, or stage/claim",
    )
    made.add_argument(
        "--mutant", metavar="NAME", help="put a mistake into the protocol (--mutants lists them)"
    )
    made.add_argument("--mutants", action="store_true", help="list the mistakes there are, and prove nothing")
    made.add_argument(
        "--servers",
        type=whole(1, 9),
        metavar="N",
        help="only ensembles of at most N servers; by default any number",
    )
    made.add_argument(
        "--obligation-seconds",
        type=seconds,
        default=20.0,
        metavar="S",
        help="the most for each obligation (20)",
    )
    made.add_argument("--seed", type=whole(0, 2**31), default=0, metavar="S", help="the first seed of z3 (0)")
    made.add_argument(
        "--smtlib",
        metavar="DIR",
        help="write each obligation as SMT-LIB into this new or empty folder; prove nothing",
    )
    made.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    made.add_argument("--quiet", action="store_true", help="no line for each transition")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    from zabcheck.model.abstract import MUTANTS, THEORY

    if parsed.mutants:
        _list_mutants(MUTANTS.values())
        return Status.HOLDS
    mutant: Mutant | None = None
    if parsed.mutant is not None:
        require_known(parsed.mutant, MUTANTS, "mutant", "abstract ZAB")
        mutant = MUTANTS[parsed.mutant]
    theory = mutant.apply(THEORY) if mutant else THEORY
    if parsed.smtlib is not None:
        return _export(theory, tuple(parsed.obligation), Path(parsed.smtlib))
    return _prove(parsed, theory, mutant)


def _list_mutants(mutants: Iterable[Mutant]) -> None:
    from zabcheck.cli.listing import print_listing

    print_listing(
        (m.name, f"violates {m.refutes}" if m.refutes else "harmless: proved", (m.sentence, m.source))
        for m in mutants
    )


def _prove(parsed: argparse.Namespace, theory: Theory, mutant: Mutant | None) -> Status:
    report = destination(parsed.json, "--json")
    from zabcheck.checker.proof.finite import replayed
    from zabcheck.checker.proof.proving import Effort, prove
    from zabcheck.model.abstract import individuals, start_of
    from zabcheck.reports.console import console_for
    from zabcheck.reports.proof import Stages, show_proof
    from zabcheck.reports.proof_json import proof_document

    silent = report is not None and report.is_standard_output
    effort = Effort(parsed.obligation_seconds, parsed.seed, parsed.servers)
    with Interruption(quiet=parsed.quiet) as interruption:
        stages = Stages(console_for(sys.stderr if silent else sys.stdout))

        def listener(judged: Judged) -> None:
            if not (silent or parsed.quiet):
                with printing():
                    stages.add(judged)

        result = prove(
            theory, tuple(parsed.obligation), effort, interruption.listening(listener), individuals
        )
        with printing():
            stages.finish()
    if mutant:
        replay = replayed(theory, start_of(theory, mutant), mutant.script) if mutant.script else None
        result = replace(result, mutant=mutant.name, mutant_sentence=mutant.sentence, replay=replay)
    write_json(report, proof_document(result))
    if not silent:
        with printing() as stream:
            show_proof(console_for(stream), result)
    return _STATUS[result.verdict]


def _export(theory: Theory, names: tuple[str, ...], folder: Path) -> Status:
    """Write obligations as SMT-LIB; a folder that has something in it is left as it is."""
    from zabcheck.checker.proof.proving import chosen
    from zabcheck.checker.proof.smtlib import file_name, script
    from zabcheck.checker.proof.solving import Language

    todo = chosen(theory, names)
    try:
        folder.mkdir(exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"--smtlib: {folder} is not empty: name a new folder")
        language = Language(theory)
        for number, obligation in enumerate(todo, start=1):
            text = script(language, obligation)
            (folder / file_name(number, obligation)).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--smtlib: cannot write {folder}: {error.strerror or error}") from error
    with printing() as stream:
        stream.write(f"{len(todo):,} obligations in {folder}; each is proved if a solver answers unsat\n")
    return Status.HOLDS
