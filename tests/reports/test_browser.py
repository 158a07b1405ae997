"""The fixture itself: a page that complains is noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.browser import Page

BAD = "<!doctype html><title>t</title><img src='http://192.0.2.1/x.png'><script>throw Error('no')</script>"


def test_complaints_are_noticed(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text(BAD)
    page.open(file.as_uri())
    assert any("no" in complaint for complaint in page.complaints)
    assert "a request to http://192.0.2.1/x.png" in page.complaints
    assert any(line.startswith(("image-alt", "html-has-lang")) for line in page.axe())
    page.complaints.clear()
