"""Transactions as bytes, the same in a log and in a PROPOSAL: header, body, and the digest if there is one."""

from __future__ import annotations

from zabcheck.implementation.replication import Entry
from zabcheck.model.transaction import Txn
from zabcheck.traces.incremental import DecodeError
from zabcheck.traces.members import number, zxid
from zabcheck.traces.transactions import HEADER


def encoded(txn: Txn) -> bytes:
    """A transaction of the model, whose value is an entry, as ZooKeeper writes it."""
    entry: Entry = txn.value
    head = HEADER.pack(entry.session, entry.cxid, number(txn.zxid), entry.time, entry.type)
    return head + entry.body


def decoded(payload: bytes) -> Txn:
    """The transaction that these bytes are; its body is not looked at."""
    if len(payload) < HEADER.size:
        raise DecodeError(f"a transaction of {len(payload)} bytes has no header")
    session, cxid, at, time, kind = HEADER.unpack_from(payload)
    return Txn(zxid(at), Entry(session, cxid, time, kind, payload[HEADER.size :]))
