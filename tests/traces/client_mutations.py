"""Changes of what clients wrote down: some that no correct ensemble makes them see, some that say less or the same."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.traces import artefacts as a
from tests.traces.mutation import mutation

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

Operation = dict[str, Any]


def _sessions(found: list[Operation]) -> list[list[Operation]]:
    """The operations of each client between its connections."""
    open_: dict[str, list[Operation]] = {}
    sessions = []
    for operation in found:
        client = operation["client"]
        if operation["op"] in ("connect", "close", "state"):
            open_.pop(client, None)
        else:
            if client not in open_:
                open_[client] = []
                sessions.append(open_[client])
            open_[client].append(operation)
    return sessions


def _types(folder: Path) -> dict[int, tuple[int, str | None]]:
    """Of every record its type and path."""
    return {
        s.zxid: (a.type_of(s.payload), a.path_in(s.payload))
        for sid in a.servers(folder)
        for s in a.spots(folder, sid)
    }


@mutation("client", "A session is never shown an older state than it was shown before.")
def header_goes_back(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    pairs = []
    for session in _sessions(found):
        seen = [o for o in session if a.zxid(o, "hdr_zxid") and o.get("ok") is not None]
        pairs += list(pairwise(seen))
    pair = a.pick(random, pairs)
    if pair:
        pair[1]["hdr_zxid"] = hex(int(pair[0]["hdr_zxid"], 16) - 1)
        a.write_operations(folder, found)
    return pair is not None


@mutation("client", "A zxid is given to one write, and this one is that of a write to another node.")
def write_with_the_zxid_of_another(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    writes = [o for o in found if a.acknowledged(o) and o["op"] in ("create", "set")]
    pairs = [(o, p) for o in writes for p in writes if a.path_of(o) != a.path_of(p)]
    pair = a.pick(random, pairs)
    if pair:
        pair[0]["zxid"] = pair[1]["zxid"]
        a.write_operations(folder, found)
    return pair is not None


@mutation("client", "Under this zxid there is something else on every disk.")
def write_under_a_foreign_record(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    types = _types(folder)
    told = {a.zxid(o) for o in found}
    writes = [o for o in found if a.acknowledged(o) and o["op"] in ("create", "set")]
    others = [zxid for zxid, (kind, _) in types.items() if kind < 0 and zxid not in told]
    if not writes or not others:
        return False
    random.choice(writes)["zxid"] = hex(random.choice(others))
    a.write_operations(folder, found)
    return True


@mutation("client", "The client was told, so a quorum has logged it; no disk has a record with this zxid.")
def write_that_nobody_logged(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    write = a.pick(random, [o for o in found if a.acknowledged(o) and o["op"] in ("create", "set")])
    if write:
        write["zxid"] = hex(max(a.all_zxids(folder)) + 40)
        a.write_operations(folder, found)
    return write is not None


@mutation("client", "What is read is what was written under the zxid of the last change.")
def value_read_changed(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    writes = {a.zxid(o) for o in found if a.acknowledged(o) and o["op"] in ("create", "set")}
    read = a.pick(
        random, [o for o in found if o["op"] == "get" and o.get("ok") and a.zxid(o, "mzxid") in writes]
    )
    if read:
        read["value"] = f"{read.get('value')}?"
        a.write_operations(folder, found)
    return read is not None


@mutation("client", "The last change of a node is a write to this node; under this zxid is one to another.")
def read_explained_by_a_foreign_record(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    options = []
    for read in found:
        seen, last, path = a.zxid(read, "hdr_zxid"), a.zxid(read, "mzxid"), a.path_of(read)
        if read["op"] == "get" and read.get("ok") and seen and last:
            options += [
                (read, zxid) for zxid, (kind, other) in _types_cached(folder).items()
                if last < zxid <= seen and other != path and kind != a.MULTI
            ]  # fmt: skip
    option = a.pick(random, options)
    if option:
        option[0]["mzxid"] = hex(option[1])
        a.write_operations(folder, found)
    return option is not None


_known: dict[str, dict[int, tuple[int, str | None]]] = {}


def _types_cached(folder: Path) -> dict[int, tuple[int, str | None]]:
    if str(folder) not in _known:
        _known.clear()
        _known[str(folder)] = _types(folder)
    return _known[str(folder)]


@mutation("client", "A session sees what it wrote, in the order in which it asked.")
def read_before_ones_own_write(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    options = []
    for session in _sessions(found):
        wrote: dict[str | None, int] = {}
        for operation in session:
            path = a.path_of(operation)
            if a.acknowledged(operation) and operation["op"] in ("create", "set"):
                wrote[path] = a.zxid(operation) or 0
            elif operation["op"] == "get" and operation.get("ok") and wrote.get(path):
                earlier = [
                    o for o in found
                    if a.acknowledged(o) and a.path_of(o) == path and (a.zxid(o) or 0) < wrote[path]
                    and o["op"] in ("create", "set")
                ]  # fmt: skip
                options += [(operation, o) for o in earlier]
    option = a.pick(random, options)
    if option:
        read, write = option
        read["mzxid"], read["value"] = write["zxid"], (write.get("args") or {}).get("value")
        a.write_operations(folder, found)
    return option is not None


@mutation("client", "A reply shows a state, and the node in it cannot be newer than that state.")
def read_from_the_future(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    options = []
    for read in found:
        if read["op"] == "get" and read.get("ok") and read.get("mzxid"):
            options += [
                (read, o) for o in found
                if a.acknowledged(o) and o["op"] == "set" and a.path_of(o) == a.path_of(read)
                and (a.zxid(o) or 0) > (a.zxid(read, "hdr_zxid") or 1 << 63)
            ]  # fmt: skip
    option = a.pick(random, options)
    if option:
        read, write = option
        read["mzxid"], read["value"] = write["zxid"], (write.get("args") or {}).get("value")
        a.write_operations(folder, found)
    return option is not None


@mutation(
    "client", "Writes of a session take effect in the order in which it asked, one after the other's answer."
)
def order_of_ones_own_writes_turned(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    pairs = []
    for session in _sessions(found):
        writes = [o for o in session if a.acknowledged(o)]
        pairs += [(o, p) for o, p in pairwise(writes) if o["end"] <= p["start"]]
    pair = a.pick(random, pairs)
    if pair:
        pair[0]["zxid"], pair[1]["zxid"] = pair[1]["zxid"], pair[0]["zxid"]
        a.write_operations(folder, found)
    return pair is not None


@mutation(
    "client", "A version of a node has one number, and another client was told another for the same zxid."
)
def version_changed(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    known = {a.zxid(o): o for o in found if a.acknowledged(o) and o["op"] == "set" and "version" in o}
    options = [
        o for o in found
        if o["op"] == "get" and o.get("ok") and a.zxid(o, "mzxid") in known and o.get("version") is not None
    ]  # fmt: skip
    read = a.pick(random, options)
    if read:
        read["version"] += 3
        a.write_operations(folder, found)
    return read is not None


@mutation("client", "The reply to a write comes when the server has applied it, so its state is not older.")
def header_of_a_write_before_it(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    write = a.pick(random, [o for o in found if a.acknowledged(o) and o.get("hdr_zxid")])
    if write:
        write["hdr_zxid"] = hex((a.zxid(write) or 0) - 1)
        a.write_operations(folder, found)
    return write is not None


# What a correct ensemble may answer


@mutation("client", "Nobody wrote down what clients did.", legal=True, loses=True)
def client_history_removed(folder: Path, random: Random) -> bool:
    (folder / "client-ops.jsonl").unlink()
    return True


@mutation("client", "An answer may be lost, and then the client does not know.", legal=True)
def answers_lost(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    for operation in random.sample(found, len(found) // 4):
        if operation["op"] != "state":
            operation["ok"] = None
            for name in ("zxid", "hdr_zxid", "mzxid", "czxid", "version", "value"):
                operation.pop(name, None)
    a.write_operations(folder, found)
    return True


@mutation("client", "Only some operations were written down.", legal=True, loses=True)
def operations_left_out(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    a.write_operations(
        folder, [o for o in found if o["op"] in ("connect", "close", "state") or random.random() < 0.7]
    )
    return True


@mutation("client", "Clients are not ordered against one another.", legal=True)
def clients_one_after_the_other(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    clients = sorted({o["client"] for o in found})
    random.shuffle(clients)
    a.write_operations(folder, sorted(found, key=lambda o: clients.index(o["client"])))
    return True


@mutation("client", "The clock of the clients is not that of the servers.", legal=True)
def clock_of_the_clients_shifted(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    by = random.randrange(-100_000, 100_000)
    for operation in found:
        for name in ("start", "end"):
            if operation.get(name) is not None:
                operation[name] += by
    a.write_operations(folder, found)
    return True


@mutation("client", "A harness may write down more than is used here.", legal=True)
def unknown_fields(folder: Path, random: Random) -> bool:
    found = a.operations(folder)
    for operation in found:
        operation["thread"] = random.randrange(10)
    a.write_operations(folder, found)
    return True
