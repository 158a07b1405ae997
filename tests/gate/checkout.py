"""A copy of this repository, as somebody else would check it out."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_OF_IT = shutil.ignore_patterns(
    *(
        ".git",
        ".venv*",
        "build",
        "dist",
        "*.egg-info",
        "*.so",
        "__pycache__",
        ".*_cache",
        ".hypothesis",
        ".sanitize",
    )
)


def checked_out(folder: Path) -> Path:
    """The copy, made in ``folder``."""
    return shutil.copytree(ROOT, folder / "zabcheck", symlinks=True, ignore=NOT_OF_IT)
