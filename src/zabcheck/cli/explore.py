"""``zabcheck explore``: go through a model, or a counterexample, in a browser."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

from zabcheck.checker.errors import UsageError
from zabcheck.cli.arguments import Parser
from zabcheck.cli.limits import add_seconds
from zabcheck.cli.loading import load, shipped
from zabcheck.cli.numbers import whole
from zabcheck.cli.question import add_question, question
from zabcheck.cli.status import Status, tell
from zabcheck.cli.written import read_result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zabcheck.explorer.server import Answers

DESCRIPTION = """\
Go through a model in a browser, step by step: what can be done in a state, what it changes, and
which properties are true there. The page is served on this machine alone. MODEL may also be a
result of check --json: then its counterexample, or its witness, is the run to go through. Or it is
a recording, as zabcheck validate takes it: then one goes through its events and the findings."""

EPILOG = """\
exit status: 0 ended by Ctrl-C or SIGTERM, 2 wrong usage, bad input, or a port that cannot be used"""

PORT = 8642
SECONDS = 10.0


def parser() -> Parser:
    """The options of the command, without those of any scope."""
    made = Parser("explore", DESCRIPTION, EPILOG)
    add_question(made)
    _add_port(made)
    made.add_argument(
        "--of", metavar="FILE", help="the .py file of the model that a result is of, if it is one of your own"
    )
    add_seconds(made.add_argument_group("limits (of each search for a state)"))
    return made


def _add_port(made: Parser) -> None:
    made.add_argument(
        "--port",
        type=whole(0, 65535),
        default=PORT,
        metavar="N",
        help=f"0 is any that is free (default {PORT})",
    )


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    made = parser()
    word = made.model_word(arguments)
    if word is not None and _is_recording(word):
        answers, port = _of_recording(arguments)
    else:
        answers, port = _of_model(made, word, arguments)
    return _serve(answers, port)


def _is_recording(word: str) -> bool:
    """Whether ``word`` is a file or folder of what servers wrote, rather than a model or a result."""
    return not word.endswith((".py", ".json")) and word not in shipped() and Path(word).exists()


def _of_model(made: Parser, word: str | None, arguments: Sequence[str]) -> tuple[Answers, int]:
    """The questions about a model, and the port that was asked for."""
    from zabcheck.checker.explorer import Explorer
    from zabcheck.explorer.questions import Questions

    result = read_result(Path(word)) if word is not None and word.endswith(".json") else None
    if result is None:
        model, parsed = made.for_model(arguments)
        if parsed.of:
            raise UsageError("--of goes with a result of check --json")
    else:
        model = load(made.parse_known_args(arguments)[0].of or result.model)
        parsed = made.given_model(model, [*result.options, *arguments])
    asked = question(model, parsed)
    for remark in asked.remarks:
        tell(f"zabcheck: {remark}")
    explorer = Explorer(model, asked.scope, asked.properties, asked.variants)
    start, root = (result.steps, explorer.walk.root_of(result.initial)) if result else ((), 0)
    if root is None:
        raise UsageError(
            f"{word}: the model has no initial state as in this result; it was of another version"
        )
    return Questions(explorer, asked.title, start, root, parsed.max_seconds or SECONDS), parsed.port


def _of_recording(arguments: Sequence[str]) -> tuple[Answers, int]:
    """The questions about a recording, and the port that was asked for."""
    from zabcheck.cli.validate import add_recording, validated
    from zabcheck.explorer.recorded import RecordedQuestions
    from zabcheck.traces.coverage import Coverage

    made = Parser("explore", DESCRIPTION, EPILOG)
    add_recording(made)
    _add_port(made)
    add_seconds(made.add_argument_group("limits"))
    made.set_defaults(max_memory=None)
    parsed = made.read(arguments)
    whole, outcome = validated(parsed, tuple(parsed.paths), Coverage())
    return RecordedQuestions(" ".join(parsed.paths), whole, outcome), parsed.port


def _serve(answers: Answers, port: int) -> Status:
    """Serve the page until somebody ends it."""
    from zabcheck.explorer.server import LOOPBACK, Server

    try:
        server = Server(answers, port)
    except OSError as error:
        raise UsageError(
            f"--port: cannot listen on {LOOPBACK}:{port}: {error.strerror}; --port 0 takes a free one"
        ) from error
    with server:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            tell(f"zabcheck: exploring on {server.address} (Ctrl-C ends)")
            server.serve_forever()
        except KeyboardInterrupt:
            answers.closing.set()
            tell("zabcheck: ended")
    return Status.HOLDS
