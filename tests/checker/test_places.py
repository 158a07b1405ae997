"""Every transition and property says where it was declared, assertions too."""

from __future__ import annotations

from pathlib import Path

import pytest

from zabcheck.checker import Model
from zabcheck.model import models


def line_at(where: str) -> str:
    file, _, line = where.rpartition(":")
    return Path(file).read_text(encoding="utf-8").splitlines()[int(line) - 1]


@pytest.mark.parametrize("model", models().values(), ids=str)
def test_declarations_of_shipped_models(model: Model[object]) -> None:
    for declared in (*model.transitions.values(), *model.properties.values()):
        assert "vocabulary.py" not in declared.where, declared.name
        assert line_at(declared.where).strip(), declared.name


def test_an_assertion_is_where_it_is_declared() -> None:
    model: Model[object] = Model("m", "a model", object)
    model.assertion("Never", "never")
    assert line_at(model.properties["Never"].where).strip() == 'model.assertion("Never", "never")'
