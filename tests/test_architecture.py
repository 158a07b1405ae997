"""Who may import whom: the layers of the house, and which library each may use."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
VOCABULARY = {f"zabcheck.checker{name}" for name in ("", ".model", ".values", ".vocabulary")} | {
    f"zabcheck.checker.proof.{name}" for name in ("formula", "theory", "finite")
}

ALLOWED = {
    "model": {"zabcheck.model", *VOCABULARY},
    "checker": {"zabcheck.checker", "platformdirs", "networkx", "z3", "hypothesis"},
    "traces": {
        "zabcheck.traces",
        "zabcheck.model",
        "zabcheck.checker",
        "msgspec",
        "dpkt",
        "networkx",
        "_typeshed",
    },
    "implementation": {
        "zabcheck.implementation",
        "zabcheck.model",
        "zabcheck.traces",
        "zabcheck.checker",
        "_typeshed",
    },
    "reports": {
        "zabcheck.reports",
        "zabcheck.checker.result",
        "zabcheck.implementation.reenacted",
        "zabcheck.checker.proof.result",
        "zabcheck.traces.ensemble",
        "zabcheck.traces.event",
        "zabcheck.traces.finding",
        "zabcheck.traces.outcome",
        "msgspec",
        "zabcheck.model.quorums",
        "rich",
        "jinja2",
        "networkx",
        "markupsafe",
    },
    "src/zabcheck/cli": {
        "zabcheck.cli",
        "zabcheck.explorer",
        "zabcheck.gate",
        "zabcheck.model",
        "zabcheck.checker",
        "zabcheck.traces",
        "zabcheck.implementation",
        "zabcheck.reports",
        "rich",
        "prompt_toolkit",
        "_typeshed",
    },
    "src/zabcheck/gate": {
        "zabcheck.gate",
        "zabcheck.checker",
        "zabcheck.cli",
        "zabcheck.reports",
        "platformdirs",
    },
    "src/zabcheck/explorer": {
        "zabcheck.explorer",
        "zabcheck.checker",
        "zabcheck.traces",
        "zabcheck.reports",
    },
    "src/zabcheck/testing": {
        "zabcheck.testing",
        "zabcheck.checker",
        "zabcheck.traces",
        "zabcheck.reports",
        "zabcheck.cli",
        "pytest",
        "rich",
    },
}
"""For each folder, the packages and modules that it may import besides the standard library."""

ALONE = VOCABULARY | {"zabcheck.checker.result", "zabcheck.checker.proof.result"}
"""Modules that do not stand for what is below them; `checker` and what is above it get the whole package."""


def imported(path: Path) -> list[tuple[int, str]]:
    """Every module that a file imports, anywhere in it, with the line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found += [
                (node.lineno, f"{module}.{alias.name}" if is_module(f"{module}.{alias.name}") else module)
                for alias in node.names
            ]
    return found


def is_module(name: str) -> bool:
    """Whether ``name`` is one of our modules rather than something inside one."""
    path = ROOT / "src" / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").exists() or name == "zabcheck.checker._core"


def may_import(folder: str, module: str) -> bool:
    if module.partition(".")[0] in sys.stdlib_module_names or module == "zabcheck":
        return True
    return any(
        module == name
        or (module.startswith(f"{name}.") and not (folder in ("model", "reports") and name in ALONE))
        for name in ALLOWED[folder]
    )


@pytest.mark.parametrize("folder", ALLOWED)
def test_imports(folder: str) -> None:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {folder} may not import {module}"
        for path in files
        for line, module in imported(path)
        if not may_import(folder, module)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("folder", "module", "allowed"),
    [
        ("model", "zabcheck.checker", True),
        ("model", "zabcheck.checker.vocabulary", True),
        ("model", "zabcheck.checker.search", False),
        ("model", "zabcheck.checker.proof.formula", True),
        ("model", "zabcheck.checker.proof.solving", False),
        ("model", "zabcheck.model.zab.state", True),
        ("model", "rich", False),
        ("checker", "zabcheck.model", False),
        ("checker", "zabcheck.reports.json", False),
        ("checker", "zabcheck.checker.search", True),
        ("reports", "zabcheck.checker.result", True),
        ("reports", "zabcheck.traces.ensemble", True),
        ("reports", "zabcheck.traces.zoo_cfg", False),
        ("reports", "zabcheck.checker", False),
        ("reports", "zabcheck.checker.model", False),
        ("reports", "rich.text", True),
        ("traces", "zabcheck.reports", False),
        ("src/zabcheck/cli", "zabcheck.checker.search", True),
    ],
)
def test_the_rules_can_fail(folder: str, module: str, allowed: bool) -> None:  # noqa: FBT001 - a column of the table
    assert may_import(folder, module) is allowed
