"""Models, properties and variants as plain data: what the listing commands show and write as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zabcheck.checker.model import options

if TYPE_CHECKING:
    from zabcheck.checker.model import Model


def model_described(model: Model[Any]) -> dict[str, Any]:
    """A model with its scope options and transitions."""
    return {
        "name": model.name,
        "sentence": model.sentence,
        "scope": [
            {
                "option": f"--{f.name.replace('_', '-')}",
                "help": f.metadata["help"],
                "default": f.default,
                "minimum": None if f.metadata["choices"] else f.metadata["minimum"],
                "choices": list(f.metadata["choices"]),
            }
            for f in options(model.scope)
        ],
        "transitions": [
            {"name": t.name, "sentence": t.sentence, "fault": t.fault, "fair": t.fair}
            for t in model.transitions.values()
        ],
        "properties": list(model.properties),
        "variants": list(model.variants),
    }


def properties_described(model: Model[Any]) -> list[dict[str, Any]]:
    """The properties of a model, each with the variants that it catches."""
    return [
        {
            "name": p.name,
            "kind": p.kind.value,
            "sentence": p.sentence,
            "source": p.source,
            "needs": dict(p.needs),
            "catches": [v.name for v in model.variants.values() if p.name in v.caught_by],
        }
        for p in model.properties.values()
    ]


def variants_described(model: Model[Any]) -> list[dict[str, Any]]:
    """The variants of a model, each with the properties that catch it."""
    return [
        {
            "name": v.name,
            "sentence": v.sentence,
            "source": v.source,
            "caught_by": list(v.caught_by),
            "affects": v.affects,
            "needs": dict(v.needs),
        }
        for v in model.variants.values()
    ]


def bugs_described(model: Model[Any]) -> list[dict[str, Any]]:
    """The variants that are bugs which some release had."""
    return [described for described in variants_described(model) if described["affects"]]
