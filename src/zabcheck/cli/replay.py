"""``zabcheck replay``: take a counterexample again, by the model and by servers with real files."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.rerun import rerun
from zabcheck.cli.arguments import Parser
from zabcheck.cli.counterexample import read_counterexample, scope_of
from zabcheck.cli.loading import load, shipped
from zabcheck.cli.output import destination, printing, write_json
from zabcheck.cli.status import Status, tell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zabcheck.checker.model import Model
    from zabcheck.checker.rerun import Rerun
    from zabcheck.implementation.reenacted import Reenactment
    from zabcheck.traces.outcome import Outcome

DESCRIPTION = """\
Take a counterexample again: the file that `zabcheck check MODEL --json FILE` writes. The steps are
taken in the model as it is now, and the property is decided anew. Of model zookeeper, an ensemble
in this process takes them as well, with real files, databases and bytes on the wire, and is
compared with the model after every step; it records what it does, and that is validated."""

EPILOG = """\
exit status: 0 it is no violation any more, 1 it is one again, 2 wrong usage or bad input,
             3 the servers do not do what the model does"""


def parser() -> Parser:
    """The options of the command."""
    made = Parser("replay", DESCRIPTION, EPILOG)
    made.add_argument("file", metavar="FILE", help="the JSON report of a check or a simulation")
    made.add_argument(
        "--model", metavar="FILE", help="the .py file, where the counterexample is of a model of your own"
    )
    made.add_argument(
        "--release", metavar="NAME", help="model zookeeper: take it with this release, without the bug"
    )
    made.add_argument(
        "--data", metavar="DIR", help="model zookeeper: keep what the servers write in this empty folder"
    )
    made.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - for standard output and no text"
    )
    made.add_argument("--quiet", action="store_true", help="print nothing but mistakes")
    return made


def run(arguments: Sequence[str]) -> int:
    """Run the command."""
    parsed = parser().read(arguments)
    report = destination(parsed.json, "--json")
    written, trace = read_counterexample(Path(parsed.file))
    model = _model(parsed.file, written.model, parsed.model)
    has_servers = model is shipped()["zookeeper"]
    for option in ("data", "release"):
        if getattr(parsed, option) is not None and not has_servers:
            raise UsageError(f"--{option}: only model zookeeper has servers, not {model.name}")
    again = rerun(model, scope_of(written, model, parsed.release), trace)
    played: Reenactment | None = None
    outcome: Outcome | None = None
    if has_servers and _can_act(again.evaluator.scope, parsed.data):
        from zabcheck.implementation.reenactment import reenact

        with _folder(parsed.data) as folder:
            played = reenact(again.evaluator, again.path, again.states, folder)
            outcome = _validated(folder)
    from zabcheck.reports.console import console_for
    from zabcheck.reports.replay import replay_document, show_replay

    write_json(report, replay_document(again.result, played, outcome, parsed.data))
    if not parsed.quiet and not (report and report.is_standard_output):
        with printing() as stream:
            show_replay(console_for(stream), again.result, played, outcome, parsed.data)
    return _status(again, played)


def _model(file: str, name: str, path: str | None) -> Model[Any]:
    """The model that a file speaks of."""
    if path is not None:
        model = load(path)
        if model.name != name:
            raise UsageError(f"--model: {path} makes model {model.name}, the counterexample is of {name}")
        return model
    if name not in shipped():
        raise UsageError(
            f"{file} is of model {name}, which does not come with zabcheck: name its file with --model"
        )
    return load(name)


def _can_act(scope: Any, data: str | None) -> bool:
    """Whether servers can take the run; says why, if they cannot."""
    from zabcheck.implementation.reenactment import obstacle

    if why := obstacle(scope):
        if data is not None:
            raise UsageError(f"--data: no servers take this run: {why}")
        tell(f"zabcheck: no servers take this run: {why}")
    return not why


@contextmanager
def _folder(name: str | None) -> Iterator[Path]:
    """Where the servers write: a folder that is kept, or one that is gone afterwards."""
    if name is None:
        with tempfile.TemporaryDirectory(prefix="zabcheck-replay-") as temporary:
            yield Path(temporary)
        return
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        empty = not any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"--data: cannot use {name}: {error.strerror}") from error
    if not empty:
        raise UsageError(f"--data: {name} is not empty; take another folder, or remove it")
    try:
        yield folder
    except OSError as error:
        raise UsageError(f"--data: cannot write to {name}: {error.strerror}") from error


def _validated(folder: Path) -> Outcome:
    """What `zabcheck validate` says of what the servers left."""
    from zabcheck.traces.recording import open_recording
    from zabcheck.traces.validator import Validator

    whole = open_recording((str(folder),), None, None)
    validator = Validator(whole.members, list(whole.notes), whole.changed)
    validator.feed(whole.events())
    return validator.outcome()


def _status(again: Rerun, played: Reenactment | None) -> Status:
    if played is not None and not played.agrees:
        return Status.UNDECIDED
    return Status.VIOLATED if again.result.trace else Status.HOLDS
