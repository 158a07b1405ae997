"""What the protocol is: state, messages, transition functions, properties, faults and bounds.

A model is a package here. It declares a `Model` with its scope and registers plain functions with it:

- *transitions* read fields of the state, assign to them, and send messages; guards are ``require(...)``;
- *properties* look at states or steps and say, in words, which clause is false for whom;
- *variants* turn a scope into one in which the protocol decides something differently.

An engine of `zabcheck.checker` explores it. The functions also run on the plain objects that the initial
state is made of, one step at a time, which is how tests hold them against the paper.

Rule of the house: a model imports of the checker only the words of its vocabulary, the names that
`zabcheck.checker` lists; it does no input or output, and keeps nothing outside the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.model.zab import model as zab
from zabcheck.model.zookeeper import model as zookeeper

if TYPE_CHECKING:
    from zabcheck.checker import Model


def models() -> dict[str, Model[Any]]:
    """The models that come with the package, by the name that one types."""
    return {model.name: model for model in (zab, zookeeper)}
