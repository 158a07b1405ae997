"""The names of nodes (``PathUtils``)."""

from __future__ import annotations

import re

from zabcheck.implementation.errors import Code, RefusedError

SPECIAL = frozenset({"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"})
"""Nodes that are always there (``DataTree.isSpecialPath``)."""

_WRONG = re.compile("[\0-\x1f\x7f-\x9f\ud800-\uf8ff\ufff0-\uffff]|//|/$|/\\.\\.?(?:/|$)")


def check_path(path: str) -> None:
    """Refuse what is no path (``PathUtils.validatePath``)."""
    if path != "/" and (not path.startswith("/") or _WRONG.search(path)):
        raise RefusedError(Code.BAD_ARGUMENTS)


def parent_of(path: str) -> str:
    """The path of the parent."""
    return path.rpartition("/")[0] or "/"


def parent_for_create(path: str) -> str:
    """The parent of a node to be made, whose name may not be complete yet (``validatePathForCreate``)."""
    if "/" not in path or "\0" in path:
        raise RefusedError(Code.BAD_ARGUMENTS)
    return parent_of(path)


def parent_for_delete(path: str) -> str:
    """The parent of a node to be removed (``getParentPathAndValidate``)."""
    if path in SPECIAL:
        raise RefusedError(Code.BAD_ARGUMENTS)
    return parent_for_create(path)
