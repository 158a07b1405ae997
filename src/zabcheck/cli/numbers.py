"""Numbers as people type them, checked."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
LARGEST = 2**62
"""Beyond this, a number of anything is a typing mistake."""


def whole(minimum: int, maximum: int = LARGEST) -> Callable[[str], int]:
    """A parser of whole numbers between two bounds."""

    def parse(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,20}", text) and minimum <= (number := int(text)) <= maximum:
            return number
        most = "" if maximum == LARGEST else f" and at most {maximum}"
        raise ArgumentTypeError(f"expected a whole number, at least {minimum}{most}, not {text!r}")

    return parse


def seconds(text: str) -> float:
    """A positive number of seconds."""
    if re.fullmatch(r"[0-9]{0,12}(\.[0-9]{0,9})?", text) and text.strip(".") and (number := float(text)) > 0:
        return number
    raise ArgumentTypeError(f"expected a number of seconds, such as 90 or 0.5, not {text!r}")


def memory(text: str) -> int:
    """An amount of memory in bytes, from ``4G``, ``512M`` or ``1.5GiB``."""
    match = re.fullmatch(r"([0-9]{1,18}(?:\.[0-9]{1,6})?) ?([KMGT]?)(?:i?B)?", text, re.IGNORECASE)
    if match and 0 < (number := int(float(match[1]) * _UNITS[match[2].upper()])) <= LARGEST:
        return number
    raise ArgumentTypeError(f"expected an amount of memory, such as 4G or 512M, not {text!r}")
