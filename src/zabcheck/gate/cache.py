"""Results that were decided before, kept by everything that they depend on."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

import zabcheck
from zabcheck.checker.errors import UsageError
from zabcheck.cli.loading import is_path
from zabcheck.reports.destination import Destination

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zabcheck.gate.cells import Cell

SOURCES = ("*.py", "*.so", "*.json")


def key(cell: Cell, folder: Path) -> str:
    """A name for the question: the package, the command line, and every file that it names."""
    digest = hashlib.sha256(_package().encode())
    digest.update(json.dumps(cell.command).encode())
    named = [folder / word for word in cell.command[1:] if is_path(word) or (folder / word).exists()]
    for path in named:
        beside = path.parent.rglob("*.py") if path.suffix == ".py" else path.rglob("*")
        for file in [path, *sorted(beside)]:
            if file.is_file():
                digest.update(f"\0{file}\0".encode())
                digest.update(_content(file))
    return digest.hexdigest()


@cache
def _package() -> str:
    """A digest of all of this package."""
    root = Path(zabcheck.__file__).parent
    digest = hashlib.sha256(zabcheck.__version__.encode())
    for file in sorted(_sources(root)):
        digest.update(_content(file))
    return digest.hexdigest()


def _sources(root: Path) -> Iterator[Path]:
    """The files of the package; its folders may be links, which `rglob` does not follow."""
    for folder in (root, *(child for child in root.iterdir() if child.is_dir())):
        for pattern in SOURCES:
            yield from folder.resolve().rglob(pattern)


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error


def _place(name: str) -> Path:
    return Path(platformdirs.user_cache_dir("zabcheck")) / "gate" / f"{name}.json"


def known(name: str) -> dict[str, Any] | None:
    """The result that is kept under a name."""
    with suppress(OSError, ValueError):
        found: dict[str, Any] = json.loads(_place(name).read_bytes())
        return found
    return None


def keep(name: str, result: dict[str, Any]) -> None:
    """Keep a result; where that cannot be, it is asked again next time."""
    place = _place(name)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        needed = {part: result[part] for part in ("verdict", "properties", "reason")}
        Destination(str(place)).write(json.dumps(needed).encode())
