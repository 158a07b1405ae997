"""How long a click takes in `zabcheck explore`: the answer over HTTP, and the diagram that comes after it.

    .venv/bin/python benchmarks/clicks.py --walks 20 --steps 60

Random walks in the default scopes; each step is a click, and each place is new to the explorer.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import threading
import time
from random import Random
from typing import Any

from zabcheck.checker.explorer import Explorer
from zabcheck.explorer.questions import Questions
from zabcheck.explorer.server import LOOPBACK, Server
from zabcheck.model import models

JSON = {"Content-Type": "application/json"}


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--walks", type=int, default=20, help="how many")
    parser.add_argument("--steps", type=int, default=60, help="how long each is, at most")
    given = parser.parse_args()
    for name, model in models().items():
        with Server(Questions(Explorer(model, model.scope()), name), 0) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
            connection = http.client.HTTPConnection(LOOPBACK, server.server_port)
            places, diagrams = walked(connection, given.walks, given.steps)
            connection.close()
            server.shutdown()
        print(f"{name:10} {len(places):5} clicks: {told(places)}; diagrams: {told(diagrams)}", flush=True)


def walked(connection: http.client.HTTPConnection, walks: int, steps: int) -> tuple[list[float], list[float]]:
    """The seconds that each answer took."""
    places, diagrams = [], []
    for seed in range(walks):
        random, path = Random(seed), list[str]()
        for _ in range(steps):
            place, seconds = asked(connection, "place", path)
            places.append(seconds)
            diagrams.append(asked(connection, "diagram", path)[1])
            if not place["enabled"]:
                break
            path.append(random.choice(place["enabled"])["name"])
    return places, diagrams


def asked(connection: http.client.HTTPConnection, question: str, path: list[str]) -> tuple[Any, float]:
    """An answer, and how many seconds it took."""
    body = json.dumps({"root": 0, "path": path})
    began = time.perf_counter()
    connection.request("POST", f"/api/{question}", body, JSON)
    answer = connection.getresponse().read()
    return json.loads(answer), time.perf_counter() - began


def told(seconds: list[float]) -> str:
    """The median and the worst."""
    return f"median {statistics.median(seconds) * 1000:.1f} ms, worst {max(seconds) * 1000:.1f} ms"


if __name__ == "__main__":
    main()
