"""What outlives a run: learned tables in the user's cache, and checkpoints where the user wants them.

Both are keyed by everything that decides what a model means: its source files, the scope, the properties, the
versions of Python and of this package. A file that does not fit its key is not used (tables) or refused
(checkpoints). Values are pickled; only classes of the model's own modules are ever loaded back.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import pickle
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import FunctionType
from typing import IO, TYPE_CHECKING, Any

from zabcheck.checker.errors import CheckpointError
from zabcheck.checker.sources import modules_of
from zabcheck.checker.values import Id, render, unfit

if TYPE_CHECKING:
    from collections.abc import Callable

    from zabcheck.checker._core import Core
    from zabcheck.checker.search import Problem

MAGIC = b"zabcheck checkpoint 1\n"
KEPT_TABLES = 64
"""How many files of learned tables the cache holds; the oldest go first."""

PIECE = 1 << 22


def _functions(problem: Problem) -> list[Callable[..., Any]]:
    """Every function that the model was built from."""
    model = problem.model
    declared = [*model.transitions.values(), *model.properties.values()]
    functions = [d.function for d in declared] + [d.over for d in declared if d.over]
    functions += [p.when for p in model.properties.values() if p.when]
    return functions + [f for f in (model._initial, model._identities) if f]  # noqa: SLF001 - same package


def _own_modules(problem: Problem) -> dict[str, str | None]:
    """The modules that the model's meaning may come from, with their files."""
    return modules_of({f.__module__ for f in _functions(problem)} | {problem.model.scope.__module__})


def _contents(function: Callable[..., Any]) -> list[Any]:
    """What a function carries besides its module: values in its closure and defaults."""
    cells = getattr(function, "__closure__", None) or ()
    return [*(cell.cell_contents for cell in cells), *(getattr(function, "__defaults__", None) or ())]


def _in_file(function: Callable[..., Any]) -> bool:
    """Whether the source file of its module has all that ``function`` is, but for values in a closure."""
    code = getattr(function, "__code__", None)
    file = getattr(sys.modules.get(function.__module__), "__file__", None) if code else None
    return code is not None and code.co_filename == file and not hasattr(function, "__self__")


def _is_plain(value: Any) -> bool:
    """Whether the text that `render` gives for ``value``, or its name in a source file, says all about it."""
    if isinstance(value, (type, FunctionType)):
        return "<" not in value.__qualname__
    return unfit(value) is None


def key(problem: Problem, permutations: int) -> tuple[str, bool]:
    """A digest of everything that what is learned depends on, and whether it is known to be everything.

    It is not when functions were made at run time or without a source file: then nothing is kept between runs. The
    order in which Python goes through sets is part of it, since functions may depend on that.
    """
    digest = hashlib.sha256()
    parts = [sys.version, str(hash("set order")), problem.model.name, repr(problem.scope), str(permutations)]
    parts += [str(problem.variants), *(prop.name for prop in problem.selection.checked)]
    modules = _own_modules(problem)
    whole = all(modules.values())
    files = {file for file in modules.values() if file} | {
        str(path) for path in Path(__file__).parent.rglob("*.py")
    }
    for file in sorted(files):
        with suppress(OSError):
            parts.append(hashlib.sha256(Path(file).read_bytes()).hexdigest())
    for function in _functions(problem):
        contents = _contents(function)
        whole = whole and _in_file(function) and all(map(_is_plain, contents))
        parts += [repr(getattr(function, "__qualname__", "")), *map(render, contents)]
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest(), whole


class _Unpickler(pickle.Unpickler):
    """Loads values of the model's own classes and nothing else."""

    def __init__(self, file: IO[bytes], modules: set[str]) -> None:
        super().__init__(file)
        self._modules = modules

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _member
        if module in self._modules or (module, name) == ("zabcheck.checker.values", "Id"):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module and _holds_values(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not a class of the model")


def _holds_values(cls: type) -> bool:
    """Whether the instances of a class are values: making one runs no code but the model's own."""
    return issubclass(cls, (Enum, Id)) or dataclasses.is_dataclass(cls)


def _member(owner: Any, name: str) -> Any:
    """``getattr`` for enum members only, which is how they may be pickled."""
    if not (isinstance(owner, type) and issubclass(owner, Enum)):
        raise pickle.UnpicklingError(f"{owner!r} is not an enum")
    return owner[name]


def _replace(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file beside ``path`` and put it in its place when it is whole."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w+b") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


# -- learned tables --


@dataclass(frozen=True)
class Tables:
    """What an earlier run of the same problem learned, and how many states it found."""

    journal: list[tuple[Any, ...]]
    states: int


def _cache_folder() -> Path:
    import platformdirs  # noqa: PLC0415 - only where the cache is used

    return Path(platformdirs.user_cache_dir("zabcheck")) / "tables"


def load_tables(problem: Problem, digest: str) -> Tables | None:
    """The tables kept for this key, or ``None``: what cannot be used is as good as absent."""
    try:
        raw = (_cache_folder() / digest).read_bytes()
        if hashlib.sha256(raw[32:]).digest() != raw[:32]:
            return None
        journal, states = _Unpickler(io.BytesIO(raw[32:]), set(_own_modules(problem))).load()
    except (OSError, pickle.UnpicklingError, EOFError, AttributeError, ImportError, ValueError, TypeError):
        return None
    return Tables(journal, states)


def store_tables(digest: str, journal: list[tuple[Any, ...]], states: int) -> None:
    """Keep what was learned for the next run. A cache that cannot be written is no reason to fail."""
    with suppress(OSError, pickle.PicklingError, AttributeError):
        folder = _cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        raw = pickle.dumps((journal, states), protocol=5)
        _replace(folder / digest, lambda file: _write_all(file, hashlib.sha256(raw).digest() + raw))
        kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in kept[KEPT_TABLES:]:
            path.unlink()


def _write_all(file: IO[bytes], data: bytes) -> None:
    file.write(data)


# -- checkpoints --


def write_checkpoint(path: Path, digest: str, core: Core, progress: dict[str, Any]) -> None:
    """Save a search between two phases, all of it, to ``path``."""

    def write(file: IO[bytes]) -> None:
        blocks, rest, following = core.dump()
        file.write(MAGIC)
        header_at = file.tell()
        file.write(bytes(8))
        file.flush()
        layout = core.write_keys(file.fileno())
        file.seek(0, os.SEEK_END)
        meta_at = file.tell()
        statistics = core.statistics()
        pickle.dump(
            {
                "key": digest,
                "blocks": blocks,
                "rest": rest,
                "following": following,
                "layout": layout,
                "words": statistics["words"],
                "states": statistics["states"],
                **progress,
            },
            file,
            protocol=5,
        )
        end = file.tell()
        file.seek(header_at)
        file.write(meta_at.to_bytes(8, "little"))
        file.write(b"")
        file.flush()
        file.seek(0)
        check = _digest(file, end)
        file.seek(end)
        file.write(check)

    try:
        _replace(path, write)
    except OSError as error:
        raise CheckpointError(f"cannot write the checkpoint {path}: {error.strerror}") from error


def _digest(file: IO[bytes], size: int) -> bytes:
    digest = hashlib.blake2b(digest_size=32)
    while size:
        piece = file.read(min(PIECE, size))
        if not piece:
            break
        digest.update(piece)
        size -= len(piece)
    return digest.digest()


class Checkpoint:
    """A checkpoint that has been read and found whole."""

    def __init__(self, path: Path, problem: Problem, digest: str) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                size = file.seek(0, os.SEEK_END) - 32
                file.seek(0)
                if file.read(len(MAGIC)) != MAGIC or size < len(MAGIC) + 8:
                    raise CheckpointError(f"{path} is not a checkpoint of this version")
                self._meta_at = int.from_bytes(file.read(8), "little")
                file.seek(0)
                if _digest(file, size) != file.read(32):
                    raise CheckpointError(f"the checkpoint {path} is damaged; start the search anew")
                file.seek(self._meta_at)
                self.meta = self._load(file, problem, digest)
        except OSError as error:
            raise CheckpointError(f"cannot read the checkpoint {path}: {error.strerror}") from error

    def _load(self, file: IO[bytes], problem: Problem, digest: str) -> dict[str, Any]:
        other = CheckpointError(
            f"the checkpoint {self._path} is of another model, scope, set of properties or version; "
            "resume it with the options it was made with"
        )
        try:
            meta: dict[str, Any] = _Unpickler(file, set(_own_modules(problem))).load()
        except (
            pickle.UnpicklingError,
            EOFError,
            AttributeError,
            ImportError,
            ValueError,
            TypeError,
        ) as error:
            raise other from error
        if meta["key"] != digest or meta["store"] != problem.options.store:
            raise other
        return meta

    def load_into(self, core: Core, memory_limit: int) -> None:
        """Give a core, already taught, the search that was saved."""
        meta = self.meta
        try:
            core.load(
                meta["blocks"],
                meta["rest"],
                meta["following"],
                meta["layout"],
                meta["words"],
                meta["states"],
                memory_limit,
            )
            item = 8 * meta["words"]
            with self._path.open("rb") as file:
                at = file.seek(len(MAGIC) + 8)
                while at < self._meta_at:
                    piece = file.read(min(PIECE // item * item, self._meta_at - at))
                    core.load_keys(piece)
                    at += len(piece)
        except ValueError as error:
            raise CheckpointError(f"the checkpoint {self._path} cannot be resumed: {error}") from error
