"""Numbers as people read them: counts, sizes, durations, rates and tiny probabilities."""

from __future__ import annotations

import math

_BINARY = ("bytes", "KiB", "MiB", "GiB", "TiB")


def count(number: float, noun: str = "") -> str:
    """``12,345 states``; the noun gets an s unless there is exactly one."""
    shown = f"{number:,.0f}"
    if not noun:
        return shown
    plural = "ies" if noun.endswith("y") else noun[-1] + "s"
    return f"{shown} {noun if shown == '1' else noun[:-1] + plural}"


def rough(number: float) -> str:
    """Three digits and a unit, for numbers that move: ``1.23 M``."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= 0.9995 * size:
            return f"{_three_digits(number / size)} {unit}"
    return f"{number:.0f}"


def size(number: float) -> str:
    """Bytes in binary units: ``45.2 MiB``."""
    unit = 0
    while number >= 1023.5 and unit < len(_BINARY) - 1:
        number /= 1024
        unit += 1
    return f"{_three_digits(number) if unit else f'{number:.0f}'} {_BINARY[unit]}"


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3:05`` or ``1:02:03``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rate(number: float, seconds: float, noun: str) -> str:
    """How many per second; empty when there was too little time to tell."""
    return f"{rough(number / seconds)} {noun}/s" if seconds > 0.001 else ""


def probability_below(bound: float) -> str:
    """The next power of ten above a bound: ``1e-20``."""
    return f"1e{math.ceil(math.log10(bound))}"


def _three_digits(number: float) -> str:
    return f"{number:.0f}" if number >= 99.95 else f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
