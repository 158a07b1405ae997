"""The messages of a run: who sent each to whom, in which step, and which step received or lost it.

No transition says so. It is seen: the steps are run once more on a state that notes what they look at in the cells
that hold messages in transit (`Cell.in_transit`), and what comes and goes there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zabcheck.checker.evaluate import PlainTree
from zabcheck.checker.result import Message
from zabcheck.checker.values import render
from zabcheck.checker.vocabulary import set_run

if TYPE_CHECKING:
    from zabcheck.checker.evaluate import Evaluator, State
    from zabcheck.checker.trace import Taken


def actors(evaluator: Evaluator) -> tuple[Any, ...]:
    """All who take steps, in the order in which the model names them."""
    transitions = evaluator.model.transitions
    named = (transitions[i.name].actor(i) for i in evaluator.selection.transitions)
    return tuple(dict.fromkeys(actor for actor in named if actor is not None))


def messages(evaluator: Evaluator, states: Sequence[State], path: Sequence[Taken]) -> tuple[Message, ...]:
    """The messages of the run through ``states``, whose steps are ``path``, in the order in which they were sent."""
    traffic = _Traffic(evaluator, states[0])
    for number, (taken, before) in enumerate(zip(path, states, strict=False), 1):
        traffic.take(number, taken, before)
    return traffic.messages()


_Notice = Callable[[int, Any, Any, Sequence[Any]], None]
"""Told that a cell holds other messages than before, and what the step has seen of it."""


@dataclass
class _InTransit:
    """A message, who acted when it was sent, and what became of it."""

    field: int
    content: Any
    sent: int
    actor: Any
    ended: int | None = None
    ended_by: Any = None
    received: bool = False


class _Observed(PlainTree):
    """A state that may be changed, and that notes what is seen, and what comes and goes, in the cells of messages."""

    def __init__(self, evaluator: Evaluator, notice: _Notice) -> None:
        super().__init__(evaluator.shape)
        self.view = evaluator.shape.view(self)
        self._fields = evaluator.shape.fields
        self._notice = notice
        self._seen: dict[int, list[Any]] = {}

    def begin(self, state: State) -> None:
        """Be ``state``, of which nothing is seen yet."""
        self.values = list(state)
        self._seen.clear()

    def read(self, index: int) -> Any:
        value = super().read(index)
        self._seen.setdefault(index, []).extend(self._fields[index].in_transit(value))
        return value

    def project(self, index: int, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        result = super().project(index, function, args)
        self._seen.setdefault(index, []).append(result)
        return result

    def write(self, index: int, value: Any) -> None:
        before = self._fields[index].in_transit(self.values[index])
        super().write(index, value)
        after = self._fields[index].in_transit(value)
        if before != after:
            self._notice(index, before, after, self._seen.get(index, ()))


class _Traffic:
    """All messages so far, and those that are in each cell."""

    def __init__(self, evaluator: Evaluator, root: State) -> None:
        self._evaluator = evaluator
        self._actors = actors(evaluator)
        self._all: list[_InTransit] = []
        self._queues: dict[int, list[_InTransit]] = {}
        self._observed = _Observed(evaluator, self._notice)
        self._number, self._actor = 0, None
        for index, (field, value) in enumerate(zip(evaluator.shape.fields, root, strict=True)):
            if content := field.in_transit(value):
                self._notice(index, (), content, ())

    def take(self, number: int, taken: Taken, before: State) -> None:
        """Run a step again, and see what it sends and receives."""
        transition = self._evaluator.model.transitions[taken.instance.name]
        self._number, self._actor = number, transition.actor(taken.instance)
        self._observed.begin(before)
        previous = set_run(_Script(taken.choices))
        try:
            taken.instance.function(self._observed.view, *taken.instance.arguments)
        finally:
            set_run(previous)

    def _notice(self, index: int, before: Any, after: Any, seen: Sequence[Any]) -> None:
        queue = self._queues.setdefault(index, [])
        kept = _kept(before, after)
        for place, message in enumerate(queue):
            if place not in kept:
                message.ended, message.ended_by = self._number, self._actor
                message.received = message.content in seen
        come = [_InTransit(index, content, self._number, self._actor) for content in after[len(kept) :]]
        self._queues[index] = [queue[place] for place in kept] + come
        self._all += come

    def messages(self) -> tuple[Message, ...]:
        """All messages, each with its sender and receiver."""
        swapped = self._sender_first()
        return tuple(self._message(m, swapped=self._family(m) in swapped) for m in self._all)

    def _ends(self, message: _InTransit) -> tuple[Any, ...]:
        path = self._evaluator.shape.fields[message.field].path
        return tuple(key for key in path if key in self._actors)[-2:]

    def _family(self, message: _InTransit) -> Any:
        return self._evaluator.shape.fields[message.field].path[0]

    def _sender_first(self) -> set[Any]:
        """Families of cells whose path says the sender before the receiver: who acts when they are filled tells."""
        first: Counter[Any] = Counter()
        for message in self._all:
            ends = self._ends(message)
            if len(ends) == 2 and message.actor in ends:
                first[self._family(message)] += 1 if message.actor == ends[0] else -1
        return {family for family, votes in first.items() if votes > 0}

    def _message(self, message: _InTransit, *, swapped: bool) -> Message:
        ends = self._ends(message)
        if len(ends) < 2:
            receiver = ends[0] if ends else message.ended_by if message.received else None
            ends = (receiver, message.actor)
        receiver, sender = ends[::-1] if swapped else ends
        return Message(
            sender="" if sender is None else render(sender),
            receiver="" if receiver is None else render(receiver),
            text=render(message.content),
            channel=self._evaluator.shape.fields[message.field].label,
            sent=message.sent,
            ended=message.ended,
            received=message.received,
        )


class _Script:
    """Takes the options that were taken before."""

    def __init__(self, choices: tuple[int, ...]) -> None:
        self._choices = iter(choices)

    def choose(self, _count: int) -> int:
        """The next of them."""
        return next(self._choices)

    def fail(self, name: str) -> None:
        """Leave it: assertions are no part of the traffic."""


def _kept(before: Sequence[Any], after: Sequence[Any]) -> list[int]:
    """The places of the messages that stay: all but the oldest ones if that can be, else those found in order."""
    for gone in range(len(before)):
        if tuple(after[: len(before) - gone]) == tuple(before[gone:]):
            return list(range(gone, len(before)))
    kept: list[int] = []
    for place, message in enumerate(before):
        if len(kept) < len(after) and message == after[len(kept)]:
            kept.append(place)
    return kept
