"""The page of the explorer: three files, served as they are.

All that the page shows it asks for as JSON, and puts into the document as text, never as markup.
"""

from __future__ import annotations

from importlib.resources import files

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def page_files() -> dict[str, tuple[str, bytes]]:
    """What is at each path of the page: its media type and its content."""
    found = {}
    for name in ("index.html", "explorer.css", "explorer.js"):
        path = "/" if name == "index.html" else f"/{name}"
        media = f"{_TYPES[name.rpartition('.')[2]]}; charset=utf-8"
        found[path] = (media, files(__name__).joinpath(name).read_bytes())
    return found
