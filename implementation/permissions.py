"""Who may do what: schemes of authentication, and permissions of nodes.

As ``ZooKeeperServer.checkACL``, ``PrepRequestProcessor.fixupACL`` and the providers of the schemes ``world``,
``ip`` and ``digest`` do it. Others need a set-up of their own and are refused as unknown schemes are.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha1
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from zabcheck.implementation.errors import Code, RefusedError
from zabcheck.implementation.operations import Permission
from zabcheck.traces.transactions import Acl

if TYPE_CHECKING:
    from collections.abc import Iterable

Identities = tuple[tuple[str, str], ...]
"""Scheme and identity, as whom a client is known."""

ANYONE = ("world", "anyone")
OPEN = (Acl(Permission.ALL, *ANYONE),)
"""Everybody may do everything."""

READABLE = (Acl(Permission.READ, *ANYONE),)
"""Everybody may read."""


def authenticate(scheme: str, secret: bytes | None, superuser: str = "") -> Identities:
    """Who a client shows to be; nobody if the scheme is not known (``DigestAuthenticationProvider``).

    ``superuser`` is the user and hash of who may do everything; empty if there is nobody.
    """
    if scheme != "digest" or secret is None:
        return ()
    user = secret.decode("utf-8", "replace").partition(":")[0]
    digest = f"{user}:{b64encode(sha1(secret, usedforsecurity=False).digest()).decode()}"
    return (("super", ""), ("digest", digest)) if digest == superuser else (("digest", digest),)


def allow(acl: Iterable[Acl], wanted: Permission, identities: Identities) -> bool:
    """Whether one of ``identities`` has one of the ``wanted`` permissions; without any entry, everybody has."""
    entries = tuple(acl)
    if not entries or any(scheme == "super" for scheme, _ in identities):
        return True
    return any(
        entry.permissions & wanted
        and (
            (entry.scheme, entry.identity) == ANYONE
            or any(
                scheme == entry.scheme and _matches(scheme, own, entry.identity) for scheme, own in identities
            )
        )
        for entry in entries
    )


def check(acl: Iterable[Acl], wanted: Permission, identities: Identities) -> None:
    """Refuse who has none of the ``wanted`` permissions."""
    if not allow(acl, wanted, identities):
        raise RefusedError(Code.NO_AUTH)


def settled(acl: Iterable[Acl], identities: Identities) -> tuple[Acl, ...]:
    """The permissions that a client gives to a node: each once, ``auth`` replaced by who it is itself."""
    found: list[Acl] = []
    for entry in dict.fromkeys(acl):
        if entry.scheme == "auth":
            own = [Acl(entry.permissions, *identity) for identity in identities if identity[0] == "digest"]
            if not own:
                raise RefusedError(Code.INVALID_ACL)
            found += own
        elif (entry.scheme, entry.identity) == ANYONE or _is_identity(entry.scheme, entry.identity):
            found.append(entry)
        else:
            raise RefusedError(Code.INVALID_ACL)
    if not found:
        raise RefusedError(Code.INVALID_ACL)
    return tuple(found)


def without_secrets(acl: Iterable[Acl]) -> tuple[Acl, ...]:
    """The permissions as those see them who may only read: without hashes of passwords."""
    return tuple(
        Acl(entry.permissions, entry.scheme, entry.identity.partition(":")[0] + ":x")
        if entry.scheme == "digest" and ":" in entry.identity
        else entry
        for entry in acl
    )


def _matches(scheme: str, own: str, wanted: str) -> bool:
    if scheme != "ip":
        return own == wanted
    try:
        return ip_address(own) in ip_network(wanted, strict=False)
    except ValueError:
        return False


def _is_identity(scheme: str, identity: str) -> bool:
    if scheme == "digest":
        return identity.count(":") == 1
    if scheme != "ip":
        return False
    try:
        ip_network(identity, strict=False)
    except ValueError:
        return False
    return True
