"""The modules that a model's meaning may come from: those beside it, and all that its own import, followed.

Statements are followed, not values: a number that is imported leaves no other trace. What is not followed is known
by its version: Python's library, other distributions, and this package's `checker`, which is looked at as a whole.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import sys
import sysconfig
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def modules_of(roots: set[str]) -> dict[str, str | None]:
    """The modules with their files, of a model whose functions are declared in the modules ``roots``."""
    files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
    found = {name: files.get(name) for name in roots} | _beside(roots, files)
    waiting = list(found)
    while waiting:
        for name in _imports(waiting.pop(), files):
            if name not in found and _is_followed(name, files[name], roots):
                found[name] = files[name]
                waiting.append(name)
    return found


def _beside(roots: set[str], files: dict[str, str | None]) -> dict[str, str | None]:
    """What is loaded and lies in the folders of the roots or below, however it was imported."""
    folders = tuple(str(Path(file).parent) + os.sep for name in roots if (file := files.get(name)))
    installed = tuple(folder for folder in _installed() if folder.startswith(folders))
    return {
        name: file
        for name, file in files.items()
        if file and file.startswith(folders) and not file.startswith(installed)
    }


def _installed() -> tuple[str, ...]:
    """The folders of Python and of what is installed beside it."""
    return tuple(path + os.sep for path in sysconfig.get_paths().values())


def _is_followed(name: str, file: str | None, roots: set[str]) -> bool:
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or name == __package__ or name.startswith(f"{__package__}."):
        return False
    is_own = any(root.partition(".")[0] == top for root in roots)
    return is_own or not (file or "").startswith(_installed())


def _imports(name: str, files: dict[str, str | None]) -> Iterator[str]:
    """The loaded modules that a module names in its import statements."""
    file = files.get(name)
    if file is None or not file.endswith(".py"):
        return
    with suppress(OSError, SyntaxError, ValueError):
        for level, words in _statements(Path(file).read_bytes()):
            for word in words:
                with suppress(ImportError):
                    package = getattr(sys.modules[name], "__package__", None)
                    named = importlib.util.resolve_name("." * level + word, package)
                    if named in files and not _is_folder(named, files):
                        yield named


def _is_folder(name: str, files: dict[str, str | None]) -> bool:
    """Whether a package is a folder and nothing else: there is no code in it."""
    return files[name] is None and hasattr(sys.modules.get(name), "__path__")


@cache
def _statements(source: bytes) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """For each import statement, how many dots are in front, and every module that it may name."""
    found: list[tuple[int, tuple[str, ...]]] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            inside = [f"{module}.{alias.name}".lstrip(".") for alias in node.names]
            found.append((node.level, (module, *inside)))
        elif isinstance(node, ast.Import):
            parts = [alias.name.split(".") for alias in node.names]
            found.append((0, tuple(".".join(p[: n + 1]) for p in parts for n in range(len(p)))))
    return tuple(found)
