"""Transactions of the model as bytes: its value is the entry, and the bytes are those of the log and of PROPOSAL."""

from __future__ import annotations

from zabcheck.implementation.transaction_log import entry_of, payload_of
from zabcheck.model.transaction import Txn
from zabcheck.traces.incremental import DecodeError
from zabcheck.traces.members import number, zxid
from zabcheck.traces.transactions import HEADER


def encoded(txn: Txn) -> bytes:
    """A transaction as ZooKeeper writes it."""
    return payload_of(number(txn.zxid), txn.value)


def decoded(payload: bytes) -> Txn:
    """The transaction that these bytes are; its body is not looked at."""
    if len(payload) < HEADER.size:
        raise DecodeError(f"a transaction of {len(payload)} bytes has no header")
    at, entry = entry_of(payload)
    return Txn(zxid(at), entry)
