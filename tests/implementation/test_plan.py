"""The configurations of an ensemble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.implementation import plan as plans
from zabcheck.implementation.plan import Plan, free_ports
from zabcheck.traces import zoo_cfg

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_no_port_is_given_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = free_ports(60)[0]
    monkeypatch.setattr(plans, "PORTS", (first, first + 41))  # of three places, one is the clients'
    for attempt in range(20):
        plan = Plan(tmp_path / str(attempt), 5, client_port=first + 22)
        plan.write()
        given = [plan.port(sid) for sid in plan.sids]
        for sid in plan.sids:
            own = zoo_cfg.read(plan.home(sid) / "zoo.cfg").endpoints[sid]
            given += [own.quorum_port, own.election_port]
        given += [
            port for route in plan.routes() for port in (route.relay.quorum_port, route.relay.election_port)
        ]
        assert len(set(given)) == len(given) == 5 * 5
