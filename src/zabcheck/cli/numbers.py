"""Numbers as people type them, checked."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from dataclasses import dataclass

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
LARGEST = 2**62
"""Beyond this, a number of anything is a typing mistake."""
MEMORY = r"([0-9]{1,18}(?:\.[0-9]{1,6})?) ?([KMGTkmgt]?)(?:[iI]?[bB])?"
"""An amount of memory: a number and a unit."""


@dataclass(frozen=True)
class whole:  # noqa: N801 - a parser like the others here, which can tell its bounds
    """A parser of whole numbers between two bounds."""

    minimum: int
    maximum: int = LARGEST

    def __call__(self, text: str) -> int:
        """The number that a text is."""
        if re.fullmatch(r"[+-]?[0-9]{1,20}", text) and self.minimum <= (number := int(text)) <= self.maximum:
            return number
        most = "" if self.maximum == LARGEST else f" and at most {self.maximum}"
        raise ArgumentTypeError(f"expected a whole number, at least {self.minimum}{most}, not {text!r}")


def seconds(text: str) -> float:
    """A positive number of seconds."""
    if re.fullmatch(r"[0-9]{0,12}(\.[0-9]{0,9})?", text) and text.strip(".") and (number := float(text)) > 0:
        return number
    raise ArgumentTypeError(f"expected a number of seconds, such as 90 or 0.5, not {text!r}")


def memory(text: str) -> int:
    """An amount of memory in bytes, from ``4G``, ``512M`` or ``1.5GiB``."""
    match = re.fullmatch(MEMORY, text)
    if match and 0 < (number := int(float(match[1]) * _UNITS[match[2].upper()])) <= LARGEST:
        return number
    raise ArgumentTypeError(f"expected an amount of memory, such as 4G or 512M, not {text!r}")
