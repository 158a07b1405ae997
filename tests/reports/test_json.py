"""The JSON document: its keys, and that it is JSON whatever the model's values are."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from zabcheck.reports.json import document, encode

PROMISED = [
    "model",
    "scope",
    "release",
    "grain",
    "engine",
    "workers",
    "verdict",
    "distinct_states",
    "generated_states",
    "depth",
    "states_by_depth",
    "transitions",
    "properties",
    "counterexample",
    "seconds",
    "peak_memory_bytes",
    "bytes_per_state",
]


def test_keys(samples: Any) -> None:
    found = json.loads(encode(document(samples.holds)))
    assert [key for key in PROMISED if key not in found] == []
    assert found["release"] is found["grain"] is found["counterexample"] is None
    assert found["transitions"] == {"elect": 12, "propose": 1_234_567, "sleep": 0}
    assert found["properties"]["Asleep"] == "unreached"
    assert found["property_details"]["Elected"]["depth"] == 2
    assert found["coverage"]["sleep"]["advice"].startswith("reads")


def test_everything_in_a_result_is_in_the_document(samples: Any) -> None:
    found = document(samples.holds)
    assert [f.name for f in dataclasses.fields(samples.holds) if f.name not in found] == []


def test_counterexample(samples: Any) -> None:
    trace = json.loads(encode(document(samples.violated)))["counterexample"]
    assert trace["property"] == "Agreement"
    assert trace["arguments"] == {"one": "s1", "other": "s2"}
    assert trace["evidence"]["servers[s1].delivered"] == "⟨1.1⟩"
    assert trace["initial"]["voters"] == "{}"
    assert trace["steps"][0] == {
        "transition": "elect",
        "arguments": {"leader": "s1"},
        "changes": [
            {"field": "servers[s1].role", "before": "LOOKING", "after": "LEADING"},
            {"field": "voters", "before": "{}", "after": "{s1}"},
        ],
        "choices": [],
        "lanes": [],
        "environment": False,
        "fault": False,
        "durable": [],
        "down": [],
    }
    assert (trace["since"], trace["cycle_from"]) == (None, None)


def test_odd_text_is_still_json(samples: Any) -> None:
    odd = dataclasses.replace(samples.trace, clause='\udc80 "quoted" \x00 →')
    encoded = encode(document(dataclasses.replace(samples.violated, counterexample=odd)))
    assert json.loads(encoded)["counterexample"]["clause"] == odd.clause
    assert "→".encode() in encoded
