"""What ends a server, each in one line."""

from __future__ import annotations

from zabcheck.checker import UsageError


class InconsistentError(UsageError):
    """A server does not start from what is in its data directory."""
