"""The pages of the explorer, of a model and of a recording, as files that are served.

All that a page shows it asks for as JSON, and puts into the document as text, never as markup; but for the diagram of a
run, a picture in which every text is escaped.
"""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined

from zabcheck.reports.diagram.page import FRAME
from zabcheck.reports.diagram.svg import STYLE

_SCRIPTS = {"model": ("asking.js", "run.js", "model.js"), "recording": ("asking.js", "recording.js")}
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def page_files(page: str) -> dict[str, tuple[str, bytes]]:
    """What is at each path of ``page``, which is ``model`` or ``recording``: its media type and its content."""
    scripts = _SCRIPTS[page]
    contents = {name: _read(name) for name in (*scripts, "explorer.css")}
    contents["diagram.css"] = FRAME + STYLE
    contents[""] = _PAGES.get_template(f"{page}.html").render(page=page, scripts=scripts)
    return {
        f"/{name}": (f"{_TYPES[name.rpartition('.')[2] or 'html']}; charset=utf-8", content.encode())
        for name, content in contents.items()
    }


def _read(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


_PAGES = Environment(
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    loader=FunctionLoader(_read),
)
