"""Recordings of the models' own steps: what was recorded is accepted, what cannot have happened never is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zabcheck.checker import Limits, Model, UsageError, choose, require
from zabcheck.checker.evaluate import Evaluator, select
from zabcheck.checker.remembered import Remembering
from zabcheck.model.zab import Scope as ZabScope
from zabcheck.model.zab import model as zab
from zabcheck.model.zookeeper import Scope, model
from zabcheck.traces import jsonl
from zabcheck.traces.event import Activated, Hex, Missing, Recording, Step
from zabcheck.traces.steps import StepWriter, hide, record_walk, track_of
from zabcheck.traces.stepwise import Outcome, validate_steps

FAULTS: dict[str, Any] = {"crashes": 2, "partitions": 1, "transactions": 2, "epochs": 5}
SCOPES: dict[str, tuple[Model[Any], Any]] = {
    "fine": (model, Scope(**FAULTS)),
    "coarse": (model, Scope(grain="coarse", **FAULTS)),
    "election": (model, Scope(grain="coarse", election="fine", rounds=4, **FAULTS)),
    "observers": (model, Scope(observers=1, discovery="coarse", **FAULTS)),
    "zab": (zab, ZabScope(timeouts=2, transactions=2, epochs=3, restarts=1)),
}
QUICK = Limits(states=60_000, seconds=20)


def server_fields(label: str) -> bool:
    return label.startswith("servers")


def shuffled(events: list[Step], random: Random) -> list[Step]:
    """Another order of the file: between tracks, and inside them, only the numbers count."""
    return random.sample(events, len(events))


def judged(name: str, events: list[Step], **options: Any) -> Outcome:
    return validate_steps(*SCOPES[name], events, QUICK, properties=False, **options)


# -- what was recorded --


@pytest.mark.parametrize("name", SCOPES)
def test_walks_are_accepted(name: str) -> None:
    random = Random(1)
    verdicts = Counter(
        judged(name, shuffled(record_walk(*SCOPES[name], seed, 60), random)).verdict for seed in range(20)
    )
    assert verdicts["rejected"] == 0
    assert verdicts["inconclusive"] <= 1


@given(name=st.sampled_from(sorted(SCOPES)), seed=st.integers(0, 10**6), data=st.data())
@settings(max_examples=60)
def test_walks_with_steps_missing_are_never_rejected(name: str, seed: int, data: st.DataObject) -> None:
    walk = record_walk(*SCOPES[name], seed, 40, server_fields if seed % 2 else lambda _: False)
    missing = data.draw(st.sets(st.integers(0, len(walk) - 1), max_size=len(walk) // 3))
    outcome = judged(name, hide(walk, missing))
    assert outcome.verdict in ("accepted", "inconclusive"), outcome.reason
    if outcome.verdict == "accepted":
        assert sum(outcome.tracks.values()) == len(walk) == len(outcome.path)


@pytest.mark.parametrize("name", SCOPES)
def test_few_walks_with_a_tenth_missing_remain_undecided(name: str) -> None:
    verdicts: Counter[str] = Counter()
    for seed in range(12):
        walk = record_walk(*SCOPES[name], seed, 40, server_fields)
        random = Random(seed)
        missing = {n for n in range(len(walk)) if random.random() < 0.1}
        verdicts[judged(name, hide(walk, missing)).verdict] += 1
    assert verdicts["rejected"] == 0
    assert verdicts["inconclusive"] <= 2


def test_the_run_found_agrees_with_the_recording() -> None:
    walk = record_walk(*SCOPES["fine"], 5, 40)
    outcome = judged("fine", hide(walk, {3, 9, 20}))
    assert outcome.verdict == "accepted"
    for track in outcome.tracks:
        taken = [t.instance for t in outcome.path if track_of(model, t.instance) == track]
        for event in walk:
            if event.track == track and walk.index(event) not in {3, 9, 20}:
                assert taken[event.seq].name == event.transition


def test_a_recording_can_be_kept() -> None:
    walk = record_walk(*SCOPES["zab"], 3, 20, server_fields)
    written = b"".join(map(jsonl.line, walk))
    read = [msgspec.json.decode(line, type=Step) for line in written.splitlines()]
    assert judged("zab", read).verdict == "accepted"


def test_a_recording_names_its_bounds() -> None:
    wide = Scope(crashes=3, partitions=2, transactions=4, epochs=8)
    walk = record_walk(model, wide, 2, 60)
    narrow = Scope(crashes=0)
    assert validate_steps(model, narrow, walk, QUICK).verdict == "rejected"
    head = StepWriter(model).recording(wide)
    assert validate_steps(model, narrow, [head, *walk], QUICK, properties=False).verdict == "accepted"


def test_what_comes_after_the_end_of_a_track_may_be_missing() -> None:
    walk = record_walk(*SCOPES["coarse"], 4, 30)
    last = [event for event in walk if event.track == "s1/steps"][-3:]
    kept = [event for event in walk if event not in last]
    open_end = Missing(track="s1/steps", seq=last[0].seq, what="the rest")
    outcome = validate_steps(*SCOPES["coarse"], [*kept, open_end], QUICK, properties=False)
    assert outcome.verdict == "accepted"


# -- what cannot have happened --


def event_of(instance_name: str, track: str, seq: int, **arguments: str) -> Step:
    return Step(track=track, seq=seq, transition=instance_name, arguments=arguments)


def at_end(walk: list[Step], track: str) -> int:
    return sum(event.track == track for event in walk)


@given(seed=st.integers(0, 10**6), share=st.sampled_from([0.0, 0.1]))
@settings(max_examples=30)
def test_a_transaction_beyond_the_bounds_is_never_accepted(seed: int, share: float) -> None:
    # Every client write is counted, so one more than the bound is proposed in no run whatsoever.
    walk = record_walk(*SCOPES["coarse"], seed, 40)
    random = Random(seed)
    events = hide(walk, {n for n in range(len(walk)) if random.random() < share})
    end = at_end(walk, "s2/steps")
    for n in range(3):
        events.append(event_of("leader_process_request", "s2/steps", end + n, leader="2"))
    assert judged("coarse", events).verdict in ("rejected", "inconclusive")


@given(seed=st.integers(0, 10**6), share=st.sampled_from([0.0, 0.1]))
@settings(max_examples=30)
def test_a_value_that_no_state_has_is_never_accepted(seed: int, share: float) -> None:
    walk = record_walk(*SCOPES["coarse"], seed, 40)
    random = Random(seed)
    wrong = random.randrange(len(walk))
    walk[wrong] = msgspec.structs.replace(walk[wrong], seen={"servers[1].current_epoch": "77"})
    events = hide(walk, {n for n in range(len(walk)) if n != wrong and random.random() < share})
    assert judged("coarse", events).verdict in ("rejected", "inconclusive")


def test_a_vote_that_nobody_sent() -> None:
    # A server with number 3 and no mail from the observer, who never sends but when asked.
    scope = Scope(election="fine", observers=1, crashes=0)
    first = event_of("process_notification", "s4/steps", 0, receiver="4", sender="1")
    twice = event_of("process_notification", "s4/steps", 1, receiver="4", sender="1")
    outcome = validate_steps(model, scope, [first, twice], QUICK)
    assert outcome.verdict == "rejected"


ELECTED = event_of("elect", "s3/steps", 0, leader="3", supporters="⟨1, 2, 3⟩")


@pytest.mark.parametrize(
    ("event", "guard"),
    [
        (event_of("learner_process_commit", "s1/steps", 0, learner="1", leader="3"), "self.next_is(kind)"),
        (event_of("leader_process_ack", "s3/steps", 1, leader="3", learner="1"), "self.next_is(kind)"),
        (event_of("leader_process_request", "s3/steps", 1, leader="3"), "Phase.BROADCAST"),
        (event_of("elect", "s3/steps", 1, leader="3", supporters="⟨1, 2, 3⟩"), "Role.LOOKING"),
        (event_of("heal", "environment/steps", 0, one="1", other="2"), "state.apart[one, other]"),
        (event_of("restart", "s1/steps", 0, server="1"), "Role.DOWN"),
    ],
)
def test_a_step_without_its_cause_is_rejected(event: Step, guard: str) -> None:
    outcome = validate_steps(*SCOPES["fine"], [ELECTED, event], QUICK)
    assert outcome.verdict == "rejected"
    assert outcome.rejection is not None
    blocked = outcome.rejection.blocked[0]
    assert blocked.event == event
    assert not blocked.elsewhere
    assert blocked.candidates[0].guard is not None
    assert guard in blocked.candidates[0].guard.source


def test_steps_of_one_server_in_the_wrong_order() -> None:
    walk = [
        ELECTED,
        event_of("connect", "s1/steps", 1, learner="1", leader="3"),
        event_of("learner_process_leaderinfo", "s1/steps", 0, learner="1", leader="3"),
        event_of("leader_process_followerinfo", "s3/steps", 1, leader="3", learner="1"),
    ]
    assert validate_steps(*SCOPES["fine"], walk, QUICK).verdict == "rejected"
    walk[1], walk[2] = (msgspec.structs.replace(event, seq=1 - event.seq) for event in walk[1:3])
    assert validate_steps(*SCOPES["fine"], walk, QUICK).verdict == "accepted"


def test_a_rejection_says_why() -> None:
    walk = [
        ELECTED,
        msgspec.structs.replace(
            event_of("connect", "s1/steps", 0, learner="1", leader="3"),
            seen={"servers[1].connected": "False"},
            at="server-1.jsonl, line 7",
        ),
        event_of("leader_process_ack", "s3/steps", 1, leader="3", learner="2"),
    ]
    outcome = validate_steps(*SCOPES["fine"], walk, QUICK)
    assert outcome.rejection is not None
    text = "\n".join(outcome.rejection.lines())
    assert "the furthest consistent cut: s1/steps 0 of 1, s3/steps 1 of 2" in text
    assert "server-1.jsonl, line 7" in text
    assert "connect(1, 3) leads to servers[1].connected = True, but False was observed" in text
    assert "leader_process_ack(3, 2) is not enabled: require(self.next_is(kind)) (messages.py:" in text
    assert "in packet = state.links[leader][learner].take(Ack), where links[3][2] = ⟨End()⟩" in text
    assert "possible instead: " in text


# -- one order is enough --


@given(name=st.sampled_from(sorted(SCOPES)), seed=st.integers(0, 10**6), data=st.data())
@settings(max_examples=120)
def test_the_verdict_is_that_of_all_orders(name: str, seed: int, data: st.DataObject) -> None:
    walk = record_walk(*SCOPES[name], seed, 12, server_fields if seed % 3 == 0 else lambda _: False)
    events = damaged(walk, data)
    full = judged(name, events, reduced=False)
    reduced = judged(name, events)
    assert full.verdict in ("accepted", "rejected", "inconclusive")
    if "inconclusive" not in (full.verdict, reduced.verdict):
        assert reduced.verdict == full.verdict


def damaged(walk: list[Step], data: st.DataObject) -> list[Step]:
    """The walk with steps hidden, swapped, put elsewhere, or taken by another walk's leave."""
    places = st.integers(0, len(walk) - 1)
    events = list(walk)
    for _ in range(data.draw(st.integers(0, 2))):
        one, other = data.draw(places), data.draw(places)
        a, b = events[one], events[other]
        if a.track == b.track:
            events[one] = msgspec.structs.replace(a, seq=b.seq)
            events[other] = msgspec.structs.replace(b, seq=a.seq)
    if data.draw(st.booleans()):
        gone = events[data.draw(places)]
        events = [e for e in events if e.track != gone.track or e.seq < gone.seq] or events
    hidden = data.draw(st.sets(st.integers(0, len(events) - 1), max_size=2))
    return hide(sorted(events, key=lambda event: event.seq), hidden)


def test_independent_steps_are_not_tried_in_all_orders() -> None:
    @dataclass(frozen=True)
    class Size:
        servers: int = 4

    @dataclass
    class Counters:
        counts: dict[int, int]

    counting = Model("counting", "servers that count, each by itself", Size)

    @counting.initial
    def initial(scope: Size) -> Counters:
        return Counters(dict.fromkeys(range(scope.servers), 0))

    @counting.transition(over=lambda scope: range(scope.servers))
    def count(state: Counters, server: int) -> None:
        state.counts[server] += 1

    @counting.transition(over=lambda scope: range(scope.servers))
    def stop(state: Counters, server: int) -> None:
        require(state.counts[server] > 100)

    events = [event_of("count", f"s{s}/steps", n, server=str(s)) for s in range(4) for n in range(20)]
    events.append(event_of("stop", "s3/steps", 20, server="3"))
    reduced = validate_steps(counting, Size(), events)
    assert reduced.verdict == "rejected"
    assert reduced.states == 81
    full = validate_steps(counting, Size(), events, reduced=False)
    assert full.verdict == "rejected"
    assert full.states == 21**4


# -- properties --


@dataclass(frozen=True)
class Nothing:
    """No bounds."""


@dataclass
class Lamps:
    on: dict[int, bool]
    dim: bool = False


def lamps() -> Model[Nothing]:
    made = Model("lamps", "two lamps, of which only one may be on", Nothing)
    never_dim = made.assertion("NeverDim", "a lamp is not switched on dim")

    @made.initial
    def initial(scope: Nothing) -> Lamps:
        return Lamps({1: False, 2: False})

    @made.transition(over=lambda _: (1, 2))
    def switch(state: Lamps, lamp: int) -> None:
        state.on[lamp] = not state.on[lamp]

    @made.transition(over=lambda _: (1, 2))
    def glow(state: Lamps, lamp: int) -> None:
        state.dim = choose((False, True))
        never_dim.check(not state.dim)

    @made.invariant()
    def one(state: Lamps) -> bool:
        return not (state.on[1] and state.on[2])

    return made


def switched(lamp: int, seq: int) -> Step:
    return event_of("switch", f"s{lamp}/steps", seq, lamp=str(lamp))


def test_a_property_that_every_run_violates() -> None:
    outcome = validate_steps(lamps(), Nothing(), [switched(1, 0), switched(2, 0)])
    assert outcome.verdict == "violates"
    assert outcome.properties == {"one": "after step 2, switch(2)"}


def test_a_property_that_some_runs_violate() -> None:
    events = [switched(1, 0), switched(1, 1), switched(2, 0), switched(2, 1)]
    outcome = validate_steps(lamps(), Nothing(), events)
    assert outcome.verdict == "inconclusive"
    assert outcome.reason == "some behaviours consistent with the recording violate one"


def test_an_assertion_on_the_run() -> None:
    glowing = [event_of("glow", "s1/steps", 0, lamp="1"), event_of("glow", "s1/steps", 1, lamp="1")]
    assert validate_steps(lamps(), Nothing(), glowing).verdict == "accepted"
    glowing[0] = msgspec.structs.replace(glowing[0], choices=(1,))
    outcome = validate_steps(lamps(), Nothing(), glowing)
    assert (outcome.verdict, list(outcome.properties)) == ("violates", ["NeverDim"])


# -- bounds, and recordings that are none --


def test_a_bound_is_no_verdict() -> None:
    walk = record_walk(*SCOPES["fine"], 1, 40)
    outcome = validate_steps(*SCOPES["fine"], walk, Limits(states=10))
    assert outcome.verdict == "inconclusive"
    assert outcome.reason.startswith("the limit of 10 states was reached")
    forbidden = [ELECTED, event_of("restart", "s1/steps", 0, server="1")]
    assert validate_steps(*SCOPES["fine"], forbidden, Limits(states=1)).verdict == "inconclusive"


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ([], "the recording has no step"),
        ([event_of("elect", "s9/steps", 0)], "no server of the scope has a track s9/steps"),
        ([event_of("fly", "s1/steps", 0)], "the model has no transition fly"),
        ([event_of("crash", "s1/steps", 0, who="1")], "crash has no parameter who"),
        ([ELECTED, ELECTED], "there is another event with number 0"),
        ([msgspec.structs.replace(ELECTED, seen={"mood": "good"})], "the state has no field mood"),
        ([Recording(track="recording", seq=0, bounds={"mood": 1}), ELECTED], "the scope has no option mood"),
        ([Activated(track="s1/steps", seq=0, epoch=Hex(1))], "a Activated is no step of the model"),
    ],
)
def test_recordings_that_are_none(events: list[Any], complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        validate_steps(*SCOPES["fine"], events)


def test_arguments_outside_of_the_scope_are_rejected() -> None:
    outcome = validate_steps(*SCOPES["fine"], [event_of("connect", "s1/steps", 0, learner="1", leader="9")])
    assert outcome.verdict == "rejected"
    assert outcome.rejection is not None
    assert "    the scope has no such step" in outcome.rejection.lines()


# -- what is remembered is what is so --


@pytest.mark.parametrize("name", SCOPES)
def test_remembered_answers_are_those_of_the_functions(name: str) -> None:
    declared, scope = SCOPES[name]
    evaluator = Evaluator(declared, scope, select(declared, scope))
    bare = Evaluator(declared, scope, select(declared, scope, ("Deadlock",)))
    remembering, random = Remembering(bare), Random(7)
    for _ in range(6):
        state = bare.initial[0]
        for _ in range(25):
            ids = remembering.ids_of(state)
            ways = []
            for instance in bare.selection.transitions:
                expected = list(bare.successors(state, instance))
                got = remembering.answer(instance, ids).ways
                assert [
                    (way.choices, remembering.state_of(remembering.after(ids, way))) for way in got
                ] == expected
                ways += expected
            for prop, instance in evaluator.selection.predicates:
                assert bool(remembering.holds(prop, instance, ids)) == bool(
                    evaluator.holds(state, prop, instance)
                )
            if not ways:
                break
            state = random.choice(ways)[1]
