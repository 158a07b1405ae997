"""The pages of the explorer, of a model and of a recording: files that are served as they are.

All that a page shows it asks for as JSON, and puts into the document as text, never as markup.
"""

from __future__ import annotations

from importlib.resources import files

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def page_files(page: str) -> dict[str, tuple[str, bytes]]:
    """What is at each path of ``page``, which is ``model`` or ``recording``: its media type and its content."""
    names = {"/": f"{page}.html"} | {f"/{name}": name for name in (f"{page}.js", "asking.js", "explorer.css")}
    return {
        path: (
            f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8",
            files(__name__).joinpath(name).read_bytes(),
        )
        for path, name in names.items()
    }
