"""The lines ``group.N`` and ``weight.N``: what they make a quorum, as ``QuorumHierarchical`` reads them.

One line of either kind is enough to have quorums of groups, and then every voter must be in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zabcheck.model.quorums import Group, Hierarchical
from zabcheck.traces.java_properties import split

if TYPE_CHECKING:
    from zabcheck.traces.java_properties import Property


def numbered(properties: dict[str, Property], prefix: str) -> dict[int, Property]:
    """The lines whose keys begin with ``prefix`` and end with a number, in the order of the numbers.

    Of ``server.1`` and ``server.01`` ZooKeeper takes the one that its hash table has last: refused.
    """
    found: dict[int, Property] = {}
    for key, line in properties.items():
        if key.startswith(prefix):
            number = line.integer(key[key.find(".") + 1 :])
            if number in found:
                raise line.refusal(f"the same as {found[number].key} at {found[number].where}; remove one")
            found[number] = line
    return dict(sorted(found.items()))


def hierarchical(
    properties: dict[str, Property], voters: dict[int, Property]
) -> tuple[Hierarchical, list[str]]:
    """What the groups and weights make a quorum, and remarks on those that are not what they seem.

    ``voters`` are the lines of the servers that vote.
    """
    weight_lines = numbered(properties, "weight")
    weights = {sid: line.integer(line.value) for sid, line in weight_lines.items()}
    groups, members = _groups(numbered(properties, "group"))
    for sid, line in voters.items():
        if sid not in members:
            raise line.refusal("it is in no group; with groups or weights, every voter must be in one")
    for sid, line in members.items():
        if sid not in voters and sid not in weights:
            raise line.refusal(f"server {sid} does not vote and has no weight; remove it from the group")
    if sum(abs(weights.get(sid, 1)) for sid in members) >= 2**63:
        raise next(iter(weight_lines.values())).refusal("the weights add up to more than 64 bits hold")
    remarks = [
        f"weight.{sid} has no effect: server {sid} is in no group" for sid in weights if sid not in members
    ]
    remarks += [
        f"server {sid} in {line.key} does not vote, but its weight of {weights[sid]} counts in the whole"
        for sid, line in members.items()
        if sid not in voters
    ]
    used = frozenset((sid, weights[sid]) for sid in members if sid in weights)
    return Hierarchical(frozenset(voters), groups, used), remarks


def _groups(lines: dict[int, Property]) -> tuple[tuple[Group, ...], dict[int, Property]]:
    """The groups, and the line that each of their members is in."""
    groups = []
    members: dict[int, Property] = {}
    for number, line in lines.items():
        sids = [line.integer(text) for text in split(line.value, ":")]
        if not sids:
            raise line.refusal("there are no servers in it, yet ZooKeeper would count it; remove the line")
        for sid in sids:
            if sid in members:
                raise line.refusal(
                    f"server {sid} is already in {members[sid].key}; it can be in one group only"
                )
            members[sid] = line
        groups.append(Group(number, frozenset(sids)))
    return tuple(groups), members
