"""The value of ``server.N``: addresses, ports and role of a server.

``host:port:port[:participant|observer]``, several of them with ``|`` between, then ``;[host:]port`` for clients and
once more for encrypted ones. Split and refused as ``QuorumPeer.QuorumServer`` does it, where ``;`` and ``:`` at the
end mean nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.traces.ensemble import Address, Server
from zabcheck.traces.java_properties import split

if TYPE_CHECKING:
    from zabcheck.traces.java_properties import Property

FORM = "host:port:port[:participant|observer][;[host:]port]"


def server(line: Property, sid: int) -> Server:
    """The server that a line describes."""
    addresses, *clients = split(line.value, ";") or [""]
    for client in clients if len(clients) == 2 else clients[:1]:
        _check_client(line, client)
    found = []
    roles: set[str] = set()
    for text in split(addresses, "|") or [""]:
        parts = _split_host(line, text)
        if len(parts) not in (3, 4):
            raise line.refusal(f"{line.value!r} has not the form {FORM}")
        address = Address(parts[0], _port(line, parts[1]), _port(line, parts[2]))
        if address.quorum_port == address.election_port:
            raise line.refusal(f"the two ports must differ, but both are {address.quorum_port}")
        found.append(address)
        roles.update(_role(line, part) for part in parts[3:])
    if len(roles) > 1:
        raise line.refusal("its addresses have different roles; give all of them the same")
    return Server(sid, tuple(found), is_observer=roles == {"observer"})


def _role(line: Property, text: str) -> str:
    role = text.strip().lower()
    if role not in ("observer", "participant"):
        raise line.refusal(f"unknown peer type {text!r}; it is participant or observer")
    return role


def _check_client(line: Property, text: str) -> None:
    """Refuse an address for clients that is none; an empty one is left out."""
    if text:
        parts = _split_host(line, text)
        if not 1 <= len(parts) <= 2:
            raise line.refusal(f"{text!r} is no address for clients; that is port or host:port")
        _port(line, parts[-1])


def _port(line: Property, text: str) -> int:
    port = line.integer(text, bits=32)
    if not 0 <= port <= 65535:
        raise line.refusal(f"there is no port {port}; it is between 0 and 65535")
    return port


def _split_host(line: Property, text: str) -> list[str]:
    """The parts between colons; an IPv6 address in brackets is one of them."""
    if not text.startswith("["):
        return split(text, ":")
    host, bracket, rest = text[1:].partition("]")
    if not bracket or len(rest) == 1:
        raise line.refusal(f"{text!r} begins with '[' but does not go on with ]:port")
    return [host, *split(rest[1:], ":")] if rest else [host]
