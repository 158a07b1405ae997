"""The file of a counterexample, and the scope in which it was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import UsageError
from zabcheck.checker.model import options
from zabcheck.cli.arguments import make_scope
from zabcheck.cli.ensemble import takes_ensemble, with_ensemble
from zabcheck.cli.guess import require_known
from zabcheck.reports.written import read_back

if TYPE_CHECKING:
    from zabcheck.checker.model import Model
    from zabcheck.checker.result import Trace
    from zabcheck.reports.written import Written


def read_counterexample(path: Path) -> tuple[Written, Trace]:
    """The report in a file, and the counterexample that must be in it."""
    try:
        read = read_back(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: this is not what `zabcheck check --json FILE` writes: {error}") from error
    if read.counterexample is None:
        raise UsageError(f"{path}: there is no counterexample in it: nothing was violated")
    return read, read.counterexample


def scope_of(written: Written, model: Model[Any], release: str | None = None) -> Any:
    """The scope in which a run was found; with a ``release``, that one without the variants."""
    given = dict(written.scope)
    quorum = given.pop("quorum", None) if takes_ensemble(model) else None
    for name in given:
        require_known(name, [f.name for f in options(model.scope)], "scope option", f"model {model.name}")
    if release is not None:
        given["release"] = release
    scope = make_scope(model, given)
    if quorum is not None:
        from zabcheck.traces.zoo_cfg import read

        scope = with_ensemble(scope, read(Path(str(quorum))))
    for name in () if release else written.variants:
        require_known(name, model.variants, "variant", f"model {model.name}")
        scope = model.variants[name].apply(scope)
    return scope
