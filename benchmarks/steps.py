"""How many recorded steps of a model are validated in a second, with all of them observed and with some missing.

    make bench
    .venv/bin/python benchmarks/steps.py --steps 300 --walks 20

Random walks are written down with nothing seen of the states, then with what changed on the servers. The rates are
over all walks; those that were not decided within their limit are counted, and count with the time they took.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from random import Random
from typing import TYPE_CHECKING, Any

from zabcheck.checker import Limits, Model
from zabcheck.model.zab import Scope as ZabScope
from zabcheck.model.zab import model as zab
from zabcheck.model.zookeeper import Scope, model
from zabcheck.traces.steps import hide, record_walk
from zabcheck.traces.stepwise import validate_steps

if TYPE_CHECKING:
    from collections.abc import Callable

BOUNDS: dict[str, Any] = {"crashes": 2, "partitions": 1, "transactions": 1000, "epochs": 8}
SCOPES: dict[str, tuple[Model[Any], Any]] = {
    "zookeeper": (model, Scope(**BOUNDS)),
    "zookeeper, coarse": (model, Scope(grain="coarse", **BOUNDS)),
    "zookeeper, every notification": (model, Scope(election="fine", rounds=8, **BOUNDS)),
    "zab": (zab, ZabScope(timeouts=3, transactions=100, epochs=8, restarts=2)),
}
SEEN: dict[str, Callable[[str], bool]] = {
    "nothing": lambda _: False,
    "servers": lambda label: label.startswith("servers"),
}
SHARES = (0.0, 0.1, 0.3)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=60, help="how long the walks are")
    parser.add_argument("--walks", type=int, default=10, help="how many")
    parser.add_argument("--seconds", type=float, default=5, help="the limit for each")
    given = parser.parse_args()
    for name, (declared, scope) in SCOPES.items():
        for seen, observed in SEEN.items():
            for share in SHARES:
                verdicts: Counter[str] = Counter()
                steps, states, seconds = 0, 0, 0.0
                for seed in range(given.walks):
                    walk = record_walk(declared, scope, seed, given.steps, observed)
                    random = Random(seed)
                    events = hide(walk, {n for n in range(len(walk)) if random.random() < share})
                    began = time.perf_counter()
                    outcome = validate_steps(
                        declared, scope, events, Limits(seconds=given.seconds), properties=False
                    )
                    seconds += time.perf_counter() - began
                    steps += len(walk)
                    states += outcome.states
                    verdicts[outcome.verdict] += 1
                print(
                    f"{name:30} seen: {seen:8} {share:4.0%} missing {steps:6,} steps {states / steps:8.1f} states/step "
                    f"{steps / seconds:8,.0f} steps/s  {dict(verdicts)}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
