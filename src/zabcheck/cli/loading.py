"""Finding the model that a word means: a shipped one by name, or a user's file by path."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zabcheck.checker.errors import CheckerError, UsageError
from zabcheck.checker.model import Model
from zabcheck.cli.guess import closest

if TYPE_CHECKING:
    from types import CodeType


def shipped() -> dict[str, Model[Any]]:
    """The models that come with zabcheck, by name."""
    from zabcheck.model import models

    return models()


def is_path(word: str) -> bool:
    """Whether ``word`` means a file rather than a name."""
    return word.endswith(".py") or os.sep in word


def load(word: str) -> Model[Any]:
    """The model that ``word`` means."""
    if is_path(word):
        return load_file(Path(word))
    known = shipped()
    if word not in known:
        file = f"; for a file, type its path: ./{word}" if Path(word).exists() else ""
        guess = closest(word, known) if not file else ""
        raise UsageError(
            f"unknown model {word}{guess or file}; known are {', '.join(known)}, or the path of a .py file"
        )
    return known[word]


def load_file(path: Path) -> Model[Any]:
    """The one model that the file at ``path`` makes, or the one it calls ``model``."""
    return model_in(_imported(path), f"{path}:1")


def model_in(module: ModuleType, where: str) -> Model[Any]:
    """The one model that a module makes, or the one it calls ``model``; ``where`` that is, for who has to mend it."""
    found = {id(value): value for value in vars(module).values() if isinstance(value, Model)}
    if isinstance(named := vars(module).get("model"), Model):
        return named
    if not found:
        raise UsageError(
            f"{where}: there is no model in this file: it needs a module-level zabcheck.checker.Model"
        )
    if len(found) > 1:
        names = ", ".join(name for name, value in vars(module).items() if isinstance(value, Model))
        raise UsageError(
            f"{where}: there are several models in this file ({names}): call the one to check 'model'"
        )
    return next(iter(found.values()))


_CODE = "__zabcheck_code__"
"""Where a module keeps the code that it was made by, once that has run to the end."""


def _imported(path: Path) -> ModuleType:
    """The file at ``path``, run as a module whose own directory can be imported from."""
    code = _compiled(path)
    name = f"zabcheck_user_model_{path.stem}"
    known = sys.modules.get(name)
    if known and known.__file__ == str(path) and vars(known).get(_CODE) == code:
        return known  # as with any import: its classes stay the same ones
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses look their module up
    directory = str(path.parent.absolute())
    sys.path.insert(0, directory)
    try:
        exec(code, vars(module))  # noqa: S102 - running the user's model is the point
    except CheckerError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{_line_at_fault(error, path)}: importing it raised {_shown(error)}") from error
    finally:
        sys.path.remove(directory)
        sys.path.append(directory)  # for imports inside functions, but not in front of anybody else's modules
    vars(module)[_CODE] = code
    return module


def _compiled(path: Path) -> CodeType:
    try:
        source = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    try:
        return compile(source, str(path), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise UsageError(f"{path}:{error.lineno or 1}: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UsageError(f"{path}:1: this is not Python: {_shown(error)}") from error


def _line_at_fault(error: BaseException, path: Path) -> str:
    """``file:line`` of the innermost line of the user's file, or of another file that does not parse."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    return f"{path}:{lines[-1] if lines else 1}"


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
