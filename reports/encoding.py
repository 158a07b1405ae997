"""Text for streams whose encoding lacks our characters: plain ones take their place."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

_PLAIN = str.maketrans(
    {
        "⟨": "<",
        "⟩": ">",
        "→": "->",
        "…": "...",
        "·": "-",
        "×": "x",
        "✓": "+",
        "✗": "x",
        **dict(zip("▁▂▃▄▅▆▇█", "..::||##", strict=True)),
    }
)


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_PLAIN)
    return text.encode("ascii", "replace").decode(), error.end


def forgive_encoding(stream: TextIO) -> None:
    """Let ``stream`` substitute characters it cannot encode instead of raising."""
    codecs.register_error("zabcheck-plain", _plain)
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="zabcheck-plain")
