"""How much of what is wrong in a recording the validator finds, and what it finds wrong in legal ones: nothing.

    make bench                                                 # one mutant of each class and recording
    .venv/bin/python benchmarks/recall.py --seeds 10           # ten
    .venv/bin/python benchmarks/recall.py --only log wire      # of some kinds of evidence

Each class of mutations has its own argument why what it makes can, or cannot, be a recording of a correct ensemble.
The recordings are those of the tests: genuine runs of ZooKeeper 3.8.0 under faults.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.traces.mutations import MUTATIONS, Mutation, mutant, unpacked

KINDS = ("log", "disk", "client", "wire", "event")


def measure(mutation: Mutation, recordings: list[Path], seeds: int, scratch: Path) -> Counter[str]:
    """The verdicts on all mutants of a class."""
    verdicts: Counter[str] = Counter()
    for recording in recordings:
        for seed in range(seeds):
            if (made := mutant(recording, mutation, seed, scratch)) is not None:
                verdicts[made.verdict] += 1
    return verdicts


def show(mutation: Mutation, verdicts: Counter[str]) -> None:
    """Print a row."""
    counts = " ".join(f"{verdicts[name]:5}" for name in ("violates", "inconclusive", "conforms"))
    print(f"{mutation.kind:6} {mutation.name:45} {verdicts.total():5} {counts}  {mutation.why}", flush=True)
    if mutation.missed and verdicts["violates"] < verdicts.total():
        print(f"{'':77} not found: {mutation.missed}")


def main() -> None:
    """Make the mutants, validate them, and add up."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="mutants of each class and recording")
    parser.add_argument("--only", nargs="+", choices=KINDS, default=KINDS, help="kinds of evidence")
    given = parser.parse_args()
    begun = time.monotonic()
    totals: dict[tuple[bool, str], Counter[str]] = {}
    with tempfile.TemporaryDirectory() as name:
        recordings = unpacked(Path(name) / "recordings")
        for legal in (False, True):
            print("\nlegal changes" if legal else "changes that no correct ensemble makes")
            print(f"{'class':52} made reject undec accept  argument")
            for mutation in MUTATIONS:
                if mutation.legal == legal and mutation.kind in given.only:
                    verdicts = measure(mutation, recordings, given.seeds, Path(name) / "scratch")
                    totals.setdefault((legal, mutation.kind), Counter()).update(verdicts)
                    show(mutation, verdicts)
    print("\ntotal                    made  rejected  undecided  accepted")
    for (legal, kind), verdicts in totals.items():
        row = f"{'legal' if legal else 'wrong'}, {kind}"
        rate = "" if legal else f"   recall {verdicts['violates'] / max(verdicts.total(), 1):.1%}"
        print(
            f"{row:22} {verdicts.total():6} {verdicts['violates']:9} {verdicts['inconclusive']:10} "
            f"{verdicts['conforms']:9}{rate}"
        )
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
