"""Which server has which address: what a configuration says, and what the servers tell each other.

The servers' notifications carry their configuration, and who opens an election connection says its sid. So a capture
that contains an election names its servers itself. What is told twice and differently is not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from zabcheck.traces.capture import normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zabcheck.traces.capture import Endpoint

_LINE = re.compile(r"server\.(\d{1,18})\s*=\s*(\S+)", re.ASCII)
_ADDRESS = re.compile(r"(\[[^]]*\]|[^:|;]+):(\d{1,5}):(\d{1,5})", re.ASCII)
MOST = 4096
"""How many addresses are learned, at most."""


@dataclass
class _Names:
    """Sids by address; ``None`` for an address of several servers."""

    exact: dict[Endpoint, int | None] = field(default_factory=dict)
    hosts: dict[str, int | None] = field(default_factory=dict)

    def add(self, host: str, port: int | None, sid: int) -> None:
        if len(self.hosts) < MOST and len(self.exact) < MOST:
            if port is not None:
                self.exact[host, port] = sid if self.exact.get((host, port), sid) == sid else None
            self.hosts[host] = sid if self.hosts.get(host, sid) == sid else None

    def sid(self, endpoint: Endpoint) -> int | None:
        return self.exact[endpoint] if endpoint in self.exact else self.hosts.get(endpoint[0])

    def __contains__(self, endpoint: Endpoint) -> bool:
        return endpoint in self.exact or endpoint[0] in self.hosts


class Addresses:
    """All that is known. ``given`` has addresses with ports, or hosts alone."""

    def __init__(self, given: Mapping[Endpoint | str, int]) -> None:
        self._given, self._configured, self._seen = _Names(), _Names(), _Names()
        self._texts: set[str] = set()
        for address, sid in given.items():
            host, port = (address, None) if isinstance(address, str) else address
            self._given.add(normal(host), port, sid)

    def sid(self, endpoint: Endpoint) -> int | None:
        """The server at an address, also if the port is not one it listens on."""
        for names in (self._given, self._configured, self._seen):
            if endpoint in names:
                return names.sid(endpoint)
        return None

    def learn_configuration(self, text: str) -> None:
        """Take the addresses from lines ``server.N=host:port:port``; names of hosts are of no use here."""
        if text in self._texts or len(self._texts) > 64:
            return
        self._texts.add(text)
        for number, value in _LINE.findall(text):
            for host, *ports in _ADDRESS.findall(value.partition(";")[0]):
                if _is_address(host):
                    for port in ports:
                        self._configured.add(normal(host), int(port), int(number))

    def learn_sender(self, host: str, sid: int) -> None:
        """A server speaks from this host. On an address of the machine itself, others may too."""
        if host not in ("127.0.0.1", "::1"):
            self._seen.add(host, None, sid)


def _is_address(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
