"""The three ways things go wrong before there is a verdict.

A verdict (holds, violated, incomplete) is a result, never an exception. What is raised is a mistake of
the caller or of the model, and each message says what, where and what to do.
"""

from __future__ import annotations


class CheckerError(Exception):
    """Base of everything that this package raises on purpose."""


class UsageError(CheckerError):
    """What was asked makes no sense: an unknown name, an impossible scope, a file that cannot be read or written."""


class ContractError(CheckerError):
    """A model broke the rules that make exploring it meaningful.

    Attributes:
        where: ``file:line`` of the function or value at fault, or the model's name when there is no line.
        remedy: what the model's author should do, one sentence.
    """

    def __init__(self, what: str, *, where: str, remedy: str) -> None:
        super().__init__(f"{where}: {what} ({remedy})")
        self.where = where
        self.remedy = remedy


class CheckpointError(UsageError):
    """A checkpoint that is damaged, or of another model, scope or version."""
